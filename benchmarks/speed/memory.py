"""How many bytes does a reading take beyond the plain forward, at the worst moment of the pass?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_leaves

from benchmarks.speed.subjects import Subject
from neuronscope.instruments import Run, run
from neuronscope.instruments.live_bytes import LiveBytes

SLICED = (
    ("resid_post.*@-1",),
    ("z.*@-1", "mlp_act.*@-1"),
    ("q.1.0", "k.1.0@2", "v.1.1"),
    ("pattern.*@-1", "scores.1.2@1:3"),
    ("mlp_act.1.5", "mlp_pre.0@2:4"),
    ("logits@-1",),
)
"""The sliced requests that the row takes the worst of."""


@dataclass(frozen=True)
class Extra:
    """Bytes asked for, and the most held beyond what the plain pass holds at the same operation."""

    asked: int
    worst: int

    @property
    def ratio(self) -> float:
        """Return the bytes taken for each byte asked for."""
        return self.worst / self.asked


class _Course(LiveBytes):
    """Remember what lived after each operation."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[tuple[str, int]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = super().__torch_dispatch__(func, types, args, kwargs)
        shapes = [tuple(leaf.shape) for leaf in tree_leaves(output) if isinstance(leaf, Tensor)]
        self.steps.append((f"{func} {shapes}", self.now))
        return output


def worst_extra(plain: Callable[[], object], reading: Callable[[], object]) -> int:
    """Return the most bytes that a reading holds beyond the plain pass, compared operation by operation.

    Comparing the two peaks would be kinder: a tensor kept while the network itself holds little would not
    show. Here each operation of the reading is set against the operation of the plain pass that it is or
    that it follows. Raises `LookupError` where the reading leaves out an operation of the plain pass.
    """
    with _Course() as bare:
        kept = plain()
    del kept
    with _Course() as read:
        kept = reading()
    del kept
    worst, matched, baseline = 0, 0, 0
    for name, live in read.steps:
        if matched < len(bare.steps) and name == bare.steps[matched][0]:
            baseline, matched = bare.steps[matched][1], matched + 1
        worst = max(worst, live - baseline)
    if matched < len(bare.steps):
        raise LookupError(f"The reading never does {bare.steps[matched][0]}, which the plain pass does.")
    return worst


def sliced_read(subject: Subject, get: tuple[str, ...]) -> Extra:
    """Return what a sliced reading takes; what was asked for are the sizes of the readings themselves."""

    def reading() -> Run:
        return run(subject.model, subject.tokens, get=get)

    seen = reading()
    asked = sum(seen[site].nbytes for site in seen.sites)
    return Extra(asked, worst_extra(subject.forward, reading))
