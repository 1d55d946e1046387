"""Activation patching, held to closed forms and to the loop that it replaces."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from neuronscope import activation_patching
from neuronscope.instruments import put, run
from neuronscope.models import Model
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
        with pytest.raises(BadInput, match="both prompts score"):
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


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"corrupt": "the horse sat on"}, "14 tokens, the corrupt one 16"),
        ({"corrupt": CLEAN}, "are the same text"),
        ({"target": "xyz"}, "'xyz' is 4 tokens"),
        ({"target": "x", "distractor": "x"}, "both prompts score 0"),
        ({"metric": "loss"}, "metric='loss' should be"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, str], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        activation_patching(**{"model": make_model("gpt2"), "prompt": CLEAN, "corrupt": CORRUPT, **arguments})
