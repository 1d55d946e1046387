"""What do questions about predictions take? Their own parameters, with bounds and help."""
