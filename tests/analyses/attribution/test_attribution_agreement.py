"""Agreement of methods, held to models where all must agree, and to chance."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from neuronscope import open_model
from neuronscope.analyses.attribution.attribution_agreement import _borne_out, attribution_agreement
from neuronscope.instruments.attributing.agreement import Scored
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.instruments.attributing.planted import ANSWER, knowing_model, plain_model

WORDS = {"prompt": "the cat sat", "target": "x", "distractor": "y"}


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


def test_where_the_answer_is_linear_in_the_neurons_all_methods_agree() -> None:
    found = attribution_agreement(plain_model(), **WORDS, over="neurons", baseline="zero", top_k=5)
    for name in ("spearman", "kendall", "top_overlap", "sign_agreement"):
        np.testing.assert_allclose(found[name], 1, atol=1e-9)
    np.testing.assert_allclose(found.deletion_area, found.deletion_area[0], atol=1e-9)


def test_an_order_that_is_right_beats_random_ones() -> None:
    asked = {"prompt": "a nook", "target": ANSWER, "distractor": "x", "baseline": "zero"}
    found = attribution_agreement(knowing_model(), **asked, over="neurons", random_orders=40)
    assert (found.deletion_area < 0.2).all()
    assert (found.insertion_area > 0.8).all()
    assert 0.2 < float(found.deletion_area_null[0]) < 0.8


def test_each_method_agrees_with_itself_and_pairs_are_even(scribe: Model) -> None:
    found = attribution_agreement(scribe, "capital", n_prompts=3, orders=2, random_orders=2)
    for name in ("spearman", "kendall", "top_overlap"):
        values = found[name].values
        np.testing.assert_allclose(np.diag(values), 1)
        np.testing.assert_allclose(values, values.T, atol=1e-12)
    assert np.isnan(np.diag(found.spearman_p)).all()
    apart = ~np.eye(5, dtype=bool)
    assert (found.spearman_low.values[apart] <= found.spearman.values[apart]).all()
    assert (found.spearman_p.values[apart] >= found.spearman_raw_p.values[apart] - 1e-12).all()


def test_overlaps_are_corrected_and_a_method_is_not_asked_about_itself(scribe: Model) -> None:
    found = attribution_agreement(scribe, "capital", n_prompts=3, orders=2, random_orders=2)
    assert np.isnan(np.diag(found.top_overlap_p)).all()
    apart = ~np.eye(5, dtype=bool)
    p = found.top_overlap_p.values[apart]
    assert np.isfinite(p).all()
    assert p.min() >= 1 / 2001 * len(p) / (p == p.min()).sum() - 1e-12


def test_a_method_without_sign_is_not_compared_by_sign(scribe: Model) -> None:
    found = attribution_agreement(scribe, "capital", n_prompts=2, orders=1, random_orders=1).sign_agreement
    assert found.sel(item="saliency").isnull().all()
    assert found.sel(other="saliency").isnull().all()
    assert found.sel(item="occlusion", other="shapley").notnull()


def test_one_prompt_of_no_effect_does_not_outweigh_the_others() -> None:
    own = np.array([[[2.0, 8.0]], [[0.5, 0.6]]])
    found = Scored(("a",), frozenset(), [], own, own + np.array([1.0, -1.0]), np.array([10.0, 1e-6]))
    areas = _borne_out(found, seed=0)
    np.testing.assert_allclose(areas["deletion_area"][1], 0.25)
    np.testing.assert_allclose(areas["insertion_area"][1], 0.86)
    np.testing.assert_allclose(areas["insertion_area_null"][1], 0.66)
    nothing = _borne_out(replace(found, whole=np.zeros(2)), seed=0)
    assert np.isnan(nothing["deletion_area"][1]).all()
    assert "deletion_area_low" not in nothing


def test_chance_is_the_share_of_the_largest(scribe: Model) -> None:
    found = attribution_agreement(scribe, **{**WORDS, "target": "", "distractor": ""}, top_k=2, orders=1)
    n_tokens = len(scribe.tokenize(WORDS["prompt"]))
    np.testing.assert_allclose(found.top_overlap_null, 2 / n_tokens)
    assert "spearman_p" not in found


def test_a_prompt_of_a_task_has_the_agreement_that_it_has_alone(scribe: Model) -> None:
    both = attribution_agreement(scribe, "capital", over="neurons", n_prompts=2, baseline="zero", seed=1)
    assert both.sizes == {"item": 3, "other": 3}
    assert (both.top_overlap > 0.5).all()
    assert (both.top_overlap_p.values[~np.eye(3, dtype=bool)] < 0.05).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"top_k": 50}, "The 50 largest of 11 cannot be taken"),
        ({"prompt": "a"}, "two tokens or more"),
        ({"over": "neurons", "layer": 7}, "layers run from 0 to 2"),
        ({"layer": 99}, "layer=99 says whose neurons are compared: choose over=neurons"),
        ({"task": "capital"}, "brings its own prompts"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(
    make_model: Callable[..., Model], arguments: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        attribution_agreement(**{"model": make_model("gpt2"), **WORDS, "orders": 1, **arguments})
