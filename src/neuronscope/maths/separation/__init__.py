"""How well can two groups of prompts be told apart, and along which direction?"""

from neuronscope.maths.separation.area import auroc, auroc_interval

__all__ = ["auroc", "auroc_interval"]
