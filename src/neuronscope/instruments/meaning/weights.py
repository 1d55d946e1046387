"""What does a neuron read from the stream and write to it, by its weights alone?

Norms are gone through with their gain and centring; the scale that they divide by depends on the text and is
left out, so that numbers of one neuron compare with each other, whatever the text.
"""

from typing import cast
from weakref import WeakKeyDictionary

import torch
from jaxtyping import Float
from torch import Tensor, nn

from neuronscope.instruments.comparing.components import Components, components
from neuronscope.instruments.linear import neuron_gains
from neuronscope.instruments.run import run
from neuronscope.models.certificate import REFUSED
from neuronscope.models.model import Model
from neuronscope.models.parts.matrices import matrix, packed_because
from neuronscope.models.parts.norms import Held, alike, held
from neuronscope.models.parts.towers import specimen
from neuronscope.words import BadInput

BRANCHES = ("mlp_pre", "mlp_up")
"""The sites that a neuron's input weights give: what is activated, and the branch that a gate multiplies."""

_TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}
_KNOWN: "WeakKeyDictionary[nn.Module, dict[tuple[int, str], tuple[Tensor, Held]]]" = WeakKeyDictionary()


def named_neurons(model: Model, text: str) -> Components:
    """Return the neurons that a text lists, as `3.17, 5.94` or `mlp_act.3.17`, in order, each once.

    Raises `BadInput` for what is no neuron of this model, and where none is named.
    """
    parts = text.replace(",", " ").split()
    for part in parts:
        numbers = part.removeprefix("mlp_act.").split(".")
        if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
            raise BadInput(f"{part!r} names no neuron: write its layer and number, as 3.17.")
    return components(model, *(f"mlp_act.{part.removeprefix('mlp_act.')}" for part in parts))


def branches(model: Model) -> list[str]:
    """Return the sites that a neuron's input weights give: two where a gate multiplies a linear branch."""
    return [name for name in BRANCHES if model.certificate.row(name).status != REFUSED]


def told_of(model: Model) -> dict[str, str]:
    """Return what a result says where the input weights of the neurons are not to be had, else nothing."""
    if branches(model):
        return {}
    return {
        "meaning": "What these neurons read is in no matrix of their own, so only what they write is told."
    }


def neuron_outputs(model: Model, layer: int) -> Float[Tensor, "neuron width"]:
    """Return what each neuron of a layer writes to the stream for one unit of activation.

    Raises `BadInput` for a layer whose neurons write through no plain matrix.
    """
    return neuron_gains(model, layer, torch.eye(model.width, dtype=model.dtype, device=model.device)).T


def neuron_inputs(model: Model, layer: int, branch: str = "mlp_pre") -> Float[Tensor, "neuron width"]:
    """Return along which direction of the stream each neuron of a layer reads: C(γ∘W_in[:, n]).

    A vector in the stream moves what the neuron reads by its product with this, over the scale of the norm
    before the MLP. ``branch`` is one of `BRANCHES`. Raises `BadInput` for a layer whose neurons read through
    no plain matrix.
    """
    weights, norm = _inputs(model, layer, branch)
    return norm.back(weights.T)


def input_norm(model: Model, layer: int, branch: str = "mlp_pre") -> Held:
    """Return the norm before the MLP with its scale left out, which `neuron_inputs` goes through."""
    return _inputs(model, layer, branch)[1]


def input_weights(model: Model, layer: int, branch: str = "mlp_pre") -> Float[Tensor, "width neuron"]:
    """Return the input weights of a layer's neurons themselves, behind the norm."""
    return _inputs(model, layer, branch)[0]


def token_vectors(model: Model) -> Float[Tensor, "vocab width"]:
    """Return what the embedding looks up for each token of the vocabulary, positions left out.

    Raises `BadInput` for a model whose tokens enter the stream through more than a table.
    """
    embedding = model.anatomy.main.embedding
    ids = torch.arange(model.vocab_size, device=model.device)
    found = None if embedding is None else cast(Tensor, embedding(ids))
    if found is None or found.shape != (model.vocab_size, model.width):
        raise BadInput(
            f"The tokens of {model.name} do not enter its stream by one table, so none can be compared."
        )
    return found.detach()


def _inputs(model: Model, layer: int, branch: str) -> tuple[Tensor, Held]:
    known = _KNOWN.setdefault(model.hf, {})
    if (layer, branch) not in known:
        known[layer, branch] = _found(model.bare, layer, branch)
    return known[layer, branch]


def _found(model: Model, layer: int, branch: str) -> tuple[Tensor, Held]:
    """Return weights and norm, once a pass has shown that they give what the model computes."""
    stack, tolerance = model.anatomy.main, _TOLERANCE.get(model.dtype, 1e-4)
    read = stack.pre(layer) if branch == "mlp_pre" else stack.up(layer)
    if read is None or packed_because(read) or stack.experts(layer) is not None:
        why = "experts choose" if stack.experts(layer) is not None else "no plain matrix is known"
        raise BadInput(f"What the neurons of layer {layer} of {model.name} read is hidden: {why}.")
    stream = f"resid_pre.{layer}" if stack.wiring(layer).parallel else f"resid_mid.{layer}"
    seen = run(model, specimen(model.hf), get=[stream, f"mlp_in.{layer}", f"{branch}.{layer}"], stop=True)
    norm = held(stack.second_norm(layer), seen[stream], seen[f"mlp_in.{layer}"], tolerance)
    weights, bias = matrix(read).detach(), cast(Tensor | None, getattr(read, "bias", None))
    made = seen[f"mlp_in.{layer}"].to(weights.dtype) @ weights
    if norm is None or not alike(made if bias is None else made + bias, seen[f"{branch}.{layer}"], tolerance):
        raise BadInput(
            f"What the neurons of layer {layer} of {model.name} read comes not from the stream by one norm "
            "and one matrix, so their weights tell nothing."
        )
    return weights, norm
