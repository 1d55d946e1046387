"""The scales survive the three colour blindnesses, simulated after Machado, Oliveira and Fernandes (2009)."""

from itertools import combinations

import numpy as np
import pytest

from neuronscope.views.theme import THEMES, Theme, colour_at

# Severity 1, on linear red, green and blue: table 1 of the paper.
SEEN = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE = TO_XYZ.sum(1)

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))
readers = pytest.mark.parametrize("reader", SEEN)


def lab(colour: str, reader: str) -> np.ndarray:
    """Return CIE 1976 lightness, a and b of a colour as a reader sees it."""
    parts = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    shares = TO_XYZ @ (np.array(SEEN[reader]) @ linear).clip(0, 1) / WHITE
    x, y, z = np.where(shares > 216 / 24389, np.cbrt(shares), (shares * 24389 / 27 + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def apart(one: str, other: str, reader: str) -> float:
    """Return how far two colours are apart; about 2.3 is just seen side by side."""
    return float(np.linalg.norm(lab(one, reader) - lab(other, reader)))


def test_the_simulation_keeps_greys_and_confuses_red_with_green() -> None:
    for reader in SEEN:
        assert np.abs(lab("#808080", reader)[1:]).max() < 0.1
    assert apart("#c05a5a", "#708c58", "deuteranopia") < 2
    assert apart("#c05a5a", "#708c58", "tritanopia") > 10


@themes
@readers
def test_more_never_looks_like_less(theme: Theme, reader: str) -> None:
    shades = np.array([lab(colour_at(theme.magnitude, i / 20), reader)[0] for i in range(21)])
    steps = np.diff(shades) * np.sign(shades[-1] - shades[0])
    assert steps.min() > 1


@themes
@readers
def test_both_signs_are_told_apart_from_a_quarter_of_the_scale_on(theme: Theme, reader: str) -> None:
    for size in np.linspace(0.25, 1, 16):
        low, high = (colour_at(theme.signed, 0.5 + sign * size / 2) for sign in (-1, 1))
        assert apart(low, high, reader) > 10


@themes
@readers
def test_no_two_of_the_first_seven_categories_look_alike(theme: Theme, reader: str) -> None:
    assert min(apart(one, other, reader) for one, other in combinations(theme.categories[:7], 2)) > 10
