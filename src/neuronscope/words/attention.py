"""What do questions about attention take? Their own parameters, with bounds and help."""
