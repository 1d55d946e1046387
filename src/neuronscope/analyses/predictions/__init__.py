"""What the model expects next, and how that forms."""
