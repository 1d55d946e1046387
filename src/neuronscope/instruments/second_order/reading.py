"""What is read off the last stream: the answer against the wrong one, the answer alone, or being right?"""

from typing import Literal

import numpy as np
import torch
import xarray as xr

from neuronscope.instruments.linear import Direction, logit_direction
from neuronscope.instruments.linear.fixed import bias_of, fixed
from neuronscope.instruments.second_order.problems import Problems
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.models.parts.taps import Absence
from neuronscope.words import BadInput

Reading = Literal["difference", "mean_difference", "answer"]


def reading_of(
    model: Model, problems: Problems, *, reading: Reading, direction: xr.Dataset | None
) -> Direction:
    """Return the direction of the normalised stream that is read out of each problem.

    ``difference`` reads the logit of the right answer's first token minus that of the wrong one's;
    ``mean_difference`` takes the mean of these over the problems, one for all; ``answer`` reads the right
    token's logit above the mean of the vocabulary. Where ``direction`` is given, a result of
    `correctness_direction`, its vector at the last depth is read instead, in units of that direction. Raises
    `BadInput` for a model without a plain output head and for a direction of another width.
    """
    if direction is not None:
        return _given(model, direction)
    if reading == "answer":
        return _above_the_mean(model, logit_direction(model, problems.target))
    difference = logit_direction(model, problems.target, problems.distractor)
    if reading == "mean_difference":
        return Direction(difference.vectors.mean(0, keepdim=True), difference.constant.mean(0, keepdim=True))
    return difference


def _above_the_mean(model: Model, answer: Direction) -> Direction:
    parts = fixed(model)
    assert not isinstance(parts.head, Absence)
    mean, bias = matrix(parts.head).mean(1), bias_of(parts.head)
    off = 0.0 if bias is None else bias.mean()
    return Direction(answer.vectors - mean * parts.logits, answer.constant - off * parts.logits)


def _given(model: Model, direction: xr.Dataset) -> Direction:
    if "direction" not in direction or direction["direction"].dims[-1:] != ("width",):
        raise BadInput(
            "direction has no variable 'direction' over width: give a result of correctness_direction."
        )
    found = direction["direction"]
    vector = np.asarray((found.isel(depth=-1) if "depth" in found.dims else found).values, dtype=float)
    if vector.shape != (model.width,):
        raise BadInput(
            f"direction has {vector.shape[-1]} entries, but {model.name} has width {model.width}: "
            "give a direction that was found in this model."
        )
    vectors = torch.tensor(vector, device=model.device, dtype=model.dtype)[None]
    return Direction(vectors, vectors.new_zeros(1))
