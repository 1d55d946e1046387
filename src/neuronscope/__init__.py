"""See, test and change what neurons compute."""

__version__ = "0.1.0"
