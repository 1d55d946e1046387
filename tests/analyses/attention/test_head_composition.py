"""Head composition finds what was wired together, and nothing between random heads."""

import numpy as np
import pytest

from neuronscope import open_model
from neuronscope.analyses.attention.head_composition import head_composition
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, opened, shared


def test_the_edge_between_the_heads_by_hand_is_the_strongest_of_the_keys() -> None:
    found = head_composition(open_model("builtin:handmade-induction"))
    keys = found.debiased.sel(site="k")
    previous = keys.sel(item="0.0", other=["1.0", "1.1"])
    assert (previous > 0.15).all()
    assert (found.p.sel(site="k", item="0.0", other=["1.0", "1.1"]) < 1e-3).all()
    decoys = found.composition.sel(site="k", item=["0.1", "0.2", "0.3"], other=["1.0", "1.1"])
    assert (decoys < 1e-6).all()


def test_the_previous_token_head_of_a_trained_network_feeds_the_keys_of_both_induction_heads() -> None:
    found = head_composition(open_model("builtin:induction/seed0"))
    keys = found.sel(site="k", other=["1.0", "1.1"])
    assert (keys.p.sel(item="0.1") < 0.05).all()
    assert (keys.p.sel(item="0.0") > 0.05).all()


def test_random_heads_have_no_composition_beyond_chance() -> None:
    values, p = [], []
    for family in FAMILIES:
        found = head_composition(opened(family, seed=5))
        values.append(found.debiased.values.ravel())
        p.append(found.p.values.ravel())
    every = np.concatenate(values)
    every = every[np.isfinite(every)]
    assert abs(every.mean()) < 0.005 < every.std()
    assert np.nanmean(np.concatenate(p) < 0.05) < 0.01


def test_only_later_heads_read() -> None:
    found = head_composition(shared("gpt2"))
    layer = np.repeat(np.arange(3), 4)
    later = layer[None] > layer[:, None]
    assert (np.isfinite(found.composition.values) == later).all()


def test_a_norm_of_their_own_leaves_values_alone() -> None:
    found = head_composition(shared("qwen3"))
    assert found.composition.sel(site=["q", "k"]).isnull().all()
    assert found.composition.sel(site="v").notnull().any()


def test_a_post_norm_model_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="normalised after each addition"):
        head_composition(shared("bert"))


def test_a_single_layer_has_no_head_that_reads_another() -> None:
    with pytest.raises(BadInput, match="has no head that reads another"):
        head_composition(open_model("builtin:grokking"))
