"""What is measured, against what, and how good must it be?"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.speed.subjects import Subject
from neuronscope.instruments import harvest, put, run, stream, sweep
from neuronscope.models.forward import Resume, forward

SITES = (
    *("resid_pre", "resid_mid", "resid_post", "attn_in", "q", "k", "v", "pattern", "z", "attn_out"),
    *("mlp_in", "mlp_pre", "mlp_act", "mlp_out"),
)
"""The fourteen sites that the third row reads in every block."""

Work = dict[str, Callable[[], object]]


@dataclass(frozen=True)
class Row:
    """One line of the table: a ratio to ``over``, which is measured in the same rounds.

    Costs must stay below their bounds; a speed (``at_least``), in tokens per second, above them.
    """

    key: str
    what: str
    over: str
    must: float
    aim: float
    at_least: bool = False

    def verdict(self, value: float) -> str:
        """Return which bound a value reaches: `aim`, `must`, or `missed`."""
        for bound, reached in ((self.aim, "aim"), (self.must, "must")):
            if value >= bound if self.at_least else value <= bound:
                return reached
        return "missed"


@dataclass(frozen=True)
class Group:
    """Rows whose work runs in the same rounds; ``work`` makes it for a subject, in an empty folder.

    ``clock`` is that of the processor, but where somebody waits for token after token, that on the wall.
    """

    rows: tuple[Row, ...]
    repeats: int
    work: Callable[[Subject, Path], Work]
    clock: Callable[[], float] = time.process_time


def _reads(subject: Subject, _: Path) -> Work:
    model, tokens, middle = subject.model, subject.tokens, subject.size.layers // 2
    return {
        "forward": subject.forward,
        "run": lambda: run(model, tokens),
        "read.one": lambda: run(model, tokens, get=f"resid_post.{middle}"),
        "read.residuals": lambda: run(model, tokens, get="resid_post.*"),
        "read.sites": lambda: run(model, tokens, get=[f"{name}.*" for name in SITES]),
    }


def _sweeps(subject: Subject, _: Path) -> Work:
    model, tokens, size = subject.model, subject.tokens, subject.size
    other = run(model, subject.other_tokens, get=["resid_pre.*", "z.*"])
    residual = [
        put(f"resid_pre.{layer}@{position}", other)
        for layer in range(size.layers)
        for position in range(size.positions)
    ]
    heads = [put(f"z.{layer}.{head}", other) for layer in range(size.layers) for head in range(size.heads)]
    return {
        "forward": subject.forward,
        "sweep.residual": lambda: sweep(model, tokens, residual, _difference),
        "sweep.heads": lambda: sweep(model, tokens, heads, _difference),
    }


def _resumed(subject: Subject, _: Path) -> Work:
    last = subject.size.layers - 1
    stream_there = run(subject.model, subject.tokens, get=f"resid_pre.{last}")[f"resid_pre.{last}"]

    def resumed() -> object:
        with torch.no_grad():
            return forward(
                subject.model.anatomy,
                subject.tokens,
                {},
                resume=Resume(last, stream_there),
                logits_to_keep=1,
            )

    return {"forward": subject.forward, "resume.last": resumed}


def _streams(subject: Subject, _: Path) -> Work:
    model, prompt, new = subject.model, subject.tokens[0], 2 * subject.size.positions

    def generated() -> object:
        return subject.usual.generate(
            prompt[None], max_new_tokens=new, do_sample=False, attention_mask=torch.ones_like(prompt[None])
        )

    def streamed(*get: str) -> Callable[[], object]:
        return lambda: [step.token for step in stream(model, prompt, new, get=get, stop=())]

    return {
        "generate": generated,
        "stream.plain": streamed(),
        "stream.neurons": streamed("mlp_act.*@-1"),
    }


def _harvests(subject: Subject, folder: Path) -> Work:
    size, middle, numbers = subject.size, subject.size.layers // 2, count()
    shape, seeded = (8 * size.rows, 8 * size.positions), torch.Generator().manual_seed(1)
    documents = torch.randint(size.vocab, shape, generator=seeded)
    per_pass = documents.numel() // 2

    def harvested() -> object:
        site, place = f"resid_post.{middle}", folder / str(next(numbers))
        return harvest(subject.model, documents, site, place, tokens_per_pass=per_pass)

    def bare() -> None:
        block = subject.plain.get_submodule(_path_of_block(subject, middle))
        with torch.no_grad(), _stopped_after(block):
            for rows in documents.split(len(documents) // 2):
                try:
                    subject.plain(rows, use_cache=False)
                except _Stopped:
                    continue

    return {"bare forwards": bare, "harvest.residual": harvested}


class _Stopped(Exception):
    pass


class _stopped_after:
    def __init__(self, block: Any) -> None:
        self._block = block

    def __enter__(self) -> None:
        self._handle = self._block.register_forward_hook(self._stop)

    def __exit__(self, *_: object) -> None:
        self._handle.remove()

    @staticmethod
    def _stop(*_: object) -> None:
        raise _Stopped


def _path_of_block(subject: Subject, layer: int) -> str:
    block = subject.model.anatomy.blocks[layer]
    return next(name for name, module in subject.model.hf.named_modules() if module is block)


def _difference(logits: Tensor) -> Tensor:
    return logits[:, 7] - logits[:, 8]


GROUPS: Sequence[Group] = (
    Group(
        (
            Row("read.one", "read one residual stream", "forward", 1.05, 1.02),
            Row("read.residuals", "read the residual stream of every block", "forward", 1.10, 1.05),
            Row("read.sites", "read 14 sites of every block", "forward", 1.20, 1.10),
        ),
        31,
        _reads,
    ),
    Group(
        (
            Row("sweep.residual", "patch every block and position alone", "forward", 40, 24),
            Row("sweep.heads", "patch every head alone", "forward", 50, 30),
        ),
        7,
        _sweeps,
    ),
    Group(
        (Row("resume.last", "resume at the last block, last logits only", "forward", 0.25, 0.15),),
        31,
        _resumed,
    ),
    Group(
        (
            Row("stream.plain", "tokens a second of a greedy stream", "generate", 0.9, 1.0, True),
            Row("stream.neurons", "the same, reading every neuron", "generate", 0.75, 0.9, True),
        ),
        9,
        _streams,
        time.perf_counter,
    ),
    Group(
        (
            Row(
                "harvest.residual",
                "tokens a second of harvesting a residual stream",
                "bare forwards",
                0.9,
                0.97,
                True,
            ),
        ),
        7,
        _harvests,
    ),
)
