"""Which tokens look at which."""
