"""What single neurons respond to."""
