"""Answer questions in processes that are killed at random lines, and go on until all are answered."""

import json
import os
import signal
import sys
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import torch

from neuronscope.instruments import Question, answer
from neuronscope.models import Model
from neuronscope.models.inputs import padding_side
from neuronscope.models.shortcuts import shortcuts
from tests.models.tiny import opened, some_tokens

N_KILLS = 5
OURS = ("passes.py", "ledger.py", "answering.py")


def questions() -> list[Question]:
    """Return questions of many lengths."""
    drawn = [some_tokens(rows=1, length=4 + (7 * i) % 11, seed=i)[0].tolist() for i in range(40)]
    return [Question(prompt=row[:-3], right=(row[-3:-1],), wrong=(row[-1:],)) for row in drawn]


class Lines:
    """Count the lines of the answering code, and kill the process without a word at the last one allowed."""

    def __init__(self, allowed: int | None) -> None:
        self.seen, self.allowed = 0, allowed

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Enter functions of the answering alone, and count their lines."""
        if not frame.f_code.co_filename.endswith(OURS):
            return None
        if event == "line":
            self.seen += 1
            if self.seen == self.allowed:
                os.kill(os.getpid(), signal.SIGKILL)
        return self


def in_a_child(model: Model, folder: Path, result: Path, allowed: int | None) -> tuple[bool, int]:
    """Answer in a process of its own; return whether it was killed, and how many lines it ran if not."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        lines = Lines(allowed)
        sys.settrace(lines)
        replies = answer(model, questions(), tokens_per_pass=40, folder=folder)
        sys.settrace(None)
        result.write_text(json.dumps([reply.plain() for reply in replies]))
        os.write(writing, str(lines.seen).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        seen = said.read()
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    if not killed and status != 0:
        raise SystemExit(f"the answering ended with status {status}")
    return killed, int(seen or 0)


def main(folder: Path, seed: int) -> None:
    """Answer once undisturbed and once killed many times, and say how far it was each time."""
    torch.set_num_threads(1)  # a process may fork only while torch has started no threads
    model = opened("gpt2")
    assert model.fingerprint
    assert model.words_fingerprint
    assert shortcuts(model.anatomy).drops  # probed here, so that no child spends its time on it
    assert padding_side(model) == "left"
    _, n_lines = in_a_child(model, folder / "whole", folder / "whole.json", None)
    chance, kills, found = Random(seed), 0, []
    for _ in range(N_KILLS):
        killed, _ = in_a_child(
            model, folder / "killed", folder / "killed.json", chance.randrange(1, n_lines // 4)
        )
        kills += killed
        files = list((folder / "killed").glob("*.jsonl"))
        found.append(files[0].read_bytes().count(b"\n") if files else 0)
    in_a_child(model, folder / "killed", folder / "killed.json", None)
    print(json.dumps({"kills": kills, "lines": found}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
