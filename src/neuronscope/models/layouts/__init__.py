"""How does a checkpoint that no Hugging Face class reads become a model? By a mapping file, as data."""
