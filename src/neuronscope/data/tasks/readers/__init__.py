"""Tasks that are read from a file: pairs of your own, and the formats of published data."""
