"""Which small images can a vision model be asked about? Handwritten digits, and what can be said of them.

The images are scikit-learn's copy of the test part of the UCI "Optical Recognition of Handwritten Digits"
(Alpaydin & Kaynak, 1998): 1,797 of them, 8 by 8 pixels. They come with scikit-learn, so nothing is fetched.
"""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int
from sklearn.datasets import load_digits

from neuronscope.words import BadInput

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
INKS = ("faint", "bold")
Part = Literal["train", "held-out", "all"]
_HELD_OUT = 5
"""One image in so many is held out."""


@dataclass(frozen=True, eq=False)
class Digits:
    """Images from 0 (paper) to 1 (ink) and the digit that each shows."""

    images: Float[np.ndarray, "batch channel row column"]
    labels: Int[np.ndarray, " batch"]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def inks(self) -> Int[np.ndarray, " batch"]:
        """Return 1 for the third of all digits with most ink (bold), 0 for the third with least, else −1."""
        ink = self.images.mean((1, 2, 3))
        low, high = _thirds()
        return np.where(ink > high, 1, np.where(ink < low, 0, -1))


def digits(part: Part = "all") -> Digits:
    """Return the digits of a part, in the order of scikit-learn.

    An image is held out by the SHA-256 of its pixels, one in five, so equal images share a part. Raises
    `BadInput` for another part.

    >>> len(digits("train")), len(digits("held-out"))
    (1446, 351)
    """
    if part not in ("train", "held-out", "all"):
        raise BadInput(f"There is no part {part!r} of the digits: choose train, held-out or all.")
    pixels, labels, held_out = _loaded()
    kept = np.full(len(labels), True) if part == "all" else held_out == (part == "held-out")
    images = (pixels[kept] / 16).astype(np.float32)
    return Digits(images[:, None], labels[kept])


@cache
def _loaded() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    found: Any = load_digits()
    pixels, labels = found["images"].astype(np.uint8), found["target"].astype(np.int64)
    marks = [int.from_bytes(sha256(image.tobytes()).digest()[:8]) % _HELD_OUT for image in pixels]
    return pixels, labels, np.array(marks) == 0


@cache
def _thirds() -> tuple[float, float]:
    low, high = np.quantile(digits("train").images.mean((1, 2, 3)), (1 / 3, 2 / 3))
    return float(low), float(high)
