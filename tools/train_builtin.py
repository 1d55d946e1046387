"""Trains a built-in model: `python tools/train_builtin.py scribe --out FOLDER`.

A killed run goes on where it stopped. `--export` then writes the model's folder with its card.
"""

import argparse
import os
from dataclasses import replace
from pathlib import Path

import torch
from training import scribe
from training.card import BUILTIN, training_facts, write_card, write_weights
from training.readme import write_readme

from neuronscope.learned.loop import CHECKPOINT, train


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=["scribe"], help="which built-in model")
    parser.add_argument("--out", type=Path, required=True, help="folder of tokenizer, checkpoint and log")
    parser.add_argument("--steps", type=int, default=scribe.SCHEDULE.steps, help="how many steps in all")
    parser.add_argument("--stop-after", type=int, help="stop at this step with a checkpoint")
    parser.add_argument("--threads", type=int, default=1, help="torch threads")
    parser.add_argument("--measure-every", type=int, default=1000, help="steps between measurements")
    parser.add_argument(
        "--export", action="store_true", help="write the model's folder from the checkpoint instead"
    )
    parser.add_argument("--folder", type=Path, help="where to export to; the package's own folder otherwise")
    parser.add_argument("--without-card", action="store_true", help="export weights and tokenizer only")
    return parser.parse_args()


def export(name: str, out: Path, folder: Path, *, with_card: bool) -> None:
    """Write the model's folder: rounded weights, tokenizer, and the card measured on them."""
    model = scribe.make_model()
    model.load_state_dict(torch.load(out / CHECKPOINT, weights_only=True)["model"])
    write_weights(model, scribe.tokenizer_in(out), folder)
    if with_card:
        card = write_card(folder, training_facts(out, scribe.recipe()), name)
        write_readme(folder, card)


def main() -> None:
    """Train or export the model that the command line names."""
    asked = _arguments()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    torch.set_num_threads(asked.threads)
    if asked.export:
        export(asked.name, asked.out, asked.folder or BUILTIN / asked.name, with_card=not asked.without_card)
        return
    schedule = replace(scribe.SCHEDULE, steps=asked.steps)
    train(
        scribe.scribe_run(asked.out),
        schedule,
        asked.out,
        stop_after=asked.stop_after,
        measure_every=asked.measure_every,
    )


if __name__ == "__main__":
    main()
