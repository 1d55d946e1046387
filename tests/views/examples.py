"""Small results of every kind, with the numbers that the tests look for."""

import numpy as np
import xarray as xr

from neuronscope.results import label, stamp

TOKENS = ["When", " Mary", "\n", "<script>"]
RNG = np.random.default_rng(7)


def lens(n_ranks: int = 3) -> xr.Dataset:
    """Return a grid with words in its cells and a slider: depth 4, position 4, rank."""
    probability = np.linspace(0.9, 0.0, 4 * 4 * n_ranks).reshape(4, 4, n_ranks)
    words = np.array([[[f" w{d}{p}{r}" for r in range(n_ranks)] for p in range(4)] for d in range(4)])
    found = label(
        {"rank": range(1, n_ranks + 1), "token": ("position", TOKENS)},
        probability=("depth position rank", probability, {"meaning": "how sure the model is"}),
        candidate=("depth position rank", words),
        entropy=("depth position", np.full((4, 4), 1.5), {"units": "nats"}),
    )
    return stamp(found, analysis="logit_lens", arguments={"prompt": "<script>alert(1)</script>"})


def effects() -> xr.Dataset:
    """Return a signed grid of which one value is not distinct from random and one is missing."""
    effect = np.array([[0.5, -0.2, 0.01], [2.0, np.nan, -1.0]])
    return label(
        {"token": ("position", TOKENS[:3])},
        effect=("depth position", effect, {"units": "logits"}),
        p=("depth position", np.array([[0.01, 0.01, 0.7], [0.01, np.nan, 0.01]])),
    ).assign_attrs(n=24, n_unit="prompts")


def profile() -> xr.Dataset:
    """Return a line over layers with an interval and what chance gives; layer 1 is not above it."""
    return label(
        {},
        accuracy=("layer", [0.9, 0.5, 0.8]),
        low=("layer", [0.8, 0.4, 0.7]),
        high=("layer", [1.0, 0.6, 0.9]),
        null=("layer", [0.5, 0.5, 0.5]),
    )


def ranking() -> xr.Dataset:
    """Return bars with names, whiskers and one that is not distinct from random."""
    return label(
        {"item": ["first", "second", "third"]},
        effect=("item", [3.0, -1.0, 0.2], {"units": "logits"}),
        low=("item", [2.0, -2.0, -0.3]),
        high=("item", [4.0, -0.5, 0.6]),
        p=("item", [0.001, 0.01, 0.4]),
    )


def graph() -> xr.Dataset:
    """Return four nodes in a diamond, the edges signed."""
    return label(
        {
            "node": ["embed", "head", "neuron", "logits"],
            "from_node": ("edge", ["embed", "embed", "head", "neuron"]),
            "to_node": ("edge", ["head", "neuron", "logits", "logits"]),
        },
        weight=("edge", [1.0, -2.0, 0.5, 4.0]),
        score=("node", [0.1, 0.2, 0.3, 0.4]),
    )


def attention() -> xr.Dataset:
    """Return patterns of two layers and three heads over four tokens."""
    pattern = np.tril(RNG.random((2, 3, 4, 4)))
    return label(
        {"query_token": ("query", TOKENS), "key_token": ("key", TOKENS)},
        pattern=("layer head query key", pattern / pattern.sum(-1, keepdims=True)),
    )


EXAMPLES = {
    "grid": lens(),
    "attention": attention(),
    "profile": profile(),
    "ranking": ranking(),
    "tokens": label({"token": ("position", TOKENS)}, surprise=("position", [1.0, 2.0, 0.5, 4.0])),
    "matrix": label(
        {"item": ["a", "b"], "other": ["a", "b"]}, similarity=("item other", [[1.0, -0.5], [-0.5, 1.0]])
    ),
    "points": label(
        {"group": ("item", ["x", "x", "y", "y"])}, place=("item component", RNG.normal(size=(4, 3)))
    ),
    "trajectory": label({"step": [0, 10, 20]}, path=("step component", [[0.0, 1.0], [1.0, 1.0], [2.0, 0.0]])),
    "field": label(
        {"x": [-1.0, 0.0, 1.0], "y": [0.0, 0.5]}, loss=("y x", [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    ),
    "graph": graph(),
}
