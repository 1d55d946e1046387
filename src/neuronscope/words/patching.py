"""What do patching, ablation and tracing take? Their own parameters, with bounds and help."""
