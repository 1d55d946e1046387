"""Makes every variant of `builtin:induction`: small networks as they learn, wide ones with heads to spare."""

from pathlib import Path
from types import ModuleType

from . import induction, induction_wide
from .recipe import Wanted

SIZES = induction.SIZES
RECIPES = {"seed": induction, "wide": induction_wide}


def variants(wanted: Wanted) -> tuple[str, ...]:
    """Return one variant for each seed of each sort."""
    return tuple(
        f"{sort}{seed}"
        for sort, recipe in RECIPES.items()
        for seed in (recipe.SEEDS if wanted.seed is None else (wanted.seed,))
    )


def train(wanted: Wanted, out: Path, variant: str) -> None:
    """Train one variant in a folder of its own."""
    _recipe(variant).train(wanted, out, variant)


def export(wanted: Wanted, out: Path, folder: Path, variant: str) -> None:
    """Write configuration, tokenizer and weights, and of small networks those of every kept step."""
    _recipe(variant).export(wanted, out, folder, variant)


def write_card(wanted: Wanted, out: Path, folder: Path, variant: str) -> None:
    """Write the card, measured on the weights in the folder."""
    _recipe(variant).write_card(wanted, out, folder, variant)


def _recipe(variant: str) -> ModuleType:
    return RECIPES[variant.rstrip("0123456789")]
