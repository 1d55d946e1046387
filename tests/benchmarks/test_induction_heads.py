"""The replication of induction heads asks fair questions, and its claims can fail."""

from benchmarks.truth.induction_heads import declared, failures, induction_pairs, measured
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


def test_the_claims_hold_on_one_set_of_strings_and_would_fail_on_others() -> None:
    found = measured(quick=True)
    assert failures(found) == []
    found["heads"][0]["as_declared"] = False
    found["heads"][1]["costs"][0]["ratio"] = 2.0
    assert len(failures(found)) == 2
