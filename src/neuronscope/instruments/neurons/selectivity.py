"""How many things does a neuron answer to? Many measures of one activity, none of them the measure."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from neuronscope.instruments.neurons.profiles import (
    Profiles,
    contexts,
    drawn_tokens,
    input_biases,
    strongest,
    token_classes,
    weight_profiles,
)
from neuronscope.maths.geometry.clustering import split_scan
from neuronscope.maths.geometry.projection import principal_components
from neuronscope.maths.geometry.sparsity import (
    class_selectivity,
    excess_kurtosis,
    gini,
    hoyer,
    label_entropy,
    participation,
)
from neuronscope.models import Model
from neuronscope.words import BadInput

MEASURES = {
    "kurtosis": "excess kurtosis of the activation",
    "hoyer": "Hoyer sparsity of the activation",
    "gini": "Gini index of the activation",
    "participation": "share of tokens that take part",
    "class_selectivity": "selectivity for the favourite class of tokens",
    "class_entropy": "entropy of the classes of the strongest tokens",
    "token_entropy": "entropy of the strongest tokens",
    "context_clusters": "clusters of the contexts of the strongest tokens",
    "context_silhouette": "silhouette of these clusters",
    "input_norm_bias": "length of the input weights times the bias",
}
"""Name of each measure to what it is."""
UNITS = {"class_entropy": "bits", "token_entropy": "bits"}
EXPERIMENTAL = ("context_clusters", "context_silhouette", "input_norm_bias")
_CONTEXT_COMPONENTS = 8


def neuron_measures(
    model: Model,
    activity: Profiles,
    read: Sequence[Tensor],
    *,
    n_examples: int,
    n_null: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Return each of the `MEASURES` that can be had, over the neurons, and ``context_p``, by name.

    ``read`` are the passages of the activity. Weights that are hidden leave ``input_norm_bias`` out; without
    draws of chance there is no number of clusters and no p.
    """
    values, best = activity.values, strongest(activity, n_examples)
    classes = token_classes(model, activity.tokens)
    found = {
        "kurtosis": excess_kurtosis(values),
        "hoyer": hoyer(values),
        "gini": gini(values),
        "participation": participation(values),
        "class_selectivity": class_selectivity(values, classes)[0],
        "class_entropy": label_entropy(classes[best]),
        "token_entropy": label_entropy(activity.tokens[best]),
    }
    layers = np.unique(activity.layer).tolist()
    null = drawn_tokens(activity, n_examples, max(1, n_null), rng)
    parts = [
        _in_context(seen, best[activity.layer == layer], null)
        for layer, seen in zip(layers, contexts(model, read, layers), strict=True)
    ]
    names = ("context_clusters", "context_silhouette", "context_p")
    found |= {name: np.concatenate([part[i] for part in parts]) for i, name in enumerate(names)}
    if not n_null:
        found |= {name: np.full(len(values), np.nan) for name in ("context_clusters", "context_p")}
    try:
        length = np.linalg.norm(weight_profiles(model, layers, side="input").values, axis=1)
        found["input_norm_bias"] = length * np.concatenate([input_biases(model, layer) for layer in layers])
    except BadInput:
        pass
    return found


def _in_context(seen: np.ndarray, best: np.ndarray, null: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return number of clusters, silhouette and p of the contexts of each neuron's strongest tokens."""
    points = principal_components(seen, _CONTEXT_COMPONENTS).coordinates
    return split_scan(points[best], points[null])
