"""What does the model answer as a function of what the neurons of one layer hold?

Everything after the layer is computed anew; everything before it stays as it was. The integral of this
function's gradient is complete: it sums to what the neurons as a whole do to the answer. (Integrated
gradients of the *whole network* at an inner layer are not, because the residual stream goes round the layer.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from neuronscope.instruments.metrics import PLAIN_ARGUMENTS, last_logits
from neuronscope.instruments.run import check_fired
from neuronscope.instruments.visits import in_words
from neuronscope.models.attention import Place, Visit
from neuronscope.models.batch import Batch
from neuronscope.models.forward import forward
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.inputs import Inputs, prepare
from neuronscope.models.model import Model
from neuronscope.models.shortcuts import prefix, shortcuts
from neuronscope.models.sites import Site
from neuronscope.models.skipping import Resume
from neuronscope.words import BadInput

Positions = Literal["last", "all"]


@dataclass(frozen=True, eq=False)
class _Seen:
    """The unchanged run: its batch, logits at the last position, and what passed at some places."""

    batch: Batch
    logits: Float[Tensor, "batch vocab"]
    values: dict[Place, Tensor]
    grows: bool
    first: int
    keep: int | None


@final
class PatchedNeurons:
    """The logits after some prompts, as functions of what the neurons of one layer hold there.

    ``positions`` are those where the neurons are given: the ``last`` of each prompt, or ``all`` but the
    first, where models keep what belongs to no word; a prompt of one token gives that one. The pass starts
    at the layer, and with ``last`` earlier columns come from a cache, where a probe has found that this
    changes no number.
    """

    def __init__(
        self, model: Model, prompts: Inputs, *, layers: Sequence[int], positions: Positions = "last"
    ) -> None:
        check_evaluation_mode(model.hf)
        for layer in layers:
            model.check(Site("mlp_act", layer))
        self.model, self.layers, self.positions = model, list(layers), positions
        self._seen = self._unchanged(prepare(model, prompts))

    def _unchanged(self, batch: Batch) -> _Seen:
        if not batch.lengths:
            raise BadInput("Neurons are weighed by what follows the last token, but these inputs hold none.")
        can, model = shortcuts(self.model.anatomy), self.model
        plain = batch.inputs.keys() <= PLAIN_ARGUMENTS
        at_end = all(last == batch.width - 1 for last in batch.last)
        drops = self.positions == "last" and can.drops and plain and at_end and batch.width > 2
        values: dict[Place, Tensor] = {}
        places = [Place("mlp_act", layer) for layer in self.layers]
        if can.grows:
            places += [Place("resid_pre", layer) for layer in self.layers if layer > 0]
        if drops:
            places += [Place(name, layer) for name in ("k", "v") for layer in range(model.n_layers)]
        with torch.no_grad():
            done = forward(model.anatomy, batch.inputs, {place: _keeping(values, place) for place in places})
        check_fired(places, done.fired, stopped=False)
        if done.logits is None:
            raise BadInput(f"{model.name} gives no logits, so there is no answer to share out.")
        logits = last_logits(done.logits, batch, 1)
        return _Seen(batch, logits, values, can.grows, batch.width - 1 if drops else 0, 1 if at_end else None)

    def __len__(self) -> int:
        return len(self._seen.batch)

    @property
    def logits(self) -> Float[Tensor, "batch vocab"]:
        """Return the unchanged logits at the last position of each prompt."""
        return self._seen.logits

    @property
    def given(self) -> Bool[Tensor, "batch position"]:
        """Return at which of the columns of `actual` the neurons are given."""
        batch, mask = self._seen.batch, torch.zeros(len(self), self._seen.batch.width, dtype=torch.bool)
        for row, (start, length) in enumerate(zip(batch.starts, batch.lengths, strict=True)):
            first = length - 1 if self.positions == "last" else min(1, length - 1)
            mask[row, start + first : start + length] = True
        return mask[:, self._seen.first :].to(self._seen.logits.device)

    def actual(self, layer: int) -> Float[Tensor, "batch position neuron"]:
        """Return what the neurons held in the unchanged run, at the columns that are computed."""
        return self._seen.values[Place("mlp_act", layer)][:, self._seen.first :]

    def after(
        self, layer: int, held: Float[Tensor, "cell position neuron"], rows: Sequence[int]
    ) -> Float[Tensor, "cell vocab"]:
        """Return the logits where the neurons of a layer hold other values.

        ``held`` has a row for each of ``rows``, which say whose prompt it is; only the given positions are
        taken over. Gradients flow from the logits to ``held``.
        """
        seen, origin, layers = self._seen, list(rows), self.model.n_layers
        named = dict(seen.batch.picked(origin).inputs)
        options = {}
        if seen.first:
            cut = {"input_ids", "position_ids"} & named.keys()
            named |= {name: named[name][:, seen.first :] for name in cut}
            cache = prefix(seen.values, layers, lambda _: origin, seen.first)
            options = {"past_key_values": cache, "use_cache": True}
        resume = None
        if seen.grows and layer:
            resume = Resume(layer, seen.values[Place("resid_pre", layer)][origin, seen.first :])
        given = self.given[origin][..., None]

        def patch(tensor: Tensor) -> Tensor:
            return torch.where(given, held.to(tensor), tensor)

        visits = {Place("mlp_act", layer): patch}
        done = forward(self.model.anatomy, named, visits, resume=resume, keep=seen.keep, **options)
        assert done.logits is not None
        return last_logits(done.logits, seen.batch, 1, origin)


def _keeping(values: dict[Place, Tensor], place: Place) -> Visit:
    def visit(tensor: Tensor) -> Tensor:
        values[place] = in_words(place.name, tensor).clone()
        return tensor

    return visit
