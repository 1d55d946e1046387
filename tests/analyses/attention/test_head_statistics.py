"""Head statistics, held to closed forms."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from neuronscope import open_model
from neuronscope.analyses.attention.head_statistics import head_statistics
from neuronscope.models import Model
from neuronscope.words import BadInput
from tests.analyses.conftest import native

PROMPT = "abc abc abd"


def test_heads_without_queries_have_the_entropy_of_even_attention(make_model: Callable[..., Model]) -> None:
    model = make_model("gpt2")
    with torch.no_grad():
        for block in native(model).transformer.h:
            block.attn.c_attn.weight[:, : model.width] = 0
            block.attn.c_attn.bias[: model.width] = 0
    found = head_statistics(model, prompt=PROMPT)
    n_keys = np.arange(2, len(PROMPT) + 1)
    np.testing.assert_allclose(found.normalised_entropy, 1, atol=1e-12)
    np.testing.assert_allclose(found.entropy, np.log(n_keys).mean(), atol=1e-12)
    np.testing.assert_allclose(found["first"], (1 / n_keys).mean(), atol=1e-12)
    np.testing.assert_allclose(found.distance, ((n_keys - 1) / 2).mean(), atol=1e-12)


def test_heads_that_were_written_by_hand_look_where_they_were_told() -> None:
    found = head_statistics(open_model("builtin:handmade-induction"), prompt="c a l e c a l e c a l e")
    at = found.sel(layer=0)
    assert at.previous.sel(head=0) == pytest.approx(1, abs=1e-6)
    assert at.distance.sel(head=0) == pytest.approx(1, abs=1e-6)
    assert at["first"].sel(head=2) == pytest.approx(1, abs=1e-6)
    assert found.normalised_entropy.sel(layer=1, head=3) == pytest.approx(1, abs=1e-6)


def test_one_prompt_has_no_interval_and_many_passages_have_one_around_the_mean() -> None:
    model = open_model("builtin:scribe")
    assert "low" not in head_statistics(model, prompt=PROMPT)
    found = head_statistics(model, n_passages=6, n_tokens=20)
    assert found.attrs["n"] == 6
    assert found.attrs["n_unit"] == "passages"
    for name in ("", "entropy_", "distance_"):
        mean = found[name.rstrip("_") or "normalised_entropy"]
        assert (found[f"{name}low"] <= mean).all()
        assert (mean <= found[f"{name}high"]).all()


def test_passages_count_alike_however_many_there_are() -> None:
    model = open_model("builtin:scribe")
    one = head_statistics(model, prompt=PROMPT)
    again = head_statistics(model, prompt=PROMPT, mass=0.5)
    np.testing.assert_array_equal(one.entropy, again.entropy)
    assert (again.sparsity < one.sparsity).any()
    assert (again.sparsity <= one.sparsity).all()


def test_resting_heads_differ_where_the_first_token_is_left_out() -> None:
    model = open_model("builtin:handmade-induction")
    kept = head_statistics(model, prompt="c a l e c a l e")
    left = head_statistics(model, prompt="c a l e c a l e", first_token="leave_out")
    np.testing.assert_allclose(left["first"], kept["first"])
    assert left.distance.sel(layer=1, head=2) != kept.distance.sel(layer=1, head=2)


def test_a_prompt_of_one_token_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="No token has two others to choose between"):
        head_statistics(open_model("builtin:scribe"), prompt="a")
