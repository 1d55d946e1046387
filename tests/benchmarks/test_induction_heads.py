"""The replication of induction heads asks fair questions, and its claims can fail."""

import numpy as np
import pytest

from benchmarks.truth.induction_heads import (
    WIDE,
    among,
    cost_row,
    declared,
    failures,
    induction_pairs,
    measured,
)
from neuronscope.instruments.heads.repeated import repeated_strings
from neuronscope.models import open_model


def test_a_twin_differs_where_the_answer_stood_and_nowhere_else() -> None:
    model = open_model("builtin:induction/seed0")
    strings = repeated_strings(model, n=6)
    clean, corrupt, answer, other = induction_pairs(model, strings)
    for row, period in enumerate(strings.period):
        places = (clean[row] != corrupt[row]).nonzero()[:, 0]
        assert (clean[row, places] == answer[row]).all()
        assert (corrupt[row, places] == other[row]).all()
        assert clean.shape[1] - int(period) in places
        assert other[row] not in clean[row]


def test_both_cards_are_read() -> None:
    by_hand = declared(open_model("builtin:handmade-induction"))
    assert by_hand == {"induction": ["z.1.0"], "previous_token": ["z.0.0"]}
    assert declared(open_model("builtin:scribe")) is None


def test_random_sets_are_weighed_by_their_mean_size_and_not_by_a_mean_that_cancels() -> None:
    assert among(2.0, np.array([0.5, -0.5]))["ratio"] == pytest.approx(4)
    assert among(2.0, np.zeros(3))["ratio"] is None


def test_random_heads_of_a_network_that_is_the_circuit_are_no_control() -> None:
    model = open_model("builtin:induction/seed0")
    cost = cost_row(model, ["z.1.0", "z.1.1"], declared(model), "mean", 0)
    assert {pool: sets["n"] for pool, sets in cost["random_sets"].items()} == {
        "same_layers": 1,
        "any_layer": 1,
    }
    assert cost["random_sets"]["any_layer"]["mean"] == pytest.approx(cost["all_other_heads"])
    assert cost["random_sets"]["any_layer"]["ratio"] < 1


def test_the_claims_hold_on_one_set_of_strings_and_would_fail_on_others() -> None:
    found = measured(quick=True)
    assert failures(found) == []
    small, wide, by_hand = found["heads"]
    assert wide["model"] in WIDE
    for cost in wide["costs"]:
        assert cost["random_sets"]["any_layer"]["n"] == 50
        assert cost["all_other_heads"] > 1  # they are needed together
    small["as_declared"] = False
    by_hand["costs"][0]["ratio"] = 2.0
    wide["costs"][0]["random_sets"]["any_layer"]["ratio"] = 9.9
    small["costs"][0]["random_sets"]["any_layer"]["ratio"] = 0.5  # is not claimed
    assert len(failures(found)) == 3
