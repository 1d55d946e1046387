"""How are attention heads read and compared? Their patterns over many prompts, and their matrices."""
