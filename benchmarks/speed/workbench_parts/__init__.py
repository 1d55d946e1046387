"""What the figures of the workbench are measured with: a server of its own, clients, and a browser."""
