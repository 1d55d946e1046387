"""Colours: two themes from one table of named tokens, and the arithmetic of contrast.

Magnitudes run along a ramp that is even in perceived lightness, from the background towards "more":
light to dark on paper, dark to light at night. Signed values run blue to orange through the neighbour
of the background. Categories are those of Okabe and Ito, told apart by colour-blind readers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from neuronscope.words import BadInput, nearest

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
MONO = "ui-monospace, 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"


@dataclass(frozen=True)
class Theme:
    """Hold the colours of one theme by what they are for; all are ``#rrggbb``."""

    name: str
    background: str
    text: str
    muted: str
    hairline: str
    missing: str
    veil: str
    magnitude: tuple[str, ...]
    signed: tuple[str, ...]
    categories: tuple[str, ...]


THEMES = {
    "light": Theme(
        name="light",
        background="#ffffff",
        text="#1b1f24",
        muted="#59616b",
        hairline="#dde1e6",
        missing="#e6e8eb",
        veil="#c3c8ce",
        magnitude=(
            "#fcfaed", "#eae3bd", "#d7cb97", "#bfb48a", "#a09e8c", "#808992",
            "#64748b", "#4b5f80", "#354b72", "#23375f", "#13244b",
        ),
        signed=(
            "#236bbf", "#4789d2", "#6da6df", "#98c2e9", "#c6ddf1", "#f7f7f6",
            "#ebd5bd", "#e0b385", "#d58f4e", "#c56b13", "#ab4c00",
        ),
        categories=(
            "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442",
        ),
    ),
    "dark": Theme(
        name="dark",
        background="#14171c",
        text="#e6e9ee",
        muted="#9ba4b0",
        hairline="#2b313a",
        missing="#3a414c",
        veil="#4b535f",
        magnitude=(
            "#161e2d", "#1f2f4b", "#2d4166", "#445473", "#606976", "#7f7c74",
            "#9a9177", "#b5a778", "#d0bd75", "#e8d579", "#ffed84",
        ),
        signed=(
            "#83c6f6", "#57a2dd", "#3e7eb8", "#325c89", "#2a3d56", "#1c2127",
            "#4e3626", "#7a4e30", "#a76936", "#d28740", "#f6ac5c",
        ),
        categories=(
            "#56b4e9", "#e69f00", "#009e73", "#cc79a7", "#f0e442", "#d55e00", "#ffffff", "#0072b2",
        ),
    ),
}  # fmt: skip


def theme_named(name: str) -> Theme:
    """Return a theme by its name.

    Raises :class:`~neuronscope.words.BadInput` for a name that is neither ``light`` nor ``dark``.

    >>> theme_named("dark").background
    '#14171c'
    """
    if name not in THEMES:
        raise BadInput(f"Unknown theme {name!r}{nearest(name, THEMES)}; choose light or dark.")
    return THEMES[name]


def channels(colour: str) -> tuple[int, int, int]:
    """Return red, green and blue of a ``#rrggbb`` colour, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def blend(front: str, back: str, share: float) -> str:
    """Mix two colours: ``share`` of the front over the back.

    >>> blend("#000000", "#ffffff", 0.5)
    '#808080'
    """
    mixed = (
        round(f * share + b * (1 - share) + 1e-9)
        for f, b in zip(channels(front), channels(back), strict=True)
    )
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def luminance(colour: str) -> float:
    """Return the relative luminance that WCAG 2 defines, 0 for black and 1 for white."""
    shares = [channel / 255 for channel in channels(colour)]
    linear = [s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2 contrast ratio of two colours, 1 to 21.

    >>> round(contrast("#000000", "#ffffff"))
    21
    """
    dim, bright = sorted([luminance(one), luminance(other)])
    return (bright + 0.05) / (dim + 0.05)


def ink_on(colour: str) -> str:
    """Return the text colour, near black or white, that reads best on a background.

    >>> ink_on("#13244b")
    '#ffffff'
    """
    return max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, colour))


def colour_at(ramp: Sequence[str], share: float) -> str:
    """Return the colour at a share, 0 to 1, of the way along a ramp; outside it, the nearer end.

    >>> colour_at(("#000000", "#ffffff"), 0.5)
    '#808080'
    """
    place = min(max(share, 0.0), 1.0) * (len(ramp) - 1)
    below = min(int(place), len(ramp) - 2)
    return blend(ramp[below + 1], ramp[below], place - below)


def colour_scale(ramp: Sequence[str]) -> list[list[float | str]]:
    """Return a ramp as Plotly writes colour scales: pairs of place and colour."""
    return [[round(i / (len(ramp) - 1), 4), colour] for i, colour in enumerate(ramp)]
