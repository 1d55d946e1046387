"""Edits of many neurons in few passes, held to runs by hand one at a time."""

import numpy as np
import pytest
import torch

from neuronscope.instruments import run
from neuronscope.instruments.comparing.pairs import PromptPairs, prompt_pairs
from neuronscope.instruments.comparing.reference import ablations
from neuronscope.instruments.editing.chosen import fresh_pairs, picked
from neuronscope.instruments.editing.edits import Edit, edited, layer_means
from neuronscope.instruments.editing.measures import of_answers, of_text
from neuronscope.instruments.interventions import read
from neuronscope.instruments.ops import put, scale
from neuronscope.models import Model
from neuronscope.models.sites import Site
from neuronscope.words import BadInput
from tests.instruments.editing.letters import LETTERS

PLACES = ((0, 3), (2, 5), (2, 40))


@pytest.fixture
def pairs(model: Model) -> PromptPairs:
    return prompt_pairs(model, LETTERS, n_prompts=7)


def test_each_edit_gives_what_a_run_of_its_own_gives(
    model: Model, pairs: PromptPairs, rounding: float
) -> None:
    means = layer_means(model, [Site("mlp_act", layer, unit) for layer, unit in PLACES], pairs.clean)
    edits = [
        Edit(PLACES, 0.0),
        Edit(PLACES[1:], 2.5),
        Edit(PLACES, None),
        Edit(),
        Edit(PLACES[2:], -1.0),
    ]
    found = edited(model, list(pairs.clean), edits, of_answers(pairs), means=means, tokens_per_pass=16)
    stand_in = ablations(model, ["mlp_act.0", "mlp_act.2"], pairs.clean)
    for row, tokens in enumerate(pairs.clean):
        for number, edit in enumerate(edits):
            ops = [
                put(f"mlp_act.{at}.{unit}", float(stand_in[Site("mlp_act", at)].value[0, 0, unit]))  # pyright: ignore
                if edit.factor is None
                else scale(f"mlp_act.{at}.{unit}", edit.factor)
                for at, unit in edit.neurons
            ]
            logits = run(model, tokens, do=ops).logits[0, -1]
            difference = float(logits[pairs.target[row]] - logits[pairs.distractor[row]])
            assert found[number, 0, row] == pytest.approx(difference, abs=rounding)
            assert found[number, 1, row] == float(logits.argmax() == pairs.target[row])
            assert found[number, 2, row] == float(difference > 0)


def test_text_is_measured_at_every_token(model: Model, rounding: float) -> None:
    passages = [model.tokenize("some text here"), model.tokenize("an other one x"), model.tokenize("short")]
    edits = [Edit(), Edit(PLACES[1:], 3.0)]
    found = edited(model, passages, edits, of_text(passages), last=False)
    for row, tokens in enumerate(passages):
        before, after = (
            run(model, tokens, do=ops).logits[0, :-1].double().log_softmax(-1)
            for ops in ([], [scale(f"mlp_act.{at}.{unit}", 3.0) for at, unit in PLACES[1:]])
        )
        told = after.gather(-1, tokens[1:, None])[:, 0]
        expected = [
            float((before.exp() * (before - after)).sum(-1).mean()),
            float((after.argmax(-1) == tokens[1:]).double().mean()),
            -float(told.mean()),
        ]
        np.testing.assert_allclose(found[1, :, row], expected, atol=rounding)
    np.testing.assert_array_equal(found[0, 0], 0)


def test_an_edit_that_changes_nothing_is_the_unedited_model_to_the_last_bit(
    model: Model, pairs: PromptPairs
) -> None:
    edits = [Edit(), Edit(PLACES, 1.0), Edit(PLACES, 0.0)]
    found = edited(model, list(pairs.clean), edits, of_answers(pairs))
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0, 0], found[2, 0])


def test_the_same_neurons_in_another_order_are_the_same_edit(model: Model, pairs: PromptPairs) -> None:
    sites = [Site("mlp_act", layer, unit) for layer, unit in PLACES]
    edits = [Edit.of(sites, 2.0), Edit.of(sites[::-1], 2.0)]
    assert edits[0] == edits[1]
    found = edited(model, list(pairs.clean), edits, of_answers(pairs))
    np.testing.assert_array_equal(found[0], found[1])


def test_what_the_model_is_under_already_is_part_of_before(
    model: Model, pairs: PromptPairs, rounding: float
) -> None:
    under = model.under(read("mlp_act.1.4 scale=3"))
    found = edited(under, list(pairs.clean), [Edit(), Edit(PLACES, 0.0)], of_answers(pairs))
    apart = edited(model, list(pairs.clean), [Edit(((1, 4),), 3.0), Edit()], of_answers(pairs))
    np.testing.assert_allclose(found[0, 0], apart[0, 0], atol=rounding)
    assert abs(found[0, 0] - apart[1, 0]).max() > 1e-4


def test_fresh_prompts_are_none_of_those_seen(model: Model, pairs: PromptPairs) -> None:
    fresh = fresh_pairs(model, LETTERS, 7, seen=set(pairs.texts), split="unseen", seed=0)
    assert len(set(fresh.texts)) == 7
    assert not set(fresh.texts) & set(pairs.texts)
    first = picked(fresh, [2, 0])
    assert first.texts == (fresh.texts[2], fresh.texts[0])
    torch.testing.assert_close(first.target, fresh.target[[2, 0]])


def test_a_layer_that_is_not_there_is_refused(model: Model, pairs: PromptPairs) -> None:
    with pytest.raises(BadInput, match="layer"):
        edited(model, list(pairs.clean), [Edit(((9, 0),), 0.0)], of_answers(pairs))
