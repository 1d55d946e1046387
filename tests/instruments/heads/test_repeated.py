"""Strings go round as they say, and a model that copies loses nothing on them."""

import numpy as np
import pytest
import torch

from neuronscope.instruments import run
from neuronscope.instruments.heads.repeated import letters, repeated_loss, repeated_strings
from neuronscope.models import open_model
from neuronscope.words import BadInput
from tests.models.tiny import shared


def test_every_token_stands_a_period_before_and_none_twice_in_a_round() -> None:
    strings = repeated_strings(open_model("builtin:scribe"), n=20)
    for row, period in zip(strings.tokens[:, strings.first :], strings.period, strict=True):
        assert (row[period:] == row[:-period]).all()
        assert len(set(row[:period].tolist())) == period


def test_periods_vary_so_that_no_distance_can_be_copied() -> None:
    period = repeated_strings(open_model("builtin:scribe"), n=40, longest_period=12).period
    assert period.min() >= 5
    assert period.max() == 12
    assert len(set(period.tolist())) > 4


def test_the_beginning_of_text_stands_first_and_nowhere_else() -> None:
    model = open_model("builtin:induction/seed0")
    strings = repeated_strings(model, n=8)
    assert strings.first == 1
    assert (strings.tokens[:, 0] == 0).all()
    assert 0 not in letters(model)


def test_the_same_seed_draws_the_same_strings() -> None:
    model = open_model("builtin:scribe")
    same = [repeated_strings(model, n=4, seed=seed).tokens for seed in (3, 3, 4)]
    assert torch.equal(same[0], same[1])
    assert not torch.equal(same[0], same[2])


def test_the_loss_is_over_tokens_whose_forerunner_stood_before() -> None:
    model = shared("gpt2", torch.float64)
    strings = repeated_strings(model, n=3, longest_period=6)
    logits = run(model, strings.tokens).logits.log_softmax(-1)
    for row, period in enumerate(strings.period):
        places = range(strings.first + period, strings.tokens.shape[1] - 1)
        nats = [-float(logits[row, place, strings.tokens[row, place + 1]]) for place in places]
        assert repeated_loss(model, strings)[row] == pytest.approx(np.mean(nats))


def test_a_network_that_continues_strings_loses_next_to_nothing() -> None:
    model = open_model("builtin:handmade-induction")
    assert repeated_loss(model, repeated_strings(model)).max() < 0.01


def test_a_model_that_reads_both_ways_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="reads both ways, so it has no next token to copy"):
        repeated_strings(shared("bert"))
