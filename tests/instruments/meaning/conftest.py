"""The small random models of the analyses serve here too."""

from tests.analyses.conftest import make_model, model, rounding

__all__ = ["make_model", "model", "rounding"]
