"""Answer questions in processes that are killed at random lines, and go on until all are answered."""

import json
import sys
from pathlib import Path
from random import Random

import torch

from neuronscope.instruments import Question, answer
from neuronscope.models import Model
from neuronscope.models.inputs import padding_side
from neuronscope.models.shortcuts import shortcuts
from tests.instruments.killing import in_a_child
from tests.models.tiny import opened, some_tokens

N_KILLS = 5
OURS = ("passes.py", "ledger.py", "answering.py")


def questions() -> list[Question]:
    """Return questions of many lengths."""
    drawn = [some_tokens(rows=1, length=4 + (7 * i) % 11, seed=i)[0].tolist() for i in range(40)]
    return [Question(prompt=row[:-3], right=(row[-3:-1],), wrong=(row[-1:],)) for row in drawn]


def answered(model: Model, folder: Path, result: Path, allowed: int | None) -> tuple[bool, int]:
    """Answer in a process of its own; return whether it was killed, and how many lines it ran if not."""

    def work() -> None:
        replies = answer(model, questions(), tokens_per_pass=40, folder=folder)
        result.write_text(json.dumps([reply.plain() for reply in replies]))

    return in_a_child(work, lambda file: file.endswith(OURS), allowed)


def main(folder: Path, seed: int) -> None:
    """Answer once undisturbed and once killed many times, and say how far it was each time."""
    torch.set_num_threads(1)  # a process may fork only while torch has started no threads
    model = opened("gpt2")
    assert model.fingerprint
    assert model.words_fingerprint
    assert shortcuts(model.anatomy).drops  # probed here, so that no child spends its time on it
    assert padding_side(model) == "left"
    _, n_lines = answered(model, folder / "whole", folder / "whole.json", None)
    chance, kills, found = Random(seed), 0, []
    for _ in range(N_KILLS):
        killed, _ = answered(
            model, folder / "killed", folder / "killed.json", chance.randrange(1, n_lines // 4)
        )
        kills += killed
        files = list((folder / "killed").glob("*.jsonl"))
        found.append(files[0].read_bytes().count(b"\n") if files else 0)
    answered(model, folder / "killed", folder / "killed.json", None)
    print(json.dumps({"kills": kills, "lines": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
