"""The parts of a model, named once and laid out alike by every analysis."""

from collections.abc import Callable

import numpy as np
import pytest

from neuronscope.instruments import run
from neuronscope.instruments.comparing.components import (
    Components,
    attention_outputs,
    components,
    heads,
    listed,
    mlp_outputs,
    neurons,
    streams,
)
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput


def test_every_part_is_there_once_in_the_order_of_a_token(model: Model) -> None:
    parts = components(model, "mlp_add.*", "z.*.*", "attn_add.*", "z.1.2")
    assert len(set(parts.labels)) == len(parts) == model.n_layers * (model.n_heads + 2)
    assert parts.layers == sorted(parts.layers)
    assert parts.labels[: model.n_heads + 2] == [
        *(f"z.0.{head}" for head in range(model.n_heads)),
        "attn_add.0",
        "mlp_add.0",
    ]


def outputs(model: Model) -> Components:
    return components(model, "attn_add.*", "mlp_add.*")


@pytest.mark.parametrize(
    ("named", "axes"), [(heads, "layer head"), (outputs, "layer site"), (neurons, "layer neuron")]
)
def test_what_is_laid_out_is_found_at_its_layer_and_unit(
    make_model: Callable[..., Model], named: Callable[[Model], Components], axes: str
) -> None:
    parts = named(make_model("llama"))
    laid = parts.laid(np.arange(len(parts) * 2).reshape(len(parts), 2))
    assert parts.axes == axes
    assert laid.shape == (*(len(parts.coords[word]) for word in axes.split()), 2)
    inner = parts.coords[axes.split()[1]]
    for number, (layer, site) in enumerate(zip(parts.layers, parts, strict=True)):
        unit = inner.index(site.name if site.unit is None else site.unit)
        np.testing.assert_array_equal(laid[layer, unit], [2 * number, 2 * number + 1])


def test_streams_between_blocks_lie_by_depth(make_model: Callable[..., Model]) -> None:
    parts = streams(make_model("gpt2"))
    assert parts.labels == ["resid_pre.0", "resid_pre.1", "resid_pre.2", "resid_post.2"]
    assert (parts.axes, parts.coords["depth"]) == ("depth", [0, 1, 2, 3])
    assert parts.coords["address"] == ("depth", parts.labels)
    assert (mlp_outputs(make_model("gpt2")).axes, parts.laid([5, 6, 7, 8]).tolist()) == (
        "layer",
        [5, 6, 7, 8],
    )


def test_a_few_neurons_leave_gaps_on_their_grid(make_model: Callable[..., Model]) -> None:
    parts = listed(make_model("gpt2"), "mlp_act.2.7, mlp_act.0.40")
    assert parts.coords == {"layer": [0, 2], "neuron": [7, 40]}
    np.testing.assert_array_equal(parts.laid([1, 2]), [[np.nan, 1], [2, np.nan]])


def test_parts_of_several_sorts_lie_in_one_line(make_model: Callable[..., Model]) -> None:
    parts = listed(make_model("gpt2"), "mlp_act.0.3 z.0.1 mlp_add.1")
    assert parts.axes == "site"
    assert parts.coords == {"site": ["z.0.1", "mlp_act.0.3", "mlp_add.1"], "layer": ("site", [0, 0, 1])}
    np.testing.assert_array_equal(parts.laid([5, 6, 7]), [5, 6, 7])


def test_what_the_parts_say_to_read_holds_them_all(model: Model) -> None:
    parts = components(model, "z.*.*", "mlp_act.1.5", "attn_add.*")
    seen = run(model, "the cat", get=parts.whole)
    assert len(parts.whole) == 2 * model.n_layers + 1
    assert seen[parts[0]].shape == (1, 7, model.head_width)
    assert all(site in seen for site in parts)


def test_a_model_without_mlps_has_none_to_name() -> None:
    with pytest.raises(BadInput, match="has no mlp_add"):
        mlp_outputs(open_model("builtin:handmade-induction"))
    assert len(attention_outputs(open_model("builtin:handmade-induction"))) == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "No part of the model is named"),
        ("z.0.9", "z.0.9 is out of range"),
        ("z.0.1@3", "is not a part of a layer"),
        ("final", "is not a part of a layer"),
        ("neuron 7", "is no site"),
    ],
)
def test_what_is_no_part_is_refused_in_words(make_model: Callable[..., Model], text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        listed(make_model("gpt2"), text)
