"""What does every neuron do on a corpus? One pass over it, in memory that does not grow with it."""

from collections.abc import Generator, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import torch
import xarray as xr
from torch import Tensor

from neuronscope.instruments.neurons.block import Block, Plan
from neuronscope.instruments.neurons.ngrams import NgramIndex, indexed
from neuronscope.instruments.neurons.record import record_of
from neuronscope.instruments.neurons.state import Gathered, Keeper, Settings
from neuronscope.instruments.neurons.stretches import Documents, Stretch, stretches_of, together
from neuronscope.instruments.neurons.tables import CELL_BYTES
from neuronscope.instruments.run import check_fired, wanted
from neuronscope.models.attention import Place, Visit
from neuronscope.models.forward import Enough, holding
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.inputs import prepare
from neuronscope.models.model import Model
from neuronscope.results import track, workplace
from neuronscope.words import BadInput

SITE = "mlp_act"


def gather_neurons(
    model: Model,
    documents: Documents,
    settings: Settings | None = None,
    *,
    corpus: str = "",
    index: NgramIndex | None = None,
    folder: Path | None = None,
) -> xr.Dataset:
    """Read every MLP neuron at every token of a corpus once, and return what it was like: the record.

    ``documents`` are texts or token ids and are read twice, first to find which n-grams are frequent enough
    for a line of their own; an ``index`` that was made before takes the place of that reading. Memory
    depends on the model and the settings alone. What is laid down is described in docs/neuron-records.md.

    What runs together depends on the documents alone. What is gathered is kept now and then in ``folder``,
    or in the folder of the question that a door is answering: killed and asked again, it goes on there and
    gives the same, bit for bit (on the same machine and versions). Raises `BadInput` for documents that the
    model cannot read, or without a single token that counts.
    """
    chosen = settings or Settings()
    check_evaluation_mode(model.hf)
    layers = [int(site.layer) for site in wanted(model, f"{SITE}.*") if site.layer is not None]
    context = min(chosen.context, model.n_positions)
    if index is None:
        index = ngram_index(model, documents, chosen)
    gathered = Gathered(len(layers), model.n_neurons, index, chosen)
    keeper = Keeper(workplace() if folder is None else folder, model, gathered)
    passes = together(model, stretches_of(model, documents, context), chosen.tokens_per_pass)
    with closing(_gathered(model, layers, passes, gathered, keeper)) as done:
        for _ in track(done, "passes"):
            keeper.keep()
    keeper.check_taken_up()
    if not gathered.distribution.n_tokens:
        raise BadInput(
            "The corpus has no token that counts: the first of each document does not. Give more text."
        )
    return record_of(model, layers, gathered, corpus)


def ngram_index(model: Model, documents: Documents, settings: Settings) -> NgramIndex:
    """Return the n-grams of some documents that get a line of their own within the memory that is set."""
    row = len(wanted(model, f"{SITE}.*")) * model.n_neurons * CELL_BYTES
    stretches = stretches_of(model, documents, min(settings.context, model.n_positions))
    return indexed(
        stretches,
        model.vocab_size,
        n_rows=int(settings.table_megabytes * 2**20 / row),
        min_count=max(settings.min_count, 2),
        seed=settings.seed,
    )


def _gathered(
    model: Model, layers: list[int], passes: Iterator[list[Stretch]], gathered: Gathered, keeper: Keeper
) -> Generator[int, None, None]:
    """Gather pass by pass, yielding the number of each that is done."""
    reader = _Reader(layers, gathered)
    done_before = keeper.n_passes
    with torch.no_grad(), holding(model.anatomy, reader.visits()) as one_pass:
        for number, stretches in enumerate(passes):
            gathered.heard(stretches)
            if number < done_before:
                if number == done_before - 1:
                    keeper.take_up()
                continue
            inputs = reader.begin(model, stretches)
            gathered.begin(reader.plan)
            fired = one_pass(inputs).fired
            check_fired(reader.visits(), fired, stopped=False)
            gathered.end(reader.plan)
            yield number


class _Reader:
    """Hands the activations of each layer to those who count, and ends the pass after the last."""

    def __init__(self, layers: list[int], gathered: Gathered) -> None:
        self._places = {Place(SITE, layer, None): number for number, layer in enumerate(layers)}
        self._gathered = gathered
        self._pending: set[Place] = set()
        self.plan = Plan((), (), 0, gathered.settings.seed)

    def visits(self) -> dict[Place, Visit]:
        """Return what is to happen at each layer."""
        return {place: partial(self._visit, place) for place in self._places}

    def begin(self, model: Model, stretches: list[Stretch]) -> dict[str, Any]:
        """Return the inputs of a pass."""
        batch = prepare(model, [list(one.tokens) for one in stretches])
        self.plan = Plan(tuple(stretches), batch.starts, batch.tokens.shape[1], self._gathered.settings.seed)
        self._pending = set(self._places)
        return dict(batch.inputs)

    def _visit(self, place: Place, tensor: Tensor) -> Tensor:
        shape = [len(self.plan.stretches), self.plan.width, self._gathered.n_neurons]
        if list(tensor.shape) != shape:
            raise BadInput(
                f"Layer {place.layer} gives {list(tensor.shape)} for {SITE}, not {shape}: a record of all "
                "neurons needs as many in each layer, and a row for each token."
            )
        values = tensor.detach().cpu()
        values = values if values.dtype == torch.float64 else values.float()
        self._gathered.add(Block(self.plan, self._places[place], values.contiguous()))
        self._pending.discard(place)
        if not self._pending:
            raise Enough
        return tensor
