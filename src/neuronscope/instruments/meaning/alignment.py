"""Could two directions point alike by chance? The exact odds for directions drawn at random."""

from typing import Any

import numpy as np
from scipy.special import betainc

from neuronscope.words import BadInput


def alignment_p(cosine: Any, width: int) -> Any:
    """Return how often a random direction of so many entries has as large a cosine, of either sign, with one.

    The square of that cosine has a beta distribution with parameters 1/2 and (width − 1)/2. NaN stays NaN.
    Raises `BadInput` below two entries. (Muirhead 1982, theorem 1.5.7.)

    >>> float(alignment_p(0.0, 8)), float(alignment_p(-1.0, 8))
    (1.0, 0.0)
    """
    if width < 2:
        raise BadInput(
            f"Directions of {width} entries all point alike or against each other; give 2 or more."
        )
    square = np.clip(np.square(np.asarray(cosine, dtype=float)), 0.0, 1.0)
    return betainc((width - 1) / 2, 0.5, 1 - square)
