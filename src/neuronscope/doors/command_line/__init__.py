"""How do I ask from a terminal? ``neuronscope --help``."""

from neuronscope.doors.command_line.entry import main

__all__ = ["main"]
