"""How is a layer of neurons kept in a few bytes? In steps of a scale, in halves, or by the strongest."""

from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.words import BadInput

Detail = Literal["int8", "f16", "f32", "top"]
STRONGEST = 32
_STEPS = 127
_BYTES = {"int8": 1, "f16": 2, "f32": 4}


def packed(activation: Float[Tensor, "layer neuron"], detail: Detail) -> dict[str, np.ndarray]:
    """Return activations in few bytes: one array each of what `AXES_OF` names for the detail.

    ``int8`` keeps whole steps of a ``scale``, 127 of which are the layer's largest magnitude; ``top`` keeps
    each layer's strongest by magnitude, the strongest first. Raises `BadInput` for what half precision
    cannot hold, and for what is not a number.
    """
    values = activation.detach().float().cpu()
    largest = values.abs().amax(1)
    if not bool(largest.isfinite().all()):
        raise BadInput(
            "An activation is not a finite number, so it cannot be kept: choose another precision."
        )
    if detail == "f32":
        return {"activation": values.numpy()}
    if detail == "f16":
        return {"activation": _half(values)}
    if detail == "int8":
        scale = largest / _STEPS
        steps = (values / scale.clamp(min=torch.finfo(torch.float32).tiny)[:, None]).round_()
        return {"activation": steps.clamp_(-_STEPS, _STEPS).to(torch.int8).numpy(), "scale": scale.numpy()}
    count = min(STRONGEST, values.shape[1])
    best = values.abs().topk(count, dim=1).indices
    small = values.shape[1] <= 2**16
    return {
        "top_neuron": best.numpy().astype(np.uint16 if small else np.uint32),
        "top_activation": _half(values.gather(1, best)),
    }


def bytes_each(detail: Detail, *, layers: int, neurons: int) -> int:
    """Return how many bytes the activations of one token take."""
    return layers * (min(STRONGEST, neurons) * 4 if detail == "top" else neurons * _BYTES[detail])


AXES_OF = {
    "activation": "layer neuron",
    "scale": "layer",
    "top_neuron": "layer item",
    "top_activation": "layer item",
    "stream_norm": "depth",
    "pattern": "layer head key",
}
"""Axes of each array that is kept for one token."""


def _half(values: Tensor) -> np.ndarray:
    half = values.half()
    if not bool(half.isfinite().all()):
        raise BadInput(
            f"An activation of {float(values.abs().max()):.3g} is too large for half precision: "
            "take f32 or int8."
        )
    return half.numpy()
