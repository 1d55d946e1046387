"""What follows when neurons are multiplied at every token, or put to their mean? Many such edits at once."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuronscope.instruments.comparing.reference import ablations
from neuronscope.instruments.ops import Op, add, scale
from neuronscope.instruments.run import check_fired
from neuronscope.instruments.visits import Gathered, place_of, visits_of
from neuronscope.models.attention import Place, Visit
from neuronscope.models.batch import Batch
from neuronscope.models.forward import forward
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.inputs import prepare
from neuronscope.models.model import Model
from neuronscope.models.shortcuts import Shortcuts, shortcuts
from neuronscope.models.sites import Site
from neuronscope.models.skipping import Resume
from neuronscope.results import track
from neuronscope.words import BadInput

_TOKENS_PER_PASS = 4096
_HELD_LOGITS = 2**25

Logits = Float[Tensor, "row position vocab"]
Measure = Callable[[Sequence[int], Logits], Callable[[Logits], Float[Tensor, "measure row"]]]
"""Takes the numbers of some prompts and their logits as they are; gives what measures their logits."""


@dataclass(frozen=True)
class Edit:
    """Neurons, by layer and number, whose activation is multiplied at every token; ``None`` puts their mean.

    Without neurons, or multiplied by 1, it changes nothing.
    """

    neurons: tuple[tuple[int, int], ...] = ()
    factor: float | None = 1.0

    @property
    def changes(self) -> bool:
        """Return whether there is anything that it changes."""
        return bool(self.neurons) and self.factor != 1.0

    @classmethod
    def of(cls, neurons: Sequence[Site], factor: float | None) -> "Edit":
        """Return the edit of these neurons, equal to another of the same ones in any order."""
        places = [(site.layer, site.unit) for site in neurons]
        return cls(tuple(sorted(places)), factor)  # pyright: ignore[reportArgumentType]


def edited(
    model: Model,
    prompts: Sequence[Int[Tensor, " position"]],
    edits: Sequence[Edit],
    measure: Measure,
    *,
    means: dict[int, Float[Tensor, " neuron"]] | None = None,
    last: bool = True,
    tokens_per_pass: int = _TOKENS_PER_PASS,
) -> Float[np.ndarray, "cell measure prompt"]:
    """Return what is measured of every prompt under every edit, one that changes nothing exactly as it is.

    ``means`` are of all neurons of a layer, for edits that put them; ``last`` keeps the logits of the last
    position alone. Prompts of one length run together, several edits as rows of the same pass, from the
    first layer that any of them changes; the same edit runs once. Raises `BadInput` as `run` does.
    """
    check_evaluation_mode(model.hf)
    different = list(dict.fromkeys(edit for edit in edits if edit.changes))
    for layer in {layer for edit in different for layer, _ in edit.neurons}:
        model.check(Site("mlp_act", layer))
    found: np.ndarray | None = None
    with torch.no_grad():
        for rows in track(_alike(prompts, tokens_per_pass), "batches of prompts"):
            batch = prepare(model, [prompts[row] for row in rows])
            passes = _Passes(model, batch, different, means or {}, last=last)
            measured = measure(rows, passes.unedited)
            columns = [measured(passes.unedited), *map(measured, passes.edited(tokens_per_pass))]
            here = torch.stack(columns).double().cpu().numpy()
            if found is None:
                found = np.full((len(different) + 1, here.shape[1], len(prompts)), np.nan)
            found[:, :, rows] = here
    if found is None:
        raise BadInput("There is no prompt to measure an edit on: give at least one.")
    place = {edit: number + 1 for number, edit in enumerate(different)}
    return found[[place.get(edit, 0) for edit in edits]]


def layer_means(
    model: Model, neurons: Sequence[Site], reference: Sequence[Tensor]
) -> dict[int, Float[Tensor, " neuron"]]:
    """Return the mean of every neuron of the layers of some, over all tokens of prompts but the first."""
    whole = list(dict.fromkeys(site.whole for site in neurons))
    ops = ablations(model, whole, reference)
    return {cast(int, site.layer): cast(Tensor, ops[site].value).flatten() for site in whole}


class _Passes:
    """Prompts of one length: their logits as they are, and under each edit, from the first changed layer."""

    def __init__(
        self, model: Model, batch: Batch, edits: Sequence[Edit], means: dict[int, Tensor], *, last: bool
    ) -> None:
        self.model, self.batch, self.edits, self.means = model, batch, edits, means
        self.can: Shortcuts = shortcuts(model.anatomy)
        self.keep = 1 if last else None
        self.layers = sorted({layer for edit in edits for layer, _ in edit.neurons})
        first = self.layers[0] if self.layers and self.can.grows else 0
        self.resume = first if 0 < first < model.n_layers else 0
        self.stream: Tensor | None = None
        reads = [Site("resid_pre", self.resume)] if self.resume else []
        gathered = Gathered({place_of(site) for site in reads})
        visits = visits_of(model, reads, [], gathered, batch=batch)
        self.unedited = self._pass(batch, visits, None)
        if reads:
            self.stream = gathered.values[reads[0]]

    def edited(self, tokens: int) -> Iterator[Tensor]:
        """Yield the logits under each edit, in their order."""
        n, width = len(self.batch), self.batch.width
        held = width if self.keep is None else 1
        room = min(tokens // (n * width), _HELD_LOGITS // (n * held * self.model.vocab_size))
        size = max(1, room)
        for start in range(0, len(self.edits), size):
            here = self.edits[start : start + size]
            rows = list(range(n)) * len(here)
            batch = self.batch.picked(rows)
            visits = visits_of(self.model, [], self._ops(here), Gathered(set()), batch=batch)
            resume = None if self.stream is None else Resume(self.resume, self.stream[rows])
            logits = self._pass(batch, visits, resume)
            yield from logits.split(n)

    def _pass(self, batch: Batch, visits: Mapping[Place, Visit], resume: Resume | None) -> Tensor:
        trim = self.can.trims and self.keep == 1
        keep = self.keep if self.can.grows else None
        done = forward(self.model.anatomy, batch.inputs, visits, resume=resume, keep=keep, trim=trim)
        check_fired(visits, done.fired, stopped=False)
        if done.logits is None:
            raise BadInput(f"{self.model.name} gives no logits, so nothing of an edit can be measured.")
        return done.logits if self.keep is None else done.logits[:, -1:]

    def _ops(self, edits: Sequence[Edit]) -> list[Op]:
        """Return one op a layer that multiplies each row's neurons, and one that adds their means."""
        ops = []
        for layer in self.layers:
            site = f"mlp_act.{layer}"
            n_neurons = self.model.anatomy.main.n_neurons(layer) or self.model.n_neurons
            gain = torch.ones(len(edits), n_neurons, dtype=self.model.dtype, device=self.model.device)
            shift = torch.zeros_like(gain)
            for row, edit in enumerate(edits):
                own = [neuron for at, neuron in edit.neurons if at == layer]
                gain[row, own] = 0.0 if edit.factor is None else edit.factor
                if edit.factor is None and own:
                    shift[row, own] = self.means[layer][own].to(shift)
            ops.append(scale(site, self._by_row(gain)))
            if bool(shift.any()):
                ops.append(add(site, self._by_row(shift)))
        return ops

    def _by_row(self, values: Tensor) -> Tensor:
        return values.repeat_interleave(len(self.batch), 0)[:, None]


def _alike(prompts: Sequence[Tensor], tokens: int) -> list[list[int]]:
    """Return which prompts run together: those of one length, within the budget."""
    by_length: dict[int, list[int]] = {}
    for number, prompt in enumerate(prompts):
        by_length.setdefault(len(prompt), []).append(number)
    found = []
    for length, numbers in sorted(by_length.items()):
        size = max(1, tokens // (2 * max(1, length)))
        found += [numbers[start : start + size] for start in range(0, len(numbers), size)]
    return found
