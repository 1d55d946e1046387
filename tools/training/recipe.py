"""What a recipe offers: the functions by which any built-in model is trained, exported and measured.

A recipe is a module of this folder with the names of `Recipe` at its top level, and a line in `RECIPES`.
"""

from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

RECIPES = {
    "scribe": "scribe",
    "handmade-induction": "handmade",
    "gates": "gates",
    "induction": "induction",
    "grokking": "grokking",
    "iit-lookup": "iit",
    "iit-vote": "iit",
    "digits-cnn": "digits",
    "digits-vit": "digits",
    "digits-clip": "digits",
    "rnn-decision": "recurrent",
    "rnn-decision-dale": "recurrent",
    "rnn-memory": "recurrent",
}
"""Each built-in model with the module that makes it; one module may make several."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the command line asks of a recipe; none means what the recipe itself says."""

    name: str
    seed: int | None = None
    steps: int | None = None
    stop_after: int | None = None
    measure_every: int | None = None
    sizes: dict[str, int] = field(default_factory=dict)
    """Sizes of the model, such as `layers` and `width`, each one of the recipe's `SIZES`."""


class Recipe(Protocol):
    """What the module of a recipe has.

    A variant is the name of a sub-folder such as `seed0`, or an empty word where the model has none. `folder`
    is the folder of one variant: `BUILTIN / name / variant` in the package.
    """

    SIZES: dict[str, int]
    """The sizes that may be asked for, with those that the shipped model has."""

    def variants(self, wanted: Wanted) -> tuple[str, ...]:
        """Return the variants that are made; `("",)` for a model without any."""
        ...

    def train(self, wanted: Wanted, out: Path, variant: str) -> None:
        """Train a variant in the folder `out` of its own, going on where a killed run stopped.

        A model that is written by hand leaves the folder empty.
        """
        ...

    def export(self, wanted: Wanted, out: Path, folder: Path, variant: str) -> None:
        """Write configuration, tokenizer, weights and steps of what was trained in `out` to `folder`."""
        ...

    def write_card(self, wanted: Wanted, out: Path, folder: Path, variant: str) -> None:
        """Measure the weights in `folder`, and write `card.json` and, where there is one, `README.md`."""
        ...


def recipe(name: str) -> Recipe:
    """Return the recipe of a built-in model."""
    return cast("Recipe", import_module(f"{__package__}.{RECIPES[name]}"))
