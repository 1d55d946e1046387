"""The small random models of the analyses, for what the analyses compare with."""

from tests.analyses.conftest import make_model, model, reader, rounding

__all__ = ["make_model", "model", "reader", "rounding"]
