"""What are the same places called in other libraries? Two-way translators of names, refused where unequal."""

from neuronscope.models.translations.nnsight import from_nnsight, to_nnsight
from neuronscope.models.translations.transformerlens import from_transformerlens, to_transformerlens

__all__ = ["from_nnsight", "from_transformerlens", "to_nnsight", "to_transformerlens"]
