"""Harvest in processes that are killed at random moments, and started again until the harvest is done.

A moment is a line of the harvest's own code, in whichever thread it runs, so that it may lie anywhere: within
a pass, between two pieces of a shard, after a shard and before its entry in the manifest.
"""

import json
import os
import sys
from pathlib import Path
from random import Random

import torch

from neuronscope.instruments import harvest
from neuronscope.models import Model
from tests.instruments.killing import in_a_child
from tests.models.tiny import opened, some_tokens

N_KILLS = 10
OURS = f"{os.sep}instruments{os.sep}harvest"


def documents() -> list[list[int]]:
    """Return documents of many lengths."""
    lengths = [1 + (7 * number) % 11 for number in range(110)]
    return [some_tokens(rows=1, length=n, seed=i)[0].tolist() for i, n in enumerate(lengths)]


def harvested(model: Model, folder: Path, allowed: int | None) -> tuple[bool, int]:
    """Harvest in a process of its own; return whether it was killed, and how many lines it ran if not."""

    def work() -> None:
        harvest(model, documents(), ["resid_post.1", "z.0"], folder, tokens_per_pass=24, tokens_per_shard=16)

    return in_a_child(work, lambda file: OURS in file, allowed)


def main(folder: Path, seed: int) -> None:
    """Harvest once undisturbed and once killed ten times, and say how often it was."""
    torch.set_num_threads(1)  # a process may fork only while torch has started no threads
    model = opened("gpt2")
    assert model.certificate
    assert model.fingerprint
    _, n_lines = harvested(model, folder / "whole", None)
    chance, kills, shards = Random(seed), 0, []
    for _ in range(N_KILLS):
        killed, _ = harvested(model, folder / "killed", chance.randrange(1, n_lines // 5))
        kills += killed
        shards.append(len(list((folder / "killed").glob("*.safetensors"))))
    killed, _ = harvested(model, folder / "killed", None)
    print(json.dumps({"kills": kills, "shards": shards, "finished": not killed}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
