"""Attribution patching, held to where it is exact and to the sweep that it stands for."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from neuronscope import activation_patching, attribution_patching
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

PAIR = {"prompt": "the cat sat on", "corrupt": "the dog sat on", "target": "x", "distractor": "y"}
ARITHMETIC = {"task": "one-digit-arithmetic", "n_prompts": 4}


def handmade(**more: Any) -> dict[str, Any]:
    model = open_model("builtin:handmade-induction", dtype="float64")
    return {
        "model": model,
        "prompt": "a b c a",
        "corrupt": "d b c a",
        "target": "b",
        "distractor": "l",
    } | more


def test_where_the_answer_is_linear_in_a_part_the_estimate_is_exact() -> None:
    asked = handmade(layer=1, sites="z")
    guess, exact = attribution_patching(**asked, check=4), activation_patching(**asked)
    np.testing.assert_allclose(guess.effect, exact.effect, atol=1e-12)
    np.testing.assert_allclose(guess.exact, exact.effect, atol=1e-12)
    assert guess.attrs["correlation"] == pytest.approx(1)


def test_what_is_not_on_the_true_path_is_estimated_as_nothing() -> None:
    found = attribution_patching(**handmade(sites="z"))
    moved = abs(found.change).max("direction")
    lit = {(int(layer), int(head)) for layer, head in np.argwhere(moved.values > 1e-12)}
    assert lit <= {(0, 0), (1, 0)}
    assert (1, 0) in lit


def test_both_scales_say_the_same(model: Model) -> None:
    found = attribution_patching(model, **ARITHMETIC)
    span = found.attrs["clean_metric"] - found.attrs["corrupt_metric"]
    np.testing.assert_allclose(found.effect, found.null + found.change / span, atol=1e-9)


def test_parts_and_places_are_those_of_the_patches_that_are_estimated(model: Model) -> None:
    for sites in ("residual", "attn_add", "k", "pattern"):
        for asked in (PAIR, ARITHMETIC):
            guess = attribution_patching(model, **asked, sites=sites, positions="each")
            exact = activation_patching(model, **asked, sites=sites, positions="each", direction="noise")
            assert guess.effect.dims == exact.effect.dims
            assert guess.sel(direction=["noise"]).effect.shape == exact.effect.shape
            assert guess.attrs == exact.attrs | {"provenance": guess.attrs["provenance"]}


def test_what_is_checked_is_what_a_sweep_of_all_measures(model: Model, rounding: float) -> None:
    guess = attribution_patching(model, **ARITHMETIC, check=3)
    exact = activation_patching(model, **ARITHMETIC, sites="z").effect
    checked = guess.exact.notnull()
    assert checked.sum(["layer", "head"]).values.tolist() == [6, 6]
    np.testing.assert_allclose(guess.exact.where(checked, 0), exact.where(checked, 0), atol=10 * rounding)
    largest = abs(guess.change).stack(part=("layer", "head"))
    for way in ("denoise", "noise"):
        best = largest.sel(direction=way).sortby(largest.sel(direction=way), ascending=False).part.values[:3]
        assert all(bool(checked.sel(direction=way, layer=layer, head=head)) for layer, head in best)


def test_the_largest_disagreement_is_named(make_model: Callable[..., Model]) -> None:
    model = make_model()
    found = attribution_patching(model, **PAIR, check=200)  # more than there are: all of them
    assert not found.exact.isnull().any()
    assert found.attrs["checked"] == 2 * model.n_layers * model.n_heads
    off = abs(found.exact - found.effect)
    worst = off.where(off == off.max(), drop=True)
    way, layer, head = (worst[axis].item() for axis in ("direction", "layer", "head"))
    named = f"{way} z.{layer}.{head}:"
    assert found.attrs["largest_disagreement"].startswith(named)


def test_a_task_is_estimated_with_its_interval(model: Model) -> None:
    found = attribution_patching(model, **ARITHMETIC, sites="residual")
    assert found.effect.dims == ("direction", "depth", "span")
    assert (found.low <= found.effect + 1e-9).all()
    assert (found.high >= found.effect - 1e-9).all()
    assert found.attrs["n"] == 4


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"corrupt": "the horse sat on"}, "14 tokens, the corrupt one 16"),
        ({"check": -1}, "check=-1 should be"),
        ({"target": "x", "distractor": "x"}, "are both 'x', which differ in nothing"),
        ({"metric": lambda logits: 0 * logits[:, 0]}, "both score 0"),
    ],
)
def test_what_cannot_be_estimated_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        attribution_patching(make_model(), **(PAIR | arguments))
