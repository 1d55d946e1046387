"""Small random models, shared with the analyses."""

from tests.analyses.conftest import make_model, model, rounding

__all__ = ["make_model", "model", "rounding"]
