"""How do several questions follow one another? A file says them; one folder keeps what comes of them."""
