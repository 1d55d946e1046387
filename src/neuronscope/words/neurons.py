"""What do questions about neurons take? Their own parameters, with bounds and help."""
