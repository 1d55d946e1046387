"""Prediction depth: after how many blocks has the model made up its mind?

The final answer is settled at the first depth from which it is the likeliest next token at every later depth
too. The whole distribution has converged at the first depth from which it stays close to the final one.
"""

from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.data.corpora import Corpus
from neuronscope.instruments import residual_stream
from neuronscope.instruments.comparing.pairs import check_goes_on
from neuronscope.instruments.comparing.passages import passages
from neuronscope.learned.lenses import Lens, divergence, readings
from neuronscope.maths.resampling import mean_interval
from neuronscope.models import Model
from neuronscope.results import label, track
from neuronscope.words import OnePrompt, PassageCount, PassageLength, Seed
from neuronscope.words.predictions import ConvergenceThreshold

LENGTHS = {
    "settled": "share of positions whose answer is settled",
    "converged": "share of positions whose distribution has converged",
    "divergence": "divergence from the final answer",
}


@analysis(kind="profile", cites="belrose2023tuned")
def prediction_depth(
    model: Model,
    corpus: Corpus | None = None,
    lens: Lens | None = None,
    *,
    prompt: OnePrompt = "",
    threshold: ConvergenceThreshold = 0.5,
    n_passages: PassageCount = 16,
    n_tokens: PassageLength = 64,
    seed: Seed = 0,
) -> xr.Dataset:
    """Find the depth from which the final answer is the likeliest next token, and stays so.

    Returns over depth the share of positions that are ``settled`` there for good, the share that have
    ``converged`` for good (divergence of at most ``threshold``) and the mean ``divergence`` KL(final‖reading)
    in nats; of passages each with its 95 % interval over passages. Over prompt and position, or over
    position where a prompt is given, stand ``prediction_depth``, ``convergence_depth`` and ``area``, the
    divergence averaged over the way from depth 0 to the last (trapezoids), in nats; of a prompt also
    the final ``answer``. Means leave out the first token of each text, which reads nothing before it. Without
    a corpus, passages are of Python's reference; without a lens the model's own unembedding reads.
    Raises ``BadInput`` for a model that reads both ways, for a lens of another shape and for too little text.

    >>> from neuronscope import open_model
    >>> found = prediction_depth(open_model("builtin:scribe"), prompt="The keys to the cabinet")
    >>> float(found.settled[-1])
    1.0
    """
    check_goes_on(model)
    if lens is not None:
        lens.check(model)
    if prompt:
        texts = [model.tokenize(prompt)]
    else:
        texts = passages(model, corpus, n=n_passages, n_tokens=min(n_tokens, model.n_positions), seed=seed)
    read = [_read(model, tokens, lens) for tokens in track(texts, "texts")]
    tops, apart = torch.stack([top for top, _ in read]), torch.stack([apart for _, apart in read])
    holds = {"settled": _for_good(tops == tops[:, -1:]), "converged": _for_good(apart <= threshold)}
    curves = {**{name: held.double() for name, held in holds.items()}, "divergence": apart}
    depths = {name: curves["divergence"].shape[1] - held.sum(1) for name, held in holds.items()}
    area = torch.trapezoid(apart, dim=1) / max(1, apart.shape[1] - 1)
    kept = slice(1, None) if len(texts[0]) > 1 else slice(None)
    unit = {"n": len(texts), "n_unit": "prompts" if prompt else "passages"}
    variables: dict[str, tuple[Any, ...]] = {}
    for name, values in curves.items():
        told = {"long_name": LENGTHS[name], "units": "nats" if name == "divergence" else "1", **unit}
        variables |= _estimated(name, values[..., kept].mean(-1).numpy(), told)
    where = "position" if prompt else "prompt position"
    each = {"prediction_depth": depths["settled"], "convergence_depth": depths["converged"], "area": area}
    names = ("prediction depth", "depth of convergence", "mean divergence on the way")
    for (name, values), long_name in zip(each.items(), names, strict=True):
        told = {"long_name": long_name, "units": "nats" if name == "area" else "blocks"}
        variables[name] = (where, values[0] if prompt else values, told)
    coords: dict[str, Any] = {"depth": range(apart.shape[1])}
    if prompt:
        coords["token"] = ("position", model.token_texts(texts[0]))
        variables["answer"] = ("position", model.token_texts(tops[0, -1]), {"long_name": "final answer"})
    mean = mean_interval(depths["settled"].double()[:, kept].mean(-1).numpy())
    ends = {} if prompt else {"mean_depth_low": float(mean.low), "mean_depth_high": float(mean.high)}
    return label(coords, **variables).assign_attrs(
        mean_depth=float(mean.estimate), threshold=threshold, **ends
    )


def _read(model: Model, tokens: Tensor, lens: Lens | None) -> tuple[Tensor, Tensor]:
    """Return the likeliest token and the divergence at every depth and position of one text."""
    stream = residual_stream(model, tokens)
    stream = stream if lens is None else lens.translated(stream)
    top = torch.zeros(stream.shape[:2], dtype=torch.long)
    apart = torch.zeros(stream.shape[:2], dtype=torch.float64)
    for part, log_p, said in readings(model, stream):
        top[part], apart[part] = log_p.argmax(-1).cpu(), divergence(log_p, said).double().cpu()
    return top, apart


def _for_good(holds: Tensor) -> Tensor:
    """Say of each depth whether something holds there and at every later one [text depth position]."""
    return holds.flip(1).long().cumprod(1).bool().flip(1)


def _estimated(name: str, values: np.ndarray, told: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return the mean over texts [text depth], and its interval where there are several."""
    found = mean_interval(values)
    named = {name: ("depth", found.estimate, told)}
    if len(values) > 1:
        named |= {f"{name}_low": ("depth", found.low), f"{name}_high": ("depth", found.high)}
    return named
