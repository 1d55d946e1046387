"""Activation patching, held to closed forms and to the loop that it replaces."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from torch import Tensor

from neuronscope import activation_patching
from neuronscope.instruments import put, run
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

CLEAN, CORRUPT = "the cat sat on", "the dog sat on"
SAME = [place for place in range(len(CLEAN)) if CLEAN[place] == CORRUPT[place]]


def test_a_patch_of_equal_tokens_at_the_embedding_changes_nothing(model: Model) -> None:
    effect = activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y").effect
    np.testing.assert_allclose(effect.sel(direction="denoise", depth=0)[SAME], 0, atol=1e-10)
    np.testing.assert_allclose(effect.sel(direction="noise", depth=0)[SAME], 1, atol=1e-10)


def test_the_last_depth_decides_at_the_last_position_alone(model: Model) -> None:
    found = activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y")
    last = found.effect.sel(depth=model.n_layers)
    np.testing.assert_allclose(last.sel(direction="denoise")[-1], 1, atol=1e-10)
    np.testing.assert_allclose(last.sel(direction="noise")[-1], 0, atol=1e-10)
    np.testing.assert_allclose(last.sel(direction="denoise")[:-1], 0, atol=1e-10)


def test_every_cell_is_one_run_with_one_patch(model: Model) -> None:
    found = activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y")
    clean, corrupt = model.tokenize(CLEAN), model.tokenize(CORRUPT)
    x, y = (model.tokenizer.encode(text)[0] for text in "xy")
    for depth, place in [(0, 5), (1, 4), (2, 13), (2, 6)]:
        stream = run(model, clean, get=[f"resid_pre.{depth}"])[f"resid_pre.{depth}"][0]
        logits = run(model, corrupt, do=[put(f"resid_pre.{depth}@{place}", stream[place])]).logits[0, -1]
        cell = found.metric.sel(direction="denoise", depth=depth)[place]
        assert float(cell) == pytest.approx(float(logits[x] - logits[y]), abs=1e-10)


def test_without_attention_only_the_last_position_can_matter(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        for block in native(model).transformer.h:
            block.attn.c_proj.weight.zero_()
    found = activation_patching(model, "one cat", "one car", target="x", distractor="y")
    denoise = found.effect.sel(direction="denoise").values
    np.testing.assert_allclose(denoise[:, -1], 1, atol=1e-10)
    np.testing.assert_allclose(denoise[:, :-1], 0, atol=1e-10)


def test_noise_one_way_is_denoise_the_other_way(model: Model) -> None:
    one = activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y")
    other = activation_patching(model, CORRUPT, CLEAN, target="x", distractor="y")
    np.testing.assert_allclose(
        one.metric.sel(direction="noise").values, other.metric.sel(direction="denoise").values, atol=1e-10
    )


def test_the_effect_is_the_metric_between_its_two_ends(model: Model) -> None:
    found = activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y")
    ends = found.attrs["clean_metric"], found.attrs["corrupt_metric"]
    np.testing.assert_allclose(found.metric, ends[1] + found.effect * (ends[0] - ends[1]), atol=1e-10)


def test_left_empty_the_answers_are_the_models_own(model: Model) -> None:
    with torch.no_grad():
        best = [
            int(native(model)(model.tokenize(text)[None]).logits[0, -1].argmax()) for text in (CLEAN, CORRUPT)
        ]
    if best[0] == best[1]:
        with pytest.raises(BadInput, match="both score"):
            activation_patching(model, CLEAN, CORRUPT)
    else:
        found = activation_patching(model, CLEAN, CORRUPT)
        assert [found.attrs["target"], found.attrs["distractor"]] == model.token_texts(best)


def test_a_metric_of_ones_own_gives_what_the_named_one_gives(model: Model) -> None:
    x, y = (model.tokenizer.encode(text)[0] for text in "xy")

    def difference(logits: Tensor) -> Tensor:
        return logits[:, x] - logits[:, y]

    own = activation_patching(model, CLEAN, CORRUPT, metric=difference)
    named = activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y")
    np.testing.assert_array_equal(own.metric.values, named.metric.values)


@pytest.mark.parametrize("metric", ["probability_difference", "log_probability"])
def test_other_metrics_are_bounded_as_their_names_say(model: Model, metric: str) -> None:
    found = activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y", metric=metric)
    low, high = {"probability_difference": (-1, 1), "log_probability": (-np.inf, 0)}[metric]
    assert (found.metric.values >= low).all()
    assert (found.metric.values <= high).all()


def handmade(clean: str, corrupt: str, sites: str, **more: str) -> xr.DataArray:
    """What a patch moves on the network written by hand, in either direction."""
    model = open_model("builtin:handmade-induction", dtype="float64")
    found = activation_patching(
        model, clean, corrupt, sites=sites, target="b", distractor="l", metric="log_probability", **more
    )
    return abs(found.effect - found.null)


def lit(moved: xr.DataArray) -> set[str]:
    """The parts that move anything at all, by layer and unit."""
    parts = moved.max("direction").stack(part=[dim for dim in moved.dims if dim != "direction"])
    return {".".join(map(str, part)) for part in parts.part[parts.values > 1e-12].values}


def test_on_the_network_written_by_hand_exactly_the_true_path_lights() -> None:
    # The first letter tells where the answer stands, by the first head to the key of the induction head.
    swap = ("a b c a", "d b c a")
    assert lit(handmade(*swap, sites="z")) == {"0.0", "1.0"}
    assert lit(handmade(*swap, sites="k")) == {"1.0"}
    assert lit(handmade(*swap, sites="q")) == set()
    assert lit(handmade(*swap, sites="v")) == {"0.0", "1.0"}
    assert lit(handmade(*swap, sites="pattern")) == {"1.0"}
    # It is read at the place of a (1), written at that of b (2), and answers at the end (4).
    stream = handmade(*swap, sites="residual")
    strong = stream.min("direction").where(lambda moved: moved > 0.5).stack(part=("depth", "position"))
    assert set(strong.dropna("part").part.values) == {(0, 1), (1, 2), (2, 4)}


def test_another_letter_to_copy_takes_no_way_but_that_of_the_values() -> None:
    swap = ("a b c a", "a d c a")
    assert lit(handmade(*swap, sites="z")) == {"1.0"}
    assert lit(handmade(*swap, sites="v")) == {"1.0"}
    assert lit(handmade(*swap, sites="k")) | lit(handmade(*swap, sites="q")) == set()


@pytest.mark.parametrize(("gate", "enough"), [("or", True), ("and", False)])
def test_of_spare_heads_none_is_needed_and_only_an_or_has_enough_in_one(gate: str, enough: bool) -> None:
    found = activation_patching(
        "builtin:gates", f"1 1 {gate}", f"0 0 {gate}", sites="z", target="1", distractor="0"
    ).effect.sel(layer=0)
    np.testing.assert_allclose(found.sel(direction="noise"), 1, atol=1e-6)
    np.testing.assert_allclose(found.sel(direction="denoise"), float(enough), atol=1e-6)


@pytest.mark.parametrize(
    "sites", ["residual", "attn_add", "mlp_add", "z", "q", "k", "v", "pattern", "mlp_act"]
)
def test_each_sort_of_part_lies_on_its_own_axes(model: Model, sites: str) -> None:
    found = activation_patching(
        model, CLEAN, CORRUPT, target="x", distractor="y", sites=sites, n_neurons=3
    ).effect
    axes = {
        "residual": ("depth", "position"),
        "attn_add": ("layer", "position"),
        "mlp_add": ("layer", "position"),
        "mlp_act": ("site",),
        **dict.fromkeys("kv", ("layer", "key_head")),
    }
    assert found.dims == ("direction", *axes.get(sites, ("layer", "head")))
    assert np.isfinite(found).all()
    sizes = {"head": model.n_heads, "key_head": model.n_key_heads, "site": 3, "depth": model.n_layers + 1}
    assert found.shape[-1] == sizes.get(str(found.dims[-1]), len(CLEAN))


@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_between_attention_and_mlp_of_the_last_block_only_the_end_is_left(
    make_model: Callable[..., Model], family: str
) -> None:
    found = activation_patching(
        make_model(family), CLEAN, CORRUPT, target="x", distractor="y", sites="resid_mid"
    ).effect
    assert found.dims == ("direction", "layer", "position")
    last = found.isel(layer=-1)
    np.testing.assert_allclose(last[:, -1], [1, 0], atol=1e-10)
    np.testing.assert_allclose(last[0, :-1], 0, atol=1e-10)
    np.testing.assert_allclose(last[1, :-1], 1, atol=1e-10)


@pytest.mark.parametrize("sites", ["z", "attn_add"])
def test_a_part_is_patched_as_a_run_with_one_patch_does_it(model: Model, sites: str) -> None:
    found = activation_patching(
        model, CLEAN, CORRUPT, target="x", distractor="y", sites=sites, positions="together"
    ).metric
    x, y = (model.tokenizer.encode(text)[0] for text in "xy")
    site = f"{sites}.1{'.2' if sites == 'z' else ''}"
    for way, base, source in [("denoise", CORRUPT, CLEAN), ("noise", CLEAN, CORRUPT)]:
        logits = run(model, base, do=put(site, run(model, source, get=site))).logits[0, -1]
        cell = found.sel(direction=way, layer=1)
        cell = cell.sel(head=2) if sites == "z" else cell
        assert float(cell) == pytest.approx(float(logits[x] - logits[y]), abs=1e-10)


def test_the_whole_stream_at_once_is_the_whole_difference(model: Model, rounding: float) -> None:
    task = {"task": "one-digit-arithmetic", "n_prompts": 4, "positions": "together"}
    found = activation_patching(model, **task)
    np.testing.assert_allclose(found.effect.sel(direction="denoise"), 1, atol=rounding)
    np.testing.assert_allclose(found.effect.sel(direction="noise"), 0, atol=rounding)
    np.testing.assert_allclose(found.low, found.effect, atol=rounding)


def test_over_a_task_the_places_are_the_spans_that_its_prompts_share(model: Model) -> None:
    found = activation_patching(model, task="one-digit-arithmetic", n_prompts=4)
    assert found.span.values.tolist() == ["first", "sign", "second", "end"]
    last = found.effect.sel(depth=model.n_layers)
    np.testing.assert_allclose(last.sel(span="end"), [1, 0], atol=1e-6)
    np.testing.assert_allclose(last.sel(span="first"), [0, 1], atol=1e-6)
    assert (found.low <= found.effect + 1e-9).all()
    assert (found.high >= found.effect - 1e-9).all()
    assert (found.attrs["n"], found.attrs["n_unit"]) == (4, "prompts")


def test_over_a_task_the_effect_is_a_ratio_of_sums(model: Model) -> None:
    found = activation_patching(model, task="one-digit-arithmetic", n_prompts=4, sites="z")
    ends = found.attrs["clean_metric"], found.attrs["corrupt_metric"]
    np.testing.assert_allclose(found.metric, ends[1] + found.effect * (ends[0] - ends[1]), atol=1e-10)


def test_one_direction_is_that_part_of_both(make_model: Callable[..., Model]) -> None:
    model = make_model()
    both, noise = (
        activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y", sites="z", direction=way)
        for way in ("both", "noise")
    )
    xr.testing.assert_allclose(noise, both.sel(direction=["noise"]))
    assert noise.null.values.tolist() == [1.0]


def test_of_all_neurons_those_of_the_largest_estimate_are_patched(make_model: Callable[..., Model]) -> None:
    model = make_model()
    few = activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y", sites="mlp_act", n_neurons=5)
    whole = activation_patching(model, CLEAN, CORRUPT, target="x", distractor="y", sites="mlp_act", layer=1)
    assert whole.effect.dims == ("direction", "layer", "neuron")
    for site in few.site.values:
        layer, neuron = map(int, str(site).split(".")[1:])
        if layer == 1:
            here = few.effect.sel(site=site), whole.effect.sel(layer=1, neuron=neuron)
            np.testing.assert_allclose(*here, atol=1e-10)
    assert len(set(few.site.values)) == 5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"corrupt": "the horse sat on"}, "14 tokens, the corrupt one 16"),
        ({"corrupt": CLEAN}, "are the same tokens"),
        ({"target": "xyz"}, "'xyz' is 4 tokens"),
        ({"target": "x", "distractor": "x"}, "are both 'x', which differ in nothing"),
        ({"metric": lambda logits: 0 * logits[:, 0]}, "both score 0"),
        ({"metric": "loss"}, "metric='loss' should be"),
        ({"sites": "mlps"}, "sites='mlps' should be"),
        ({"layer": 7, "sites": "z"}, "z.7.0 is out of range|z.7 is out of range"),
        ({"corrupt": ""}, "but the prompt has no twin"),
        ({"task": "capital"}, "brings its own prompts"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        activation_patching(**{"model": make_model("gpt2"), "prompt": CLEAN, "corrupt": CORRUPT, **arguments})
