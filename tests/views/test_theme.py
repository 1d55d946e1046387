"""Every text of every theme can be read, and the ramps are even."""

import numpy as np
import pytest

from neuronscope.views.theme import THEMES, Theme, blend, colour_at, contrast, ink_on, luminance, theme_named
from neuronscope.words import BadInput

themes = pytest.mark.parametrize("theme", THEMES.values(), ids=list(THEMES))


def lightness(colour: str) -> float:
    """Return the lightness of CIE 1976, 0 to 100."""
    share = luminance(colour)
    return 116 * np.cbrt(share) - 16 if share > 216 / 24389 else share * 24389 / 27


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=1e-3)
    assert contrast("#ffffff", "#777777") == contrast("#777777", "#ffffff")


@themes
def test_text_reads_on_its_background(theme: Theme) -> None:
    assert contrast(theme.text, theme.background) >= 7
    assert contrast(theme.muted, theme.background) >= 4.5


@themes
def test_words_read_on_every_cell(theme: Theme) -> None:
    cells = [colour_at(ramp, i / 500) for ramp in (theme.magnitude, theme.signed) for i in range(501)]
    cells += [*theme.categories, theme.missing, theme.veil]
    assert min(contrast(ink_on(cell), cell) for cell in cells) >= 4.5


@themes
def test_the_ramp_of_magnitudes_is_even_and_leaves_the_background(theme: Theme) -> None:
    steps = np.diff([lightness(colour) for colour in theme.magnitude])
    assert np.ptp(steps) < 0.1 * abs(steps.mean())
    away = [contrast(colour, theme.background) for colour in theme.magnitude]
    assert away == sorted(away)
    assert away[0] < 1.2
    assert away[-1] > 10


@themes
def test_both_signs_weigh_the_same_and_zero_is_the_neighbour_of_the_background(theme: Theme) -> None:
    shades = np.array([lightness(colour) for colour in theme.signed])
    assert shades == pytest.approx(shades[::-1], abs=2.5)
    assert contrast(theme.signed[5], theme.background) < 1.2
    assert abs(np.argmax(np.abs(np.diff(shades))) - 4.5) <= 4.5


def test_the_ends_of_a_blend_are_its_colours() -> None:
    assert blend("#123456", "#abcdef", 1) == "#123456"
    assert blend("#123456", "#abcdef", 0) == "#abcdef"


def test_beyond_a_ramp_lies_its_end() -> None:
    assert colour_at(("#000000", "#ffffff"), -3) == "#000000"
    assert colour_at(("#000000", "#ffffff"), 7) == "#ffffff"


def test_an_unknown_theme_is_named_with_the_nearest() -> None:
    with pytest.raises(BadInput, match=r"Unknown theme 'drak'; did you mean 'dark'.; choose light or dark"):
        theme_named("drak")
