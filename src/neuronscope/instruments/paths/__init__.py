"""What makes up a path: its two ends, and what the senders' change carries to the receivers."""
