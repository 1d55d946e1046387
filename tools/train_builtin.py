"""Makes a built-in model: `python tools/train_builtin.py scribe --out FOLDER --export`.

A killed run goes on where it stopped. Without `--export` the model stays in FOLDER; with it, what is trained
there is written as a model's folder with its card, into the package or where `--folder` says.
"""

import argparse
import os
from pathlib import Path

import torch
from training.card import BUILTIN
from training.recipe import RECIPES, Recipe, Wanted, recipe

from neuronscope.learned.folder import claim
from neuronscope.words import BadInput


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", choices=sorted(RECIPES), help="which built-in model")
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints and logs")
    parser.add_argument("--variant", nargs="+", help="only these variants, such as seed0")
    parser.add_argument("--seed", type=int, help="another seed than the recipe's own")
    parser.add_argument("--steps", type=int, help="how many steps in all")
    parser.add_argument(
        "--size", nargs="+", default=[], metavar="NAME=N", help="another size, such as width=32"
    )
    parser.add_argument("--stop-after", type=int, help="stop at this step with a checkpoint")
    parser.add_argument("--measure-every", type=int, help="steps between measurements")
    parser.add_argument("--threads", type=int, default=1, help="torch threads")
    parser.add_argument("--export", action="store_true", help="write the model's folder in the end")
    parser.add_argument("--folder", type=Path, help="where to export to; the package's own folder otherwise")
    parser.add_argument("--without-card", action="store_true", help="export without measuring")
    return parser.parse_args()


def sizes(chosen: Recipe, given: list[str]) -> dict[str, int]:
    """Return the sizes among `NAME=N` words; exits with a sentence where one is not the recipe's."""
    found = {}
    for word in given:
        name, _, value = word.partition("=")
        if not chosen.SIZES:
            raise SystemExit(f"--size {word}: this model has one size; leave it out.")
        if name not in chosen.SIZES or not value.isdigit():
            raise SystemExit(f"--size {word}: give NAME=N, where NAME is one of {', '.join(chosen.SIZES)}.")
        found[name] = int(value)
    return found


def main() -> None:
    """Train the model that the command line names, and export it where that is asked."""
    asked = _arguments()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(asked.threads)
    chosen = recipe(asked.name)
    wanted = Wanted(
        name=asked.name,
        seed=asked.seed,
        steps=asked.steps,
        stop_after=asked.stop_after,
        measure_every=asked.measure_every,
        sizes=sizes(chosen, asked.size),
    )
    known = chosen.variants(wanted)
    if unknown := set(asked.variant or ()) - set(known):
        raise SystemExit(f"--variant {min(unknown)}: {asked.name} has {', '.join(known)}.")
    for variant in asked.variant or known:
        out = asked.out / variant
        settings = {"name": asked.name, "variant": variant, "seed": asked.seed, "steps": asked.steps}
        try:
            claim(out, {**settings, "sizes": wanted.sizes})
        except BadInput as error:
            raise SystemExit(str(error)) from None
        chosen.train(wanted, out, variant)
        if asked.export:
            folder = (asked.folder or BUILTIN / asked.name) / variant
            chosen.export(wanted, out, folder, variant)
            if not asked.without_card:
                chosen.write_card(wanted, out, folder, variant)


if __name__ == "__main__":
    main()
