"""How changes that stand on a model are written and made."""
