"""What do comparisons of models and checkpoints take? Their own parameters, with bounds and help."""
