"""Which prompts turned out so, and which otherwise? The two groups that a direction is to tell apart."""

from typing import NamedTuple

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Float

from neuronscope.instruments.comparing.pairs import first_tokens
from neuronscope.instruments.linear import logit_direction
from neuronscope.models.model import Model
from neuronscope.words import BadInput


class Outcomes(NamedTuple):
    """Representations of prompts in two groups, and all else that is known of the same prompts."""

    rows: Float[np.ndarray, "prompt depth width"]
    has: Bool[np.ndarray, " prompt"]
    known: xr.Dataset


def outcomes_of(representations: xr.Dataset, name: str) -> Outcomes:
    """Return prompts with their representations in the two groups that a variable over prompt makes.

    A truth makes them as it stands, a number by whether it is above its median; prompts without a number are
    left out. Raises `BadInput`, with the counts, where all prompts are of one group.
    """
    kept = representations.get("representation")
    if kept is None or kept.dims != ("prompt", "depth", "width"):
        raise BadInput(
            "There is no 'representation' over prompt, depth and width: give a result of representations."
        )
    known = {str(key): one for key, one in representations.data_vars.items() if one.dims == ("prompt",)}
    names = sorted(key for key, one in known.items() if one.dtype.kind in "biuf")
    if name not in names:
        raise BadInput(f"There is no number or truth {name!r} over prompt; choose one of {', '.join(names)}.")
    values = known[name].values
    there = np.ones(len(values), dtype=bool) if values.dtype.kind == "b" else ~np.isnan(values.astype(float))
    has = values[there]
    if has.dtype.kind != "b":
        has = has > np.median(has) if len(has) else has.astype(bool)
    if not 0 < has.sum() < len(has):
        raise BadInput(
            f"By {name!r} {int(has.sum())} of {len(has)} prompts are one way and {int((~has).sum())} the "
            "other, and a direction needs both: ask more prompts, or a task that the model gets partly right."
        )
    some = representations.isel(prompt=np.flatnonzero(there))
    return Outcomes(some["representation"].values.astype(float), has, some)


def answer_directions(model: Model, known: xr.Dataset) -> Float[np.ndarray, "item width"]:
    """Return the directions that read the logits of the first tokens of all right and wrong answers.

    Raises `BadInput` where the answers are not known, and for a model without a plain output head.
    """
    found = []
    for name in ("answer", "distractor"):
        told = known[["clean", name]] if {"clean", name} <= set(known) else xr.Dataset()
        every = zip(*(told[key].values for key in told), strict=True)
        pairs = [(str(text), str(own)) for text, own in every if own]
        if pairs:
            texts, answers = zip(*pairs, strict=True)
            found.append(first_tokens(model, texts, answers))
    if not found:
        raise BadInput("The representations do not say what the answers are: choose another method.")
    return logit_direction(model, torch.cat(found).unique()).vectors.double().numpy(force=True)
