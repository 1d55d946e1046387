"""Neuron logits: which tokens does a neuron promote, and which excite it, by its weights alone?"""

from collections.abc import Sequence

import numpy as np
import torch
import xarray as xr
from torch import Tensor

from neuronscope.contract import analysis
from neuronscope.instruments.comparing.components import listed
from neuronscope.instruments.linear import logit_direction, neuron_gains, pulled_back
from neuronscope.instruments.meaning.alignment import alignment_p
from neuronscope.instruments.meaning.vocabulary import (
    Connection,
    connections,
    kurtosis,
    most_selective,
    ordered,
    written_tokens,
)
from neuronscope.instruments.meaning.weights import named_neurons, neuron_outputs, told_of
from neuronscope.instruments.metrics import answer_token
from neuronscope.maths.significance import benjamini_hochberg, rank_p
from neuronscope.models import Model
from neuronscope.models.sites import Site
from neuronscope.results import label, placed
from neuronscope.words import BadInput, LayerIndex, Seed, TopK
from neuronscope.words.neurons import ChanceDraws, ChosenNeurons, NeuronNames, PushToken

_NEURON = "mlp_act.{item_layer}.{item_neuron}"


@analysis(kind="ranking", cites="geva2022vocabulary")
def neuron_logits(
    model: Model,
    *,
    neurons: NeuronNames = "",
    layer: LayerIndex = -1,
    target: PushToken = "",
    distractor: PushToken = "",
    top_k: TopK = 10,
    n_neurons: ChosenNeurons = 4,
    n_null: ChanceDraws = 200,
    seed: Seed = 0,
) -> xr.Dataset:
    """Tell which tokens a neuron pushes up or down and which it reads, by its weights alone.

    Returns over item and rank the ``connection`` to a token and its ``text``, the highest first, the lowest
    last. An item is what a neuron writes, in logits for one unit of activation, or what it reads of a token's
    embedding, before its activation function, a gate's linear branch apart; both with the scale of the norm
    they pass left out. ``p`` is how often the largest connection of random weights of the same length is as
    large; ``largest_null`` its mean. ``kurtosis`` over the vocabulary, with ``kurtosis_p``, is high where few
    tokens stand out. With a ``target``, over line the neurons that push most towards it (and away from the
    ``distractor``), ``top_push``, and ``push`` over layer and neuron for all, with p of random directions,
    corrected. Neurons that are not named are those, or the most selective writers of ``layer``. Raises
    `BadInput` for neurons and tokens that there are not, and where neurons write or read otherwise.
    """
    if distractor and not target:
        raise BadInput("neuron_logits: a distractor needs a target to be compared with; name both.")
    if layer >= model.n_layers:
        raise BadInput(f"neuron_logits: layer={layer} is beyond the model's last, {model.n_layers - 1}.")
    layers = model.layers("mlp_act") if layer < 0 else [layer]
    written = written_tokens(model)
    pushed, best = _pushed(model, layers, target, distractor, max(top_k, n_neurons)) if target else ({}, [])
    if neurons:
        chosen: list[Site] = list(named_neurons(model, neurons))
    else:
        names = best[:n_neurons] or most_selective(model, written, layers, n_neurons)
        chosen = ordered(listed(model, " ".join(names)), names)
    found = list(connections(model, chosen, written, n_null=n_null, seed=seed))
    k = min(top_k, model.vocab_size // 2)
    order = torch.stack([_ends(one.tokens, k) for one in found])
    values = torch.stack([one.tokens for one in found]).gather(1, order).double().numpy(force=True)
    texts = {token: model.token_text(token) for token in order.unique().tolist()}
    names = [f"{one.site.layer}.{one.site.unit} {one.side}" for one in found]
    about = {"long_name": "connection to the token", "units": "a.u.", "signed": True}
    result = label(
        {
            "item": ("item", names, {"long_name": "neuron"}),
            "item_layer": ("item", [one.site.layer for one in found]),
            "item_neuron": ("item", [one.site.unit for one in found]),
            **({"layer": layers} if target else {}),
        },
        **pushed,
        connection=("item rank", values, about),
        text=(
            "item rank",
            [[texts[token] for token in row] for row in order.tolist()],
            {"long_name": "token"},
        ),
        token=("item rank", order, {"long_name": "token number"}),
        p=("item rank", _p(found, values), {"long_name": "p of the largest of random weights"}),
        largest_null=("item", [float(one.largest.mean()) for one in found]),
        **_tailedness(found),
    )
    return placed(result, connection=_NEURON, push="mlp_act.{layer}.{neuron}").assign_attrs(told_of(model))


def _pushed(
    model: Model, layers: Sequence[int], target: str, distractor: str, n: int
) -> tuple[dict[str, tuple[object, ...]], list[str]]:
    """Return how much every neuron pushes, the list of those that push most, and their addresses."""
    tokens = [answer_token(model, text) for text in (target, distractor) if text]
    v = pulled_back(model, logit_direction(model, *tokens))
    push = torch.stack([neuron_gains(model, layer, v)[0] for layer in layers]).double().numpy(force=True)
    length = torch.stack([neuron_outputs(model, layer).norm(dim=-1) for layer in layers]).double()
    cosine = push / (length.numpy(force=True) * float(v.double().norm()))
    p = benjamini_hochberg(alignment_p(cosine, model.width))
    order = np.argsort(-np.abs(push), axis=None, kind="stable")[: min(n, push.size)]
    names = [f"{layers[at // push.shape[1]]}.{at % push.shape[1]}" for at in order.tolist()]
    towards = f"push towards {target}" + (f" rather than {distractor}" if distractor else "")
    about = {"long_name": towards, "units": "logits per activation", "signed": True}
    found = {
        "top_push": ("line", push.ravel()[order], about),
        "top_push_p": ("line", p.ravel()[order], {"long_name": "p of random directions, corrected"}),
        "pusher": ("line", names, {"long_name": "neuron"}),
        "push": ("layer neuron", push, about),
        "push_p": ("layer neuron", p, {"long_name": "p of random directions, corrected"}),
    }
    return found, [f"mlp_act.{name}" for name in names]


def _ends(values: Tensor, k: int) -> Tensor:
    """Return the tokens of the k highest and the k lowest values, the highest first."""
    return torch.cat([values.topk(k).indices, (-values).topk(k).indices.flip(0)])


def _p(found: Sequence[Connection], values: np.ndarray) -> np.ndarray:
    largest = [one.largest.double().numpy(force=True) for one in found]
    rows = [
        rank_p(np.abs(row), np.repeat(null[:, None], len(row), 1), tail="above")
        for row, null in zip(values, largest, strict=True)
    ]
    return np.stack(rows)


def _tailedness(found: Sequence[Connection]) -> dict[str, tuple[object, ...]]:
    own = np.array([_kurtosis(one.tokens) for one in found])
    null = np.stack([one.tailedness.numpy(force=True) for one in found], 1)
    return {
        "kurtosis": ("item", own, {"long_name": "kurtosis over the vocabulary", "units": "1"}),
        "kurtosis_null": ("item", null.mean(0)),
        "kurtosis_p": ("item", rank_p(own, null, tail="above")),
    }


def _kurtosis(values: Tensor) -> float:
    return float(kurtosis(values))
