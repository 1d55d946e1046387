"""Does each site show what its name says, and does looking leave the model as it was?"""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor

from neuronscope.models.anatomy import Absence, Anatomy
from neuronscope.models.attention import Place, Visit
from neuronscope.models.certificate import EXACT, REDUCED, REFUSED, Certificate, Row
from neuronscope.models.forward import forward, fresh
from neuronscope.models.laws import LAWS, Law, Probed
from neuronscope.models.sites import SITES

_TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
_RANK = {EXACT: 0, REDUCED: 1, REFUSED: 2}
_ROWS, _LENGTH = 2, 8
_READ_ONLY = "worked out from its neighbours, so it can be read but not written"


class Verdict:
    """What is known so far about one site; the worst news wins, and of equals the first."""

    def __init__(self, name: str) -> None:
        self.name, self.status, self.worst = name, EXACT, None
        self.reason = "reads and writes leave every other number alone"
        self.instead, self.absent = "", False
        if SITES[name].derived:
            self.status, self.reason = REDUCED, _READ_ONLY

    def learn(self, status: str, reason: str, instead: str = "") -> None:
        """Take in one finding."""
        if _RANK[status] > _RANK[self.status] or (status == REDUCED and self.reason == _READ_ONLY):
            self.status, self.reason, self.instead = status, reason, instead

    def measure(self, gap: float) -> None:
        """Remember the largest difference; where the site is absent there was nothing to compare."""
        if self.absent:
            return
        self.worst = gap if self.worst is None else max(self.worst, gap)

    def row(self) -> Row:
        """Return the certificate's row."""
        return Row(self.name, self.status, self.reason, self.worst, self.instead)


def certify(anatomy: Anatomy, n_tokens: int) -> Certificate:
    """Run a few passes over seeded random tokens and return the verdict on every site name."""
    network = anatomy.network
    weight = next(network.parameters())
    seeded = torch.Generator().manual_seed(0)
    shape = (_ROWS, min(_LENGTH, n_tokens))
    tokens = torch.randint(network.config.vocab_size, shape, generator=seeded).to(weight.device)
    tolerance = _TOLERANCE.get(weight.dtype, 1e-4)
    verdicts = {name: Verdict(name) for name in SITES}
    with torch.no_grad():
        present = list(_present(anatomy, verdicts))
        plain = _logits(anatomy, tokens, {})
        values: dict[Place, Tensor] = {}
        reads = {place: _reader(values, place) for place in present}
        _judge_change(anatomy, tokens, plain, reads, verdicts, "reading it changes the logits")
        for place in set(present) - values.keys():
            verdicts[place.name].learn(REFUSED, "its module is never reached in a forward pass", "resid_post")
        writes: dict[Place, Visit] = {p: fresh for p in present if p in values and not SITES[p.name].derived}
        _judge_change(
            anatomy, tokens, plain, writes, verdicts, "writing back what was read changes the logits"
        )
        seen = Probed(anatomy, tokens, values)
        for law in LAWS:
            _judge_law(law, seen, verdicts, tolerance)
        _judge_zeroed_head(anatomy, tokens, values, verdicts, tolerance)
    rows = tuple(verdict.row() for verdict in verdicts.values())
    return Certificate(type(network).__name__, tokens.numel(), tolerance, rows)


def _present(anatomy: Anatomy, verdicts: Mapping[str, Verdict]) -> Iterable[Place]:
    for name in SITES:
        for layer in anatomy.layers(name):
            found = anatomy.tap(name, layer)
            if isinstance(found, Absence):
                verdicts[name].learn(REFUSED, found.reason, found.instead)
                verdicts[name].absent = True
            else:
                yield Place(name, layer)


def _reader(values: dict[Place, Tensor], place: Place) -> Visit:
    def read(tensor: Tensor) -> Tensor:
        values[place] = tensor.clone()
        return tensor

    return read


def _logits(anatomy: Anatomy, tokens: Tensor, visits: Mapping[Place, Visit]) -> Tensor:
    logits = forward(anatomy, tokens, visits).logits
    assert logits is not None
    return logits


def _judge_change(
    anatomy: Anatomy,
    tokens: Tensor,
    plain: Tensor,
    visits: Mapping[Place, Visit],
    verdicts: Mapping[str, Verdict],
    complaint: str,
) -> None:
    """Run with all visits at once; only if the logits move, find out which site moved them."""
    if torch.equal(_logits(anatomy, tokens, visits), plain):
        return
    for name in {place.name for place in visits}:
        alone = {place: visit for place, visit in visits.items() if place.name == name}
        gap = (_logits(anatomy, tokens, alone) - plain).abs().max().item()
        if gap > 0:
            verdicts[name].learn(REDUCED, f"{complaint} by {gap:.1e}")


def _judge_law(law: Law, seen: Probed, verdicts: Mapping[str, Verdict], tolerance: float) -> None:
    layers = range(len(seen.anatomy.blocks)) if law.layered else [None]
    for layer in layers:
        try:
            left, right = law.sides(seen, layer)
        except (KeyError, AttributeError, TypeError):
            continue  # a site or part that this law speaks of is absent; its own row says so
        _judge_sides(law.sites, law.states, law.broken, left, right, verdicts, tolerance)


def _judge_sides(
    sites: Iterable[str],
    states: str,
    broken: str,
    left: Tensor,
    right: Tensor,
    verdicts: Mapping[str, Verdict],
    tolerance: float,
) -> None:
    alike = left.shape == right.shape
    gap = (left - right).abs().max().item() if alike else float("inf")
    allowed = tolerance * max(1.0, right.abs().max().item())
    for name in sites:
        verdicts[name].measure(gap)
        if not gap <= allowed:
            verdicts[name].learn(broken, f"the law '{states}' is off by {gap:.1e}", "resid_post")


def _judge_zeroed_head(
    anatomy: Anatomy,
    tokens: Tensor,
    values: Mapping[Place, Tensor],
    verdicts: Mapping[str, Verdict],
    tolerance: float,
) -> None:
    def zeroed(axis: int) -> Callable[[Tensor], Tensor]:
        def visit(tensor: Tensor) -> Tensor:
            changed = fresh(tensor)
            changed.select(axis, 0).zero_()
            return changed

        return visit

    if not any(place.name == "pattern" for place in values):
        return
    layers = range(len(anatomy.blocks))
    by_pattern = _logits(anatomy, tokens, {Place("pattern", layer): zeroed(1) for layer in layers})
    by_z = _logits(anatomy, tokens, {Place("z", layer): zeroed(2) for layer in layers})
    states = "a head with a zero pattern writes nothing"
    _judge_sides(("pattern", "z"), states, REDUCED, by_pattern, by_z, verdicts, tolerance)
