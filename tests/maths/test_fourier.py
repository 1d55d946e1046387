"""Progress measures of modular addition have the values of the closed form, and real networks show them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from neuronscope.maths.fourier import (
    circle_basis,
    excluded_logits,
    frequency_norms,
    gini,
    pair_power,
    restricted_logits,
    sum_loss,
    sum_part,
    trigonometric_share,
)
from neuronscope.models import open_model
from neuronscope.words import BadInput

MODULUS = 113
KEY = [14, 35, 41, 42, 52]


@pytest.fixture(scope="module")
def logits() -> np.ndarray:
    place = np.arange(MODULUS)
    turned = place[:, None, None] + place[None, :, None] - place
    return sum(6 * np.cos(2 * np.pi * key * turned / MODULUS) for key in KEY)


def test_logits_that_are_rotations_keep_their_loss_when_restricted(logits: np.ndarray) -> None:
    assert sum_loss(logits) == pytest.approx(1.7e-6, rel=0.01)
    assert sum_loss(restricted_logits(logits, KEY)) == pytest.approx(sum_loss(logits), rel=1e-9)


def test_without_their_rotations_they_know_nothing(logits: np.ndarray) -> None:
    assert sum_loss(excluded_logits(logits, KEY)) == pytest.approx(np.log(MODULUS), abs=1e-12)
    assert np.log(MODULUS) == pytest.approx(4.7274, abs=1e-4)


def test_all_their_power_is_at_equal_frequencies(logits: np.ndarray) -> None:
    power = pair_power(logits)
    shares = np.diag(power)[KEY] / power.sum()
    assert shares == pytest.approx(np.full(len(KEY), 1 / len(KEY)))
    assert power.sum() == pytest.approx((logits**2).sum())
    assert trigonometric_share(logits, KEY) == pytest.approx(1.0)
    assert trigonometric_share(logits, [1, 2]) == pytest.approx(0.0, abs=1e-12)


def test_an_embedding_of_five_frequencies_is_uneven_and_a_random_one_is_not() -> None:
    rng = np.random.default_rng(0)
    waves = circle_basis(MODULUS)[[part for key in KEY for part in (2 * key - 1, 2 * key)]]
    rotating, random = waves.T @ rng.normal(size=(2 * len(KEY), 128)), rng.normal(size=(MODULUS, 128))
    assert gini(frequency_norms(rotating)) == pytest.approx(0.91, abs=0.01)
    assert gini(frequency_norms(random)) == pytest.approx(0.02, abs=0.01)


def test_the_basis_is_orthonormal() -> None:
    basis = circle_basis(59)
    assert np.abs(basis @ basis.T - np.eye(59)).max() < 1e-12


def test_the_part_of_all_frequencies_is_what_depends_on_the_sum_alone() -> None:
    rng, modulus = np.random.default_rng(1), 7
    of_sum = rng.normal(size=(modulus, modulus))
    total = np.add.outer(np.arange(modulus), np.arange(modulus)) % modulus
    made = of_sum[total]
    every = [1, 2, 3]
    assert np.abs(restricted_logits(made, every) - made).max() < 1e-12
    noisy = made + rng.normal(size=made.shape)
    mean_of_sum = np.stack([noisy[total == place].mean(0) for place in range(modulus)])
    assert np.abs(restricted_logits(noisy, every) - mean_of_sum[total]).max() < 1e-12


def test_excluded_and_kept_parts_add_up() -> None:
    made = np.random.default_rng(2).normal(size=(9, 9, 9))
    assert np.abs(sum_part(made, [2]) + excluded_logits(made, [2]) - made).max() < 1e-12
    assert np.abs(sum_part(sum_part(made, [2]), [2]) - sum_part(made, [2])).max() < 1e-12


def test_a_loss_over_some_sums_is_theirs_alone() -> None:
    made = np.random.default_rng(3).normal(size=(5, 5, 5))
    chosen = np.zeros((5, 5), dtype=bool)
    chosen[1, 3] = True
    expected = torch.nn.functional.cross_entropy(torch.from_numpy(made[1, 3])[None], torch.tensor([4]))
    assert sum_loss(made, chosen) == pytest.approx(float(expected), abs=1e-12)


def test_bad_input_is_told_in_a_sentence() -> None:
    with pytest.raises(BadInput, match="give an odd number from 3"):
        circle_basis(8)
    with pytest.raises(BadInput, match=r"all of the modulus' length, not \[5, 5, 4\]"):
        sum_loss(np.zeros((5, 5, 4)))
    with pytest.raises(BadInput, match="no frequency 3: modulo 5 they run from 1 to 2"):
        sum_part(np.zeros((5, 5, 5)), [3])


@pytest.mark.parametrize("seed", [2, 4])
def test_networks_that_others_trained_to_add_turn_by_a_few_angles(
    seed: int, test_data: Callable[[str], Path]
) -> None:
    model = open_model(f"transformer_lens:{test_data(f'rib_modadd/seed{seed}')}")
    first, second = (axis.flatten() for axis in torch.meshgrid(*[torch.arange(MODULUS)] * 2, indexing="ij"))
    prompts = torch.stack([first, second, torch.full_like(first, MODULUS)], 1)
    with torch.no_grad():
        found = model.hf(input_ids=prompts).logits[:, -1, :MODULUS].double()
    made = found.reshape(MODULUS, MODULUS, MODULUS).numpy()
    power = pair_power(made)[1:, 1:]
    key = [int(place) + 1 for place in np.flatnonzero(np.diag(power) > 0.02 * power.sum())]
    assert 2 <= len(key) <= 8
    assert sum_loss(made) < 1e-3
    assert sum_loss(restricted_logits(made, key)) < sum_loss(made)
    assert sum_loss(excluded_logits(made, key)) > np.log(MODULUS)
    assert np.diag(power).sum() > 0.9 * power.sum()
