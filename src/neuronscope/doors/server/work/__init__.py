"""What is being worked on? The queue, the open models and the answers that are kept."""
