"""The replication of patching asks fair questions, and its claims can fail."""

import numpy as np
import pytest

from benchmarks.truth.head_account import METHODS, agreement, by_chance, tables
from benchmarks.truth.patching import NAME, failures, letters, measured, true_path
from neuronscope.data.tasks import open_task
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.models import open_model


def test_a_twin_goes_round_as_often_with_letters_of_its_own() -> None:
    for pair in letters(6, 3).pairs(8, open_model(NAME).tokenizer):
        clean, corrupt = pair.clean.split(), pair.corrupt.split()
        for string in (clean, corrupt):
            assert string[:3] == string[6:]
            assert len(set(string)) == 6
        assert [pair.answer, pair.distractor] == [f" {clean[3]}", f" {corrupt[3]}"]
        assert clean != corrupt


def test_two_random_sets_of_five_of_thirty_share_one_head_more_often_than_not() -> None:
    assert by_chance(0, 30) == 1
    assert by_chance(1, 30) == pytest.approx(0.6272, abs=1e-4)  # 1 - C(25, 5) / C(30, 5)
    assert by_chance(5, 30) == pytest.approx(1 / 142506)


def test_rankings_agree_with_themselves_and_are_turned_round_by_another_sign() -> None:
    values = np.random.default_rng(0).normal(size=30)
    same, turned = agreement(np.stack([values, values])), agreement(np.stack([values, -values]))
    assert same["spearman"] == pytest.approx([1.0])
    assert turned["spearman"] == pytest.approx([-1.0])
    assert same["in_common"] == turned["in_common"] == [5]


def test_an_edge_that_the_card_does_not_declare_is_told_and_so_is_one_that_is_missed() -> None:
    rows = true_path(6, 3, n_prompts=4)
    assert failures({"true_path": rows}) == []
    rows[0]["besides"], rows[1]["missed"] = ["z.0.1 -> logits"], ["z.1.0 -> logits"]
    assert [line.split(" on ")[0] for line in failures({"true_path": rows})] == [
        "every edge, resample",
        "every edge, mean",
    ]


def test_the_claims_hold_on_few_prompts_and_the_account_covers_every_head() -> None:
    found = measured(quick=True)
    assert failures(found) == []
    lit = {row["method"]: row["declared"] for row in found["true_path"]}
    assert [lit[f"every edge, {kind}"] for kind in ("resample", "mean", "zero")] == [5, 5, 7]
    (account,) = found["accounts"]
    assert account["n_heads"] == 30
    assert all(len(account["effect"][method]) == 30 for method in METHODS)
    assert tables(found)


def test_sets_of_prompts_with_other_seeds_are_other_prompts() -> None:
    model = open_model("builtin:scribe")
    texts = [prompt_pairs(model, open_task("agreement"), n_prompts=24, seed=seed).texts for seed in range(3)]
    assert len({text for one in texts for text in one}) == 72
