"""What can be told of single neurons: which are meant, what they read and write, where they fire."""
