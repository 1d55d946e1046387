"""What do the attributions take? Their own parameters, with bounds and help."""
