"""How fast and how true is NeuronScope? Programs that measure it, run from the repository, not installed."""
