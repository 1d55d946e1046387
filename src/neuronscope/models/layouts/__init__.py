"""What runs a checkpoint that no Hugging Face class reads? A mapping file, as data, or a network of our own.

Importing this room tells transformers of the networks of our own, so that their folders open as any other.
"""

from neuronscope.models.layouts import convolutional, recurrent

__all__ = ["convolutional", "recurrent"]
