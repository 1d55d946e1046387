"""On which texts is a neuron explained, and on which is the explanation tried? Never on the same ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from neuronscope.instruments.meaning.interacting import activations
from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

WINDOW = 16
_AT_ONCE = 8
_TOP = ("token", "activation", "top_document", "top_position")
_SAMPLE = ("sample_token", "sample_activation", "sample_document", "sample_position")


@dataclass(frozen=True, eq=False)
class Excerpt:
    """A few tokens in a row, and what one neuron did at each of them."""

    tokens: tuple[str, ...]
    activations: np.ndarray


@dataclass(frozen=True, eq=False)
class Excerpts:
    """Where a neuron is most active, from the highest, and where it was looked at without looking at it."""

    top: tuple[Excerpt, ...]
    random: tuple[Excerpt, ...]

    def part(self, number: int) -> "Excerpts":
        """Return every second of both, from the first (0) or the second (1): two parts without overlap."""
        return Excerpts(self.top[number::2], self.random[number::2])

    @property
    def every(self) -> tuple[Excerpt, ...]:
        """Return the top ones, then those at random."""
        return self.top + self.random


def most_peaked(model: Model, passages: Sequence[Tensor], n: int) -> list[Site]:
    """Return the neurons whose highest activation lies most standard deviations above their mean.

    The first token of each passage does not count.
    """
    total: dict[int, tuple[Tensor, Tensor, Tensor]] = {}
    n_tokens = 0
    for start in range(0, len(passages), _AT_ONCE):
        seen = run(model, torch.stack(list(passages[start : start + _AT_ONCE])), get="mlp_act.*", stop=True)
        for layer in model.layers("mlp_act"):
            active = seen[f"mlp_act.{layer}"][:, 1:].flatten(0, 1).double()
            new = active.sum(0), active.square().sum(0), active.amax(0)
            old = total.get(layer, (torch.zeros_like(new[0]), torch.zeros_like(new[0]), new[2]))
            total[layer] = old[0] + new[0], old[1] + new[1], torch.maximum(old[2], new[2])
        n_tokens += sum(len(one) - 1 for one in passages[start : start + _AT_ONCE])
    found: list[tuple[float, Site]] = []
    for layer, (one, two, most) in total.items():
        mean = one / n_tokens
        deviation = (two / n_tokens - mean.square()).clamp(min=0).sqrt()
        peak = torch.where(deviation > 0, (most - mean) / deviation, 0.0)
        best = peak.topk(min(n, len(peak)))
        pairs = zip(best.values.tolist(), best.indices.tolist(), strict=True)
        found += [(value, Site("mlp_act", layer, neuron)) for value, neuron in pairs]
    return [site for _, site in sorted(found, key=lambda pair: -pair[0])[:n]]


def read_excerpts(
    model: Model,
    sites: Sequence[Site],
    passages: Sequence[Tensor],
    *,
    n_top: int,
    n_random: int,
    seed: int = 0,
) -> list[Excerpts]:
    """Return for each neuron its top excerpts of the passages and others at random, first tokens left out.

    Passages are cut into excerpts of 16 tokens; one that repeats another is left out. Raises `BadInput`
    where the passages hold too few.
    """
    active = activations(model, sites, passages)
    width = min(WINDOW, active.shape[2])
    texts: dict[tuple[int, ...], tuple[int, int]] = {}
    for row, passage in enumerate(passages):
        ids = passage[1:].tolist()
        for start in range(0, len(ids) - width + 1, width):
            texts.setdefault(tuple(ids[start : start + width]), (row, start))
    if len(texts) < n_top + n_random:
        raise BadInput(
            f"The passages hold {len(texts)} different excerpts of {width} tokens, fewer than {n_top} top "
            f"ones and {n_random} at random: read more passages or ask for fewer."
        )
    words = {token: model.token_text(token) for ids in texts for token in ids}
    tokens = [tuple(words[token] for token in ids) for ids in texts]
    found = []
    for own in active:
        cut = [own[row, start : start + width] for row, start in texts.values()]
        order = np.argsort([-float(one.max()) for one in cut], kind="stable")
        left = np.random.default_rng(seed).permutation(order[n_top:])[:n_random]
        found.append(
            Excerpts(
                tuple(Excerpt(tokens[at], cut[at]) for at in order[:n_top]),
                tuple(Excerpt(tokens[at], cut[at]) for at in left),
            )
        )
    return found


def recorded_excerpts(record: xr.Dataset, site: Site, *, n_top: int, n_random: int) -> Excerpts:
    """Return the excerpts of a neuron that `neuron_examples` kept; one that overlaps another is left out.

    Raises `BadInput` for a result of another kind, and where it lacks the neuron.
    """
    _check(record, *_TOP, *_SAMPLE, "token_text")
    if site.layer not in record.layer.values or site.unit not in record.neuron.values:
        raise BadInput(
            f"The record holds no neuron {site.layer}.{site.unit}: ask neuron_examples for its layer."
        )
    own = record.sel(layer=site.layer, neuron=site.unit)
    texts, width = own.token_text.values, own.sizes["position"]
    taken: list[tuple[int, int]] = []
    found: list[tuple[Excerpt, ...]] = []
    for names, most in ((_TOP, n_top), (_SAMPLE, n_random)):
        kept: list[Excerpt] = []
        for ids, active, document, place in zip(*(own[name].values for name in names), strict=True):
            apart = all(document != other or abs(place - at) >= width for other, at in taken)
            # The first token of a stretch never counts, and outside stands what is before it.
            first = ids[0] < 0 or place + own.position.values[0] <= 0
            one = _kept(ids, active, texts, skip=int(first))
            if one is not None and apart and len(kept) < most:
                taken.append((int(document), int(place)))
                kept.append(one)
        found.append(tuple(kept))
    return Excerpts(*found)


def recorded_peaks(record: xr.Dataset, n: int) -> list[Site]:
    """Return the neurons of a record whose highest activation lies most deviations above their mean."""
    _check(record, "variance", "maximum", "mean")
    spread = np.sqrt(np.maximum(record.variance.values, 0))
    peak = np.where(spread > 0, record.maximum.values - record["mean"].values, 0) / np.where(
        spread > 0, spread, 1
    )
    order = np.argsort(-np.nan_to_num(peak), axis=None, kind="stable")[:n]
    layers, neurons = np.unravel_index(order, peak.shape)
    return [
        Site("mlp_act", int(record.layer.values[layer]), int(record.neuron.values[neuron]))
        for layer, neuron in zip(layers, neurons, strict=True)
    ]


def _check(record: xr.Dataset, *names: str) -> None:
    if not set(names) <= {*map(str, record.variables)}:
        raise BadInput("This result is no record of all neurons: give one made by neuron_examples, or none.")


def _kept(ids: np.ndarray, active: np.ndarray, texts: np.ndarray, *, skip: int) -> Excerpt | None:
    inside = np.flatnonzero((ids >= 0) & np.isfinite(active))[skip:]
    if not len(inside):
        return None
    return Excerpt(tuple(str(texts[token]) for token in ids[inside]), active[inside].astype(float))
