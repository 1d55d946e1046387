"""What does a change of the model do to its answers, and what would random changes of the same size do?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.comparing.pairs import PromptPairs
from neuronscope.instruments.intervening.made import resolved
from neuronscope.instruments.intervening.written import DRAWN, Along, Intervention, Term
from neuronscope.instruments.interventions import Interventions
from neuronscope.instruments.metrics import (
    LastMetric,
    kl_divergence,
    last_logits,
    log_probability,
    logit_difference,
)
from neuronscope.instruments.ops import Op
from neuronscope.instruments.run import run
from neuronscope.instruments.trials import each
from neuronscope.models.model import Model
from neuronscope.models.sites import Site

_HELD_LOGITS = 2**26
MEASURES = ("logit_difference", "log_probability", "kl_divergence")


@dataclass(frozen=True, eq=False)
class Changed:
    """The logits after each prompt without and with a change, and what is measured of them."""

    pairs: PromptPairs
    before: Float[Tensor, "prompt vocab"]
    after: Float[Tensor, "prompt vocab"]

    def measured(self, logits: Float[Tensor, "prompt vocab"]) -> Float[np.ndarray, "measure prompt"]:
        """Return every measure of some logits, the divergence from the logits before."""
        return np.stack([metric(logits.double()).cpu().numpy() for metric in self.metrics()])

    def metrics(self) -> list[LastMetric]:
        """Return what is measured, in the order of `MEASURES`."""
        return [
            logit_difference(self.pairs.target, self.pairs.distractor),
            log_probability(self.pairs.target),
            kl_divergence(self.before.double()),
        ]


def changed(model: Model, pairs: PromptPairs, ops: Interventions) -> Changed:
    """Run the clean prompts as the model is, and with these changes besides; raises `BadInput` as both do."""
    return Changed(pairs, *(_ends(one, list(pairs.clean)) for one in (model, model.under(ops.after(model)))))


def random_changes(model: Model, ops: Interventions, n: int, *, seed: int) -> list[list[Intervention]]:
    """Return changes of the same size as these: the same ops on random units of the same layers.

    A head or neuron is drawn from those of its layer, its own among them, several of a layer without drawing
    one twice; a direction is replaced by a random one of the same length. There are none where nothing could
    be drawn differently, and where the change itself is drawn.
    """
    written = [op for op in ops if isinstance(op, Intervention)]
    draws = [op for op in written if op.site.unit is not None or isinstance(op.value, Along)]
    if not draws or len(written) < len(ops) or any(op.op in DRAWN for op in written):
        return []
    rng = np.random.default_rng(seed)
    return [_other(model, written, rng) for _ in range(n)]


def null_effects(
    model: Model, found: Changed, ops: Interventions, draws: Sequence[Sequence[Intervention]]
) -> tuple[Float[np.ndarray, " measure"], Float[np.ndarray, "measure item"]]:
    """Return by how much the change, and each drawn one, moves every measure of the one prompt.

    All run as rows of the same batches, and what is drawn twice runs once, so that the change itself, drawn
    again, counts as equal.
    """
    own = tuple(op for op in ops if isinstance(op, Intervention))
    cells = list(dict.fromkeys([own, *map(tuple, draws)]))
    flat = iter(resolved(model.bare, [op for cell in cells for op in cell]))
    made = [[next(flat) for _ in cell] for cell in cells]
    prompt = found.pairs.clean[0]
    size = max(1, _HELD_LOGITS // (len(prompt) * model.vocab_size))
    effects = []
    for first in range(0, len(made), size):
        here = made[first : first + size]
        rowed = [replace(op, rows=row) for row, cell in enumerate(here) for op in cell]
        logits = _ends(model, [prompt] * len(here), rowed)
        effects += [found.measured(one[None])[:, 0] for one in logits]
    before = found.measured(found.before)[:, 0]
    moved = {cell: effect - before for cell, effect in zip(cells, effects, strict=True)}
    return moved[own], np.stack([moved[tuple(draw)] for draw in draws], 1)


def _other(model: Model, ops: Sequence[Intervention], rng: np.random.Generator) -> list[Intervention]:
    """Return the ops on units drawn anew, those of one site of one layer all different."""
    own: dict[Site, list[int]] = {}
    for op in ops:
        if op.site.unit is not None and op.site.unit not in own.setdefault(op.site.whole, []):
            own[op.site.whole].append(op.site.unit)
    other = {
        whole: dict(zip(units, rng.permutation(len(each(model, f"{whole}.*")))[: len(units)], strict=True))
        for whole, units in own.items()
    }
    made = []
    for op in ops:
        if op.site.unit is not None:
            unit = int(other[op.site.whole][op.site.unit])
            made.append(replace(op, site=replace(op.site, unit=unit)))
        elif isinstance(op.value, Along):
            term = Term(1, None, int(rng.integers(2**31)))
            made.append(replace(op, value=replace(op.value, terms=(term,))))
        else:
            made.append(op)
    return made


def _ends(model: Model, prompts: list[Tensor], do: Sequence[Op] = ()) -> Float[Tensor, "prompt vocab"]:
    done = run(model, prompts, do=do)
    return last_logits(done.logits, done.batch, 1)
