"""Where does every head look, on many prompts? Patterns in parts that fit, one length of prompt at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy import ndarray
from torch import Tensor

from neuronscope.instruments.run import run
from neuronscope.models.model import Model
from neuronscope.models.sites import Site
from neuronscope.results import track
from neuronscope.words import BadInput

_HELD = 2**22
_SCALED = 64  # some families divide by the scale after they mask


@dataclass(frozen=True)
class Patterns:
    """The patterns of some layers on some prompts of one length, and which keys a query may look at."""

    rows: list[int]
    layers: list[int]
    pattern: Float[ndarray, "layer prompt head query key"]
    visible: Bool[ndarray, "layer query key"]


def attending_layers(model: Model) -> list[int]:
    """Return the layers whose patterns can be read; raises `BadInput` where there is none."""
    model.check(Site.parse("pattern.*"))
    return model.layers("pattern", model.anatomy.main.name)


def head_patterns(model: Model, prompts: Sequence[Tensor], *, held: int = _HELD) -> Iterator[Patterns]:
    """Yield the attention patterns of all heads on all prompts, in parts of at most ``held`` numbers.

    Prompts of one length run together and none is padded, so no number depends on its neighbours. Every
    prompt comes once for every layer; a part holds as many prompts and layers as fit, at least one of each.
    """
    layers = attending_layers(model)
    parts: list[tuple[list[int], list[int]]] = []
    for n_tokens, rows in _by_length(prompts).items():
        one = model.n_heads * n_tokens * n_tokens
        n_layers = min(len(layers), max(1, held // one))
        n_rows = max(1, held // (one * n_layers))
        parts += [
            (rows[row : row + n_rows], layers[layer : layer + n_layers])
            for row in range(0, len(rows), n_rows)
            for layer in range(0, len(layers), n_layers)
        ]
    known: dict[int, ndarray] = {}
    for rows, some in track(parts, "patterns"):
        n_tokens = len(prompts[rows[0]])
        if n_tokens not in known:
            known = {n_tokens: visible_keys(model, prompts[rows[0]])}
        sites = [f"pattern.{layer}" for layer in some]
        seen = run(model, [prompts[row] for row in rows], get=sites, stop=True)
        pattern = np.stack([seen[site].double().cpu().numpy() for site in sites])
        start = layers.index(some[0])
        yield Patterns(rows, some, pattern, known[n_tokens][start : start + len(some)])


def measured_heads(
    model: Model,
    prompts: Sequence[Tensor],
    measure: Callable[[Patterns], Mapping[str, Float[ndarray, "layer prompt head *more"]]],
) -> dict[str, Float[ndarray, "prompt layer head *more"]]:
    """Return what a measure makes of the patterns of every prompt and layer; no pattern is kept."""
    layers = attending_layers(model)
    found: dict[str, ndarray] = {}
    for part in head_patterns(model, prompts):
        places = [layers.index(layer) for layer in part.layers]
        for name, values in measure(part).items():
            if name not in found:
                found[name] = np.full((len(prompts), len(layers), *values.shape[2:]), np.nan)
            found[name][np.ix_(part.rows, places)] = np.swapaxes(values, 0, 1)
    return found


def visible_keys(model: Model, prompt: Tensor) -> Bool[ndarray, "layer query key"]:
    """Return which keys each query may look at in every layer that attends, read off the masked scores."""
    sites = [f"scores.{layer}" for layer in attending_layers(model)]
    seen = run(model, prompt, get=sites, stop=True)
    scores = [seen[site][0].amax(0) for site in sites]
    return np.stack([(score > torch.finfo(score.dtype).min / _SCALED).cpu().numpy() for score in scores])


def is_causal(model: Model) -> bool:
    """Return whether no query of the model looks ahead."""
    return not np.triu(visible_keys(model, model.tokenize([0, 0, 0])), 1).any()


def _by_length(prompts: Sequence[Tensor]) -> dict[int, list[int]]:
    if not len(prompts):
        raise BadInput("There is no prompt to read patterns on: give at least one.")
    found: dict[int, list[int]] = {}
    for row, prompt in enumerate(prompts):
        found.setdefault(len(prompt), []).append(row)
    return dict(sorted(found.items()))
