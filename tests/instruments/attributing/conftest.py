"""The small random models that the analyses are tested on."""

from tests.analyses.conftest import make_model, model, rounding

__all__ = ["make_model", "model", "rounding"]
