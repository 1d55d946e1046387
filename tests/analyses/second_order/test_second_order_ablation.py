"""Ablations as an answer, held to the model's own answers and to directions that are known."""

import numpy as np
import pytest
import xarray as xr

from neuronscope.analyses.second_order.second_order_ablation import second_order_ablation
from neuronscope.analyses.second_order.second_order_components import second_order_components
from neuronscope.data.tasks import open_task
from neuronscope.instruments import run
from neuronscope.instruments.second_order import problems_of
from neuronscope.models import Model, open_model
from neuronscope.results import label
from neuronscope.words import BadInput

TASK = open_task("two-digit-arithmetic")


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


@pytest.fixture(scope="module")
def components(scribe: Model) -> xr.Dataset:
    return second_order_components(scribe, task=TASK, top_k=20, n_prompts=24, n_null=0, n_resamples=20)


@pytest.fixture(scope="module")
def found(scribe: Model, components: xr.Dataset) -> xr.Dataset:
    return second_order_ablation(scribe, components, task=TASK, n_prompts=24)


def test_original_answers_are_the_models_own(scribe: Model, components: xr.Dataset) -> None:
    found = second_order_ablation(scribe, components, task=TASK, n_prompts=16)
    problems = problems_of(scribe, evaluation=None, task=TASK, n_prompts=16, seed=1)
    kept = [row for row, text in enumerate(problems.texts) if text not in set(components.clean.values)]
    right, gap = [], []
    for row in kept:
        logits = run(scribe, problems.prompts[row]).logits[0, -1]
        right.append(int(logits.argmax()) == int(problems.target[row]))
        gap.append(float(logits[problems.target[row]] - logits[problems.distractor[row]]))
    original = found.sel(way="original")
    assert found.attrs["n"] == len(kept)
    assert float(original.accuracy) == pytest.approx(np.mean(right))
    assert float(original.difference) == pytest.approx(np.mean(gap), abs=1e-4)
    assert float(original.preference) == pytest.approx(np.mean(np.array(gap) > 0))


def test_the_token_of_the_answer_that_components_read_is_the_one_that_is_answered(scribe: Model) -> None:
    own = second_order_components(scribe, task=TASK, top_k=5, n_prompts=24, answer_token=1, n_null=0)
    found = second_order_ablation(scribe, own, task=TASK, n_prompts=16)
    problems = problems_of(scribe, evaluation=None, task=TASK, n_prompts=16, answer_token=1, seed=1)
    kept = [row for row, text in enumerate(problems.texts) if text not in set(own.clean.values)]
    gap = []
    for row in kept:
        logits = run(scribe, problems.prompts[row]).logits[0, -1]
        gap.append(float(logits[problems.target[row]] - logits[problems.distractor[row]]))
    assert found.attrs["n"] == len(kept) < 16
    assert float(found.difference.sel(way="original")) == pytest.approx(np.mean(gap), abs=1e-4)


def test_parts_add_up_and_the_original_changes_in_nothing(found: xr.Dataset) -> None:
    difference = found.difference
    both = difference.sel(way="without_significant") + difference.sel(way="without_insignificant")
    whole = difference.sel(way="original") + difference.sel(way="mean")
    assert float(both) == pytest.approx(float(whole), abs=1e-4)
    for name in ("accuracy", "preference", "difference"):
        for held in (name, f"thawed_{name}"):
            assert float(found[f"{held}_change"].sel(way="original")) == 0
            assert float(found[f"{held}_change_p"].sel(way="original")) == 1
            assert (found[f"{held}_low"] <= found[held] + 1e-9).all()
            assert (found[f"{held}_high"] >= found[held] - 1e-9).all()
    assert abs(float(found.difference_change.sel(way="mean"))) > 0.01
    assert "text" not in found.way


def test_thawing_changes_answers_that_are_changed_and_no_others(found: xr.Dataset) -> None:
    apart = np.abs(found.thawed_difference - found.difference)
    assert float(apart.sel(way="original")) < 1e-4
    assert float(apart.sel(way="mean")) > 1e-3


def test_the_curve_ends_at_the_original_and_keeps_about_the_share_that_it_names(found: xr.Dataset) -> None:
    last = found.isel(quantile=-1)
    assert float(last.kept_share) == 1
    assert float(last.kept_difference) == pytest.approx(float(found.difference.sel(way="original")), abs=1e-4)
    assert float(last.kept_accuracy_null) == pytest.approx(float(last.kept_accuracy))
    assert (np.diff(found.kept_share) >= 0).all()
    assert float(found.kept_share.sel(quantile=0.5)) == pytest.approx(0.5, abs=0.15)


def test_words_that_are_the_components_reconstruct_as_the_components_do(
    scribe: Model, components: xr.Dataset, found: xr.Dataset
) -> None:
    order = np.random.default_rng(0).permutation(components.sizes["item"])
    texts = components.isel(item=order)[["component"]].rename(component="reconstruction") * 3.0
    again = second_order_ablation(scribe, components, texts=texts, task=TASK, n_prompts=24)
    for name in ("difference", "accuracy", "thawed_difference"):
        ways = again[name]
        np.testing.assert_allclose(ways.sel(way="text"), ways.sel(way="rank_one"), atol=1e-5)
    np.testing.assert_allclose(again.difference.isel(way=slice(5)), found.difference, atol=1e-5)


def test_prompts_that_the_components_know_are_not_judged(scribe: Model, components: xr.Dataset) -> None:
    with pytest.raises(BadInput, match="All 24 prompts were used"):
        second_order_ablation(scribe, components, task=TASK, n_prompts=24, seed=0)


def test_what_does_not_fit_is_refused_in_words(scribe: Model, components: xr.Dataset, make_model) -> None:
    with pytest.raises(BadInput, match="components has no component"):
        second_order_ablation(scribe, label({}, x=("item", [1.0])))
    with pytest.raises(BadInput, match="has width 160 and neurons up to"):
        second_order_ablation(make_model("gpt2"), components)
    with pytest.raises(BadInput, match="texts has no reconstruction"):
        second_order_ablation(scribe, components, texts=components)
    part = components.isel(item=slice(3))[["component"]].rename(component="reconstruction")
    with pytest.raises(BadInput, match="texts describes 3 of the 100 neurons"):
        second_order_ablation(scribe, components, texts=part)
