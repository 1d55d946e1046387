"""Draws how networks with kept training developed, from their cards: `python tools/draw_curves.py`."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from neuronscope.models.listing import BUILTIN_FOLDER
from neuronscope.views.theme import theme_named

FOLDER = Path(__file__).parents[1] / "docs" / "images" / "models"
THEME = theme_named("light")
SIZE = (7.6, 3.4)


def development(name: str) -> dict[str, np.ndarray]:
    """Return each number that a card has for every kept step, step by step."""
    card = json.loads((BUILTIN_FOLDER / name / "card.json").read_text(encoding="utf-8"))
    moments: list[dict[str, Any]] = card["inside"]["development"]
    return {number: np.array([moment[number] for moment in moments]) for number in moments[0]}


def _page() -> tuple[Figure, list[Axes]]:
    page = Figure(figsize=SIZE, layout="constrained", facecolor=THEME.background)
    panels = list(page.subplots(1, 2))
    for panel in panels:
        panel.spines[["top", "right"]].set_visible(False)
        panel.spines[["left", "bottom"]].set_color(THEME.veil)
        panel.tick_params(colors=THEME.muted, labelsize=8)
        panel.grid(axis="y", color=THEME.hairline, linewidth=0.6)
        panel.set_axisbelow(True)
    return page, panels


def _named(panel: Axes, title: str, across: str) -> None:
    panel.set_title(title, loc="left", fontsize=9.5, color=THEME.text)
    panel.set_xlabel(across, fontsize=8.5, color=THEME.muted)


def _label(panel: Axes, x: float, y: float, text: str, colour: str, **placed: Any) -> None:
    panel.annotate(text, (x, y), color=colour, fontsize=8.5, **placed)


def induction() -> Figure:
    """Return how loss and head scores change in each seed of `builtin:induction`, over log-spaced steps."""
    page, (left, right) = _page()
    for seed, width in enumerate((1.8, 1.2, 0.8)):
        found = development(f"induction/seed{seed}")
        step = found["step"] + 1
        for panel, number, colour in (
            (left, "first_round_loss", THEME.muted),
            (left, "repeated_loss", THEME.categories[0]),
            (right, "previous_token_score", THEME.categories[1]),
            (right, "induction_score", THEME.categories[0]),
        ):
            panel.plot(step, found[number], color=colour, linewidth=width, marker="o", markersize=2)
    for panel in (left, right):
        panel.set_xscale("log")
        panel.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    left.set_ylim(0, 3.7)
    right.set_ylim(0, 1.02)
    _named(left, "Loss on strings that go round (nats)", "training step + 1, three seeds")
    _named(right, "Best head's score (share of attention)", "training step + 1, three seeds")
    _label(left, 1.3, 3.02, "later rounds", THEME.categories[0])
    _label(left, 330, 3.32, "first round", THEME.muted)
    _label(right, 20, 0.62, "behind the last time\n(induction, layer 1)", THEME.categories[0], ha="center")
    _label(right, 330, 0.43, "one token back\n(layer 0)", THEME.categories[1])
    return page


def grokking() -> Figure:
    """Return how accuracy and the losses of `builtin:grokking` change over its steps."""
    page, (left, right) = _page()
    found = development("grokking")
    step = found["step"]
    left.plot(step, 100 * found["train_accuracy"], color=THEME.categories[1], linewidth=1.6)
    left.plot(step, 100 * found["test_accuracy"], color=THEME.categories[0], linewidth=1.6)
    left.set_ylim(0, 104)
    curves = (
        ("train_loss", "trained sums", THEME.categories[1], (1500, 3.2e-7)),
        ("test_loss", "all other sums", THEME.categories[0], (600, 4e1)),
        ("restricted_loss", "key angles alone", THEME.categories[2], (500, 1.5e-2)),
        ("excluded_loss", "trained sums,\nwithout key angles", THEME.categories[3], (3350, 1.9e1)),
    )
    for number, text, colour, (x, y) in curves:
        right.plot(step, found[number], color=colour, linewidth=1.6)
        _label(right, x, y, text, colour)
    right.set_yscale("log")
    right.set_ylim(1e-8, 3e2)
    _named(left, "Right answers (%)", "training step")
    _named(right, "Loss (nats)", "training step")
    _label(left, 300, 94, "trained sums", THEME.categories[1])
    _label(left, 900, 45, "all other sums", THEME.categories[0], ha="center")
    return page


def main() -> None:
    """Write the pictures of the models' pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, draw in (("induction", induction), ("grokking", grokking)):
        draw().savefig(FOLDER / f"{name}.png", dpi=144, metadata={"Software": None})


if __name__ == "__main__":
    main()
