"""What several analyses compare alike: pairs of prompts, references, passages, and the parts of a model."""
