"""The lens on an image tower: four ablations, components near captions, and two ways to share means out."""

import numpy as np
import pytest

import neuronscope
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model("builtin:digits-clip")


def test_the_four_ablations_stand_beside_the_original_with_paired_changes(model: Model) -> None:
    found = neuronscope.second_order_vision(model)
    assert found.way.values.tolist() == [
        "original", "mean", "without_significant", "without_insignificant", "rank_one",
    ]  # fmt: skip
    assert float(found.accuracy.sel(way="original")) > 0.95
    assert float(found.change.sel(way="original")) == 0
    assert (found.change_low <= found.change).all()
    assert (found.change <= found.change_high).all()
    np.testing.assert_allclose(found.change, found.accuracy - found.accuracy.sel(way="original"), atol=1e-12)
    assert found.attrs["layer"] == 2
    assert found.attrs["n_significant"] == 28


def test_neurons_come_by_size_and_are_named_by_the_caption_nearest_to_their_component(model: Model) -> None:
    found = neuronscope.second_order_vision(model, layer=2, top_k=10)
    assert (np.diff(found.magnitude) <= 0).all()
    assert (np.abs(found.caption_cosine) <= 1 + 1e-9).all()
    largest = found.choice.values[found.caption_cosine.argmax("choice")]
    assert found.nearest.values.tolist() == largest.tolist()
    assert (found.explained >= found.explained_all).all()


def test_both_sharings_agree_on_where_they_differ(model: Model) -> None:
    exact, clip = (
        neuronscope.second_order_vision(model, compat=compat, top_k=100) for compat in ("exact", "clip")
    )
    pairs = {
        str(name): value
        for name, value in zip(exact["address"].values, exact.split_correlation.values, strict=True)
    }
    shared = [str(name) for name in clip["address"].values if str(name) in pairs]
    assert len(shared) > 80
    other = clip.set_index(item="address").split_correlation.sel(item=shared).values
    np.testing.assert_allclose([pairs[name] for name in shared], other, atol=1e-9)


def test_layers_without_later_heads_and_other_models_are_refused(model: Model) -> None:
    with pytest.raises(BadInput, match="No head reads after layer 3"):
        neuronscope.second_order_vision(model, layer=3)
    with pytest.raises(BadInput, match="builtin:digits-clip"):
        neuronscope.second_order_vision(open_model("builtin:scribe"))
