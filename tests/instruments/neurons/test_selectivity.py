"""What a neuron answers to, held to neurons whose answers were planted."""

from collections.abc import Callable

import numpy as np

from neuronscope.instruments.neurons.profiles import (
    Profiles,
    activation_profiles,
    contexts,
    drawn_tokens,
    strongest,
)
from neuronscope.instruments.neurons.selectivity import MEASURES, neuron_measures
from neuronscope.instruments.run import run
from neuronscope.maths.geometry.clustering import split_scan
from neuronscope.models import Model
from tests.analyses.conftest import make_model, model  # noqa: F401 - fixtures

TEXTS = ["The cat sat on", "on 12 mats, 3 ", "and it ate all", "or was it none"]


def activity_of(values: np.ndarray, length: int) -> Profiles:
    n, size = values.shape
    return Profiles(np.zeros(n, int), np.arange(n), values, np.arange(size) // length, np.arange(size) % 256)


def test_the_strongest_tokens_are_one_of_each_passage_and_the_strongest_first() -> None:
    values = np.array([[1, 5, 2, 9, 0, 3, 4, 4, 4], [0, 0, 1, 0, 7, 0, 0, 3, 0]], float)
    np.testing.assert_array_equal(strongest(activity_of(values, 3), 2), [[3, 1], [4, 7]])


def test_tokens_that_chance_draws_are_one_of_each_passage() -> None:
    drawn = drawn_tokens(activity_of(np.zeros((1, 20)), 4), 3, 50, np.random.default_rng(0))
    assert drawn.shape == (50, 3)
    assert all(len(set(row // 4)) == 3 for row in drawn)
    assert len(np.unique(drawn)) == 20


def test_contexts_are_what_the_mlp_reads_at_the_tokens_of_the_activity(model: Model) -> None:  # noqa: F811
    read = [model.tokenize(text) for text in TEXTS]
    seen = contexts(model, read, [1])[0]
    alone = run(model, read[2], get="mlp_in.1")["mlp_in.1"][0, 1:]
    activity = activation_profiles(model, read, [1])
    np.testing.assert_allclose(seen[activity.passage == 2], alone, atol=1e-6)


def test_p_is_uniform_where_the_strongest_tokens_are_tokens_like_any_other() -> None:
    rng = np.random.default_rng(1)
    points = rng.standard_normal((400, 3)) * [3, 1, 1] + 6 * (np.arange(400) % 3 == 0)[:, None]
    activity = activity_of(rng.standard_normal((600, 400)), 10)
    null = drawn_tokens(activity, 10, 400, rng)
    _, _, p = split_scan(points[strongest(activity, 10)], points[null])
    # The standard error of each share is 0.02 at most over 600, and that of the null is the same.
    for level in (0.05, 0.2, 0.5, 0.8):
        assert abs(np.mean(p <= level) - level) < 0.08


def test_a_neuron_of_two_contexts_is_told_from_neurons_of_one() -> None:
    rng = np.random.default_rng(2)
    points = rng.standard_normal((600, 4))
    points[:40] = rng.standard_normal((40, 4)) * 0.1 + [9, 0, 0, 0]
    points[40:80] = rng.standard_normal((40, 4)) * 0.1 + [0, 9, 0, 0]
    two = rng.permutation(80).reshape(8, 10)
    one = rng.permutation(40)[:40].reshape(4, 10)
    null = points[rng.integers(80, 600, (300, 10))]
    number, silhouette, p = split_scan(points[two], null)
    assert (number == 2).all()
    assert (silhouette > 0.9).all()
    assert (p < 0.01).all()
    assert (split_scan(points[one], null)[0] == 1).all()


def test_every_measure_comes_for_every_family_and_every_neuron(model: Model) -> None:  # noqa: F811
    read = [model.tokenize(text) for text in TEXTS]
    activity = activation_profiles(model, read, [0, 2])
    found = neuron_measures(model, activity, read, n_examples=4, n_null=9, rng=np.random.default_rng(0))
    assert set(found) == {*MEASURES, "context_p"}
    for name, values in found.items():
        assert values.shape == (96,)
        assert np.isfinite(values).all() or name == "class_selectivity"


def test_without_chance_there_is_no_number_of_clusters(make_model: Callable[..., Model]) -> None:  # noqa: F811
    small = make_model("gpt2")
    read = [small.tokenize(text) for text in TEXTS]
    activity = activation_profiles(small, read, [0])
    found = neuron_measures(small, activity, read, n_examples=4, n_null=0, rng=np.random.default_rng(0))
    assert np.isnan(found["context_clusters"]).all()
    assert np.isfinite(found["context_silhouette"]).all()
