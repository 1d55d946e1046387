"""Head taxonomy names the heads that were written by hand, and random ones by nothing."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from neuronscope import open_model
from neuronscope.analyses.attention.head_taxonomy import head_taxonomy
from neuronscope.words import BadInput
from tests.models.tiny import shared


def test_the_heads_by_hand_are_called_what_they_are() -> None:
    found = head_taxonomy(open_model("builtin:handmade-induction"))
    assert found.sort.values.tolist() == [
        ["previous", "previous", "first", "duplicate"],
        ["induction+", "induction", "–", "–"],
    ]
    assert found.score.sel(item="induction", layer=1, head=0) == pytest.approx(1, abs=1e-6)
    assert found.positive_eigenvalues.sel(layer=1, head=0) == pytest.approx(1, abs=1e-6)
    assert found.positive_eigenvalues.sel(layer=1, head=1) == pytest.approx(0, abs=1e-6)


def test_only_a_trained_model_of_english_has_a_head_for_the_subject() -> None:
    assert "subject" not in head_taxonomy(open_model("builtin:induction/seed0")).item
    found = head_taxonomy(open_model("builtin:scribe")).sel(item="subject")
    best = found.score.argmax(("layer", "head"))
    assert found.score.isel(best) > 0.5 > 5 * found.null.isel(best)
    assert found.p.isel(best) < 0.01


def test_every_score_lies_in_its_interval() -> None:
    found = head_taxonomy(open_model("builtin:induction/seed1"))
    assert (found.low <= found.score + 1e-12).all()
    assert (found.score <= found.high + 1e-12).all()


def test_random_weights_are_not_named_for_contents() -> None:
    names = np.concatenate([head_taxonomy(shared(family)).sort.values for family in ("gpt2", "llama", "phi")])
    for word in ("induction", "duplicate"):
        assert not any(word in name for name in names.ravel())


def test_p_of_induction_in_random_weights_is_no_smaller_than_chance_allows() -> None:
    # The first block cannot know what stood before a key, so it has no induction whatever its weights.
    found = [head_taxonomy(shared(family), seed=seed) for family in ("gpt2", "llama") for seed in range(3)]
    p = np.concatenate([one.p.sel(item="induction", layer=0).values for one in found])
    assert (p < 0.05).mean() <= 0.05


def test_arcs_of_a_treebank_are_scored_beside_words_as_far_apart(test_data: Callable[[str], Path]) -> None:
    treebank = str(test_data("ud_ewt/en_ewt-ud-dev.conllu"))
    found = head_taxonomy(open_model("builtin:scribe"), treebank=treebank, n_sentences=24, n_strings=8)
    assert {"nsubj", "det", "case"} <= set(found.item.values)
    assert "subject" not in found.item
    arcs = found.sel(item=["nsubj", "det", "case"])
    assert arcs.score.notnull().all()
    assert ((arcs.null > 0) & (arcs.null < 1)).all()


def test_a_treebank_that_is_not_there_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="There is no treebank"):
        head_taxonomy(open_model("builtin:scribe"), treebank="nowhere.conllu")


def test_an_encoder_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="reads both ways"):
        head_taxonomy(shared("bert"))
