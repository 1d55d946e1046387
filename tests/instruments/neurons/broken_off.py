"""Gather a record in processes that are killed at random lines, and go on until it is done."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from random import Random

import torch
from safetensors import safe_open

from neuronscope.instruments.neurons import gather_neurons
from neuronscope.models import Model
from neuronscope.models.inputs import padding_side
from neuronscope.results import digest
from tests.instruments.killing import in_a_child
from tests.instruments.neurons.corpus import SMALL, documents
from tests.models.tiny import opened

N_KILLS = 4
OURS = ("gathering.py", "state.py", "shards.py")


def gathered(model: Model, folder: Path, result: Path, allowed: int | None) -> tuple[bool, int]:
    """Gather in a process of its own; return whether it was killed, and how many lines it ran if not."""

    def work() -> None:
        found = gather_neurons(model, documents(12), replace(SMALL, save_seconds=0), folder=folder)
        result.write_text(digest(found))

    return in_a_child(work, lambda file: file.endswith(OURS), allowed)


def main(folder: Path, seed: int) -> None:
    """Gather once undisturbed and once killed many times, and say how far it was each time."""
    torch.set_num_threads(1)  # a process may fork only while torch has started no threads
    model = opened("gpt2")
    assert model.fingerprint
    assert padding_side(model) == "left"  # probed here, so that no child spends its time on it
    assert digest(gather_neurons(model, documents(2), SMALL))  # so that no child imports anything
    _, n_lines = gathered(model, folder / "whole", folder / "whole.txt", None)
    chance, kills, passes = Random(seed), 0, []
    for _ in range(N_KILLS):
        killed, _ = gathered(
            model, folder / "killed", folder / "killed.txt", chance.randrange(n_lines // 8, n_lines // 3)
        )
        kills += killed
        passes.append(_passes(folder / "killed"))
    gathered(model, folder / "killed", folder / "killed.txt", None)
    same = (folder / "killed.txt").read_text() == (folder / "whole.txt").read_text()
    print(json.dumps({"kills": kills, "passes": passes, "same": same}))


def _passes(folder: Path) -> int:
    """Return how many passes are kept."""
    for file in folder.glob("neurons-*.safetensors"):
        with safe_open(file, framework="pt") as opened_file:
            return int(opened_file.get_tensor("passes")[0])
    return 0


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
