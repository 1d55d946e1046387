"""Superposition, held to directions that were planted in a model."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from neuronscope.analyses.neurons.superposition import superposition
from neuronscope.models import Model
from neuronscope.models.parts.matrices import matrix
from neuronscope.words import BadInput
from tests.analyses.conftest import native


def plant(model: Model, layer: int, rows: np.ndarray) -> None:
    with torch.no_grad():
        native(model).transformer.h[layer].mlp.c_proj.weight.copy_(torch.as_tensor(rows))


def test_planted_pairs_have_half_a_dimension_and_planted_bases_a_whole_one(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    basis = np.linalg.qr(np.random.default_rng(0).standard_normal((32, 32)))[0]
    plant(model, 0, np.concatenate([basis[:24], -3 * basis[:24]]))
    plant(model, 1, np.concatenate([basis, np.zeros((16, 32))]))
    found = superposition(model)
    shares = found.neuron_dimensionality
    np.testing.assert_allclose(shares[0, :24], 1 / 10, atol=1e-10)  # 1² of 1² + 3²
    np.testing.assert_allclose(shares[0, 24:], 9 / 10, atol=1e-10)
    np.testing.assert_allclose(found.dimensions_held[:2], [24, 32], atol=1e-9)
    np.testing.assert_allclose(found.largest_cosine[:2], [1, 0], atol=1e-9)
    np.testing.assert_allclose(found.participation[1], 32, atol=1e-9)
    assert np.isnan(shares[1, 32:]).all()
    assert (found.p[:2] < 0.05).all()
    assert found.dimensionality[1] > found.null[1]


def test_the_measures_are_those_of_the_models_own_matrix(model: Model) -> None:
    found = superposition(model, layer=2, n_null=0)
    rows = matrix(model.anatomy.down(2)).numpy()
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    share = (rows**2).sum(1) / ((unit @ rows.T) ** 2).sum(1)
    np.testing.assert_allclose(found.neuron_dimensionality[0], share)
    np.testing.assert_allclose(found.dimensionality, share.mean())
    np.testing.assert_allclose(found.neuron_length[0], np.linalg.norm(rows, axis=1))
    assert np.isnan(found.p).all()
    assert found.dimensions_held <= model.width


def test_random_directions_are_not_told_from_random_directions(make_model: Callable[..., Model]) -> None:
    rng, p = np.random.default_rng(0), []
    for seed in range(10):
        model = make_model("gpt2", seed=seed)
        for layer in range(3):
            plant(model, layer, rng.standard_normal((48, 32)))
        p += superposition(model, n_null=19, seed=seed).p.values.tolist()
    # Two-sided p in steps of 1/10: mean 0.55, standard error 0.053 over 30.
    assert abs(np.mean(p) - 0.55) < 0.17
    assert np.mean(np.array(p) <= 0.1) < 0.3


def test_what_neurons_read_can_be_asked_of_every_family(model: Model) -> None:
    found = superposition(model, weights="input", n_null=2)
    assert np.isfinite(found.dimensionality).all()
    assert found.attrs["weights"] == "input"


def test_a_layer_beyond_the_last_is_refused_in_words(make_model: Callable[..., Model]) -> None:
    with pytest.raises(BadInput, match="layer=5 is beyond the model's last, 2"):
        superposition(make_model("gpt2"), layer=5)


def test_the_histogram_counts_every_neuron_once_and_planted_pairs_in_its_last_bin(
    make_model: Callable[..., Model],
) -> None:
    model = make_model("gpt2")
    basis = np.linalg.qr(np.random.default_rng(0).standard_normal((32, 32)))[0]
    plant(model, 0, np.concatenate([basis[:24], -basis[:24]]))
    found = superposition(model, n_null=39)
    np.testing.assert_array_equal(found.overlap_count.sum("bin"), 48)
    np.testing.assert_allclose(found.overlap_count_null.sum("bin"), 48)
    assert found.overlap_count[0, -1] == 48
    largest = found.neuron_largest_cosine[2].values
    place = int(np.argmax(found.overlap_count[2].values))
    inside = (largest >= found.bin_low.values[place]) & (largest < found.bin_high.values[place])
    assert inside.sum() == found.overlap_count[2, place]
    assert (found.overlap_count_null_low <= found.overlap_count_null_high).all()
    assert np.isnan(superposition(model, n_null=0).overlap_count_null).all()


def test_random_directions_fall_within_the_band_that_chance_draws(make_model: Callable[..., Model]) -> None:
    rng, model = np.random.default_rng(1), make_model("gpt2")
    for layer in range(3):
        plant(model, layer, rng.standard_normal((48, 32)))
    found = superposition(model, n_null=200)
    seen, low, high = found.overlap_count, found.overlap_count_null_low, found.overlap_count_null_high
    # 40 bins in 3 layers, 1 in 20 outside at most where the counts are whole numbers.
    assert ((seen < low) | (seen > high)).mean() < 0.1
