"""The n-gram yardstick is a probability distribution with known values."""

import numpy as np
import pytest

from tools.training.ngram import KneserNey, tuned

DOCUMENTS = [np.random.default_rng(seed).integers(1, 8, 60).tolist() for seed in range(12)]


@pytest.mark.parametrize("history", [[], [1], [3, 3, 3], [7, 1, 2, 5, 6]])
def test_probabilities_of_the_next_token_add_up_to_one(history: list[int]) -> None:
    model = KneserNey(DOCUMENTS, n_tokens=8, order=5)
    every = [np.exp(model.log_probabilities([*history, token])[-1]) for token in range(8)]
    assert sum(every) == pytest.approx(1.0, abs=1e-12)
    assert min(every) > 0


def test_a_bigram_has_the_value_worked_out_by_hand() -> None:
    # Pairs: 0→1 once, 1→2 twice, 2→1 once, 2→3 once; too few for estimated discounts, so each is one half.
    model = KneserNey([[1, 2, 1, 2, 3]], n_tokens=4, order=2)
    # Left contexts: 1 follows {0, 2}, 2 follows {1}, 3 follows {2}: four in all.
    unigram = {1: (2 - 0.5) / 4, 2: (1 - 0.5) / 4, 3: (1 - 0.5) / 4}
    unigram = {token: share + (3 * 0.5 / 4) / 4 for token, share in unigram.items()}
    after_two = {1: (1 - 0.5) / 2 + (2 * 0.5 / 2) * unigram[1], 3: (1 - 0.5) / 2 + (2 * 0.5 / 2) * unigram[3]}
    after_one = (2 - 0.5) / 2 + (0.5 / 2) * unigram[2]
    found = np.exp(model.log_probabilities([1, 2, 3]))
    assert found[1] == pytest.approx(after_one)
    assert found[2] == pytest.approx(after_two[3])
    assert np.exp(model.log_probabilities([1, 2, 1]))[2] == pytest.approx(after_two[1])


def test_a_higher_order_predicts_what_a_lower_one_cannot() -> None:
    pattern = [[1, 2, 3, 1, 2, 4] * 20]
    losses = [
        -KneserNey(pattern, n_tokens=5, order=order).log_probabilities(pattern[0]).mean()
        for order in (1, 2, 3, 5)
    ]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < 0.2


def test_too_high_an_order_is_refused() -> None:
    with pytest.raises(
        ValueError, match="50000 tokens to the power 5 do not fit into 63 bits; choose a lower order"
    ):
        KneserNey([[1]], n_tokens=50_000, order=5)


def test_tuning_keeps_the_scale_that_predicts_left_out_documents_best() -> None:
    model, scale = tuned(DOCUMENTS, n_tokens=8, order=3)
    others = [document for index, document in enumerate(DOCUMENTS) if index % 12]
    losses = {
        tried: -KneserNey(others, n_tokens=8, order=3, scale=tried).log_probabilities(DOCUMENTS[0]).sum()
        for tried in (0.8, 0.9, 1.0, 1.1, 1.2)
    }
    assert losses[scale] == min(losses.values())
    whole = KneserNey(DOCUMENTS, n_tokens=8, order=3, scale=scale)
    assert np.array_equal(model.log_probabilities([1, 2, 3]), whole.log_probabilities([1, 2, 3]))
