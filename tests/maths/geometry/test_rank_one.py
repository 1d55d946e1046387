"""Components of vectors in factors, held to the vectors written out, to planted truth and to chance."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import kstest

from neuronscope.maths.geometry.rank_one import frame, lengths, permuted_explained, principal, resampled


def drawn(
    seed: int, *, neurons: int = 3, prompts: int = 40, paths: int = 5, width: int = 12
) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return rng.standard_normal((neurons, prompts, paths)), rng.standard_normal((neurons, paths, width))


def gram_of(vectors: np.ndarray) -> np.ndarray:
    return vectors @ np.swapaxes(vectors, 1, 2)


def test_lengths_from_factors_are_those_of_the_vectors_written_out() -> None:
    strengths, vectors = drawn(0)
    written = strengths @ vectors
    np.testing.assert_allclose(lengths(strengths, gram_of(vectors)), np.linalg.norm(written, axis=-1))


@pytest.mark.parametrize("width", [3, 12])
def test_a_frame_keeps_all_inner_products_also_where_paths_depend_on_each_other(width: int) -> None:
    _, vectors = drawn(1, width=width)
    turn = frame(gram_of(vectors))
    np.testing.assert_allclose(turn @ np.swapaxes(turn, 1, 2), gram_of(vectors), atol=1e-12)


@pytest.mark.parametrize("n_selected", [3, 10, 40])
@pytest.mark.parametrize("width", [4, 12])
def test_the_component_is_the_first_singular_vector_of_the_longest_written_out(
    n_selected: int, width: int
) -> None:
    strengths, vectors = drawn(2, width=width)
    found = principal(strengths, gram_of(vectors), n_selected=n_selected)
    for neuron in range(len(strengths)):
        written = strengths[neuron] @ vectors[neuron]
        written = written - written.mean(0)
        longest = np.argsort(-np.linalg.norm(written, axis=1))[:n_selected]
        assert found.selected[neuron].tolist() == longest.tolist()
        sizes, right = np.linalg.svd(written[longest])[1:]
        component = found.coefficient[neuron] @ vectors[neuron]
        np.testing.assert_allclose(abs(component @ right[0]), 1, rtol=1e-10)
        np.testing.assert_allclose(np.linalg.norm(component), 1, rtol=1e-10)
        np.testing.assert_allclose(found.explained[neuron], sizes[0] ** 2 / (sizes**2).sum())
        share = ((written @ right[0]) ** 2).sum() / (written**2).sum()
        np.testing.assert_allclose(found.explained_all[neuron], share)
        np.testing.assert_allclose(found.threshold[neuron], np.linalg.norm(written[longest[-1]]))
        positive = (written[longest] @ component > 0).mean()
        assert positive >= 0.5
        np.testing.assert_allclose(found.positive[neuron], positive)


def test_another_frame_of_the_width_and_another_order_of_paths_change_nothing() -> None:
    strengths, vectors = drawn(3)
    found = principal(strengths, gram_of(vectors), n_selected=8)
    turn = np.linalg.qr(np.random.default_rng(0).standard_normal((12, 12)))[0]
    order = np.array([3, 1, 4, 0, 2])
    other = principal(strengths[..., order], gram_of(vectors[:, order] @ turn), n_selected=8)
    np.testing.assert_allclose(other.coefficient, found.coefficient[:, order], atol=1e-9)
    np.testing.assert_allclose(other.explained, found.explained)


def test_a_planted_direction_is_found_and_is_above_chance_while_noise_is_not() -> None:
    rng = np.random.default_rng(4)
    vectors = rng.standard_normal((2, 6, 16))
    shared = rng.exponential(size=(1, 60, 1)) * rng.standard_normal(6)
    strengths = np.concatenate(
        [shared + 0.05 * rng.standard_normal((1, 60, 6)), rng.standard_normal((1, 60, 6))]
    )
    found = principal(strengths, gram_of(vectors), n_selected=12)
    null, null_all = permuted_explained(strengths, gram_of(vectors), n_selected=12, n_null=99)
    direction = shared[0, 0] @ vectors[0]
    component = found.coefficient[0] @ vectors[0]
    assert component @ direction / np.linalg.norm(direction) > 0.99
    assert found.explained[0] > 0.99 > null[:, 0].max()
    assert found.explained_all[0] > null_all[:, 0].max()
    assert null[:, 1].min() < found.explained[1] < null[:, 1].max()


def test_a_neuron_of_one_path_is_of_rank_one_and_so_is_its_chance() -> None:
    strengths, vectors = drawn(5, paths=1)
    found = principal(strengths, gram_of(vectors), n_selected=4)
    np.testing.assert_allclose(found.explained, 1)
    np.testing.assert_allclose(found.explained_all, 1)
    np.testing.assert_allclose(permuted_explained(strengths, gram_of(vectors), n_selected=4, n_null=3)[0], 1)


def test_a_silent_neuron_explains_nothing_and_has_no_component() -> None:
    _, vectors = drawn(6)
    found = principal(np.zeros((3, 40, 5)), gram_of(vectors), n_selected=4)
    assert np.isnan(found.explained).all()
    assert not found.coefficient.any()
    assert not found.threshold.any()


def test_the_p_of_chance_is_uniform_where_paths_are_independent() -> None:
    rng = np.random.default_rng(7)
    vectors = rng.standard_normal((150, 4, 10)) * [[[5.0], [1.0], [1.0], [0.3]]]
    strengths = rng.exponential(size=(150, 30, 4))
    found = principal(strengths, gram_of(vectors), n_selected=6)
    null, _ = permuted_explained(strengths, gram_of(vectors), n_selected=6, n_null=39, seed=8)
    p = (1 + (null >= found.explained).sum(0)) / 40
    # The middle of each step, since p takes forty values.
    assert kstest(p - 1 / 80, "uniform").pvalue > 0.01
    assert 0.0 < (p <= 0.05).mean() < 0.11


def test_resamples_of_a_clean_neuron_agree_with_it_and_those_of_noise_less() -> None:
    rng = np.random.default_rng(9)
    vectors = rng.standard_normal((2, 5, 9))
    clean = rng.exponential(size=(1, 50, 1)) * rng.standard_normal(5) + 0.01 * rng.standard_normal((1, 50, 5))
    strengths = np.concatenate([clean, rng.standard_normal((1, 50, 5))])
    gram = gram_of(vectors)
    found = principal(strengths, gram, n_selected=10)
    coefficient, explained = resampled(strengths, gram, n_selected=10, n_resamples=20)
    cosine = np.abs(np.einsum("snp,npq,nq->sn", coefficient, gram, found.coefficient))
    assert cosine[:, 0].min() > 0.999
    assert cosine[:, 1].mean() < 0.95
    assert explained.shape == (20, 2)
