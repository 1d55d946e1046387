"""Things with weights that we make: models, and later what is learned about them, by one training loop."""
