"""Ablations of sets of parts, their significance and the random sets beside them."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import kstest

from neuronscope.data.tasks import TASKS
from neuronscope.instruments.comparing.ablated import ablated, judged, random_sets
from neuronscope.instruments.comparing.components import heads, listed
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.maths.significance import rank_p
from neuronscope.models import Model


def test_where_nothing_is_lost_p_is_spread_evenly() -> None:
    noise = np.random.default_rng(5).standard_t(3, size=(600, 14))
    found = judged(noise)
    assert kstest(found["p_alone"], "uniform").pvalue > 0.01
    assert (found["p"] < 0.05).sum() <= 3


def test_a_real_loss_is_found_among_many() -> None:
    effect = np.random.default_rng(6).normal(size=(100, 20))
    effect[:5] -= 3
    found = judged(effect)
    assert (found["p"][:5] < 0.05).all()
    assert (found["effect_size"][:5] < -2).all()
    assert (found["high"][:5] < 0).all()
    assert (found["p"] >= found["p_alone"]).all()


@pytest.mark.parametrize("ablation", ["mean", "zero"])
def test_padded_prompts_lose_what_each_loses_alone(model: Model, rounding: float, ablation: str) -> None:
    pairs = prompt_pairs(model, TASKS["one-digit-arithmetic"], n_prompts=4)
    cells = [[part] for part in heads(model)] + [list(heads(model))[:3]]

    def loss(some: slice) -> np.ndarray:
        return ablated(
            model, pairs[some], cells, "logit_difference", ablation=ablation, reference="documentation"
        ).effect

    alone = np.concatenate([loss(slice(row, row + 1)) for row in range(4)], axis=1)
    np.testing.assert_allclose(loss(slice(None)), alone, atol=10 * rounding)
    backwards = np.concatenate([loss(slice(2, 4)), loss(slice(0, 2))], axis=1)
    np.testing.assert_allclose(backwards, np.roll(alone, -2, axis=1), atol=10 * rounding)


def test_random_sets_have_as_many_of_each_layer(make_model: Callable[..., Model]) -> None:
    model = make_model()
    parts = listed(model, "z.0.1 z.2.0 z.2.3 mlp_act.1.5")
    sets = random_sets(model, parts, 60, seed=1)
    assert len(sets) == 60
    for drawn in sets:
        assert [(site.layer, site.name) for site in drawn] == [
            (0, "z"), (1, "mlp_act"), (2, "z"), (2, "z")
        ]  # fmt: skip
        assert len(set(drawn)) == 4
    assert {site.unit for drawn in sets for site in drawn if site.name == "z"} == set(range(4))
    assert sets == random_sets(model, parts, 60, seed=1)
    assert sets != random_sets(model, parts, 60, seed=2)
    assert random_sets(model, listed(model, "z.0.0 mlp_add.0"), 5) == []


@pytest.mark.parametrize("layers", [(0,), (1, 1), (0, 0, 0, 2), (2, 2, 2, 2)])
def test_a_rank_among_random_sets_is_a_p_value_where_sets_are_chosen_at_random(
    make_model: Callable[..., Model], layers: tuple[int, ...]
) -> None:
    model, rng = make_model(), np.random.default_rng(7)
    p = []
    for trial in range(300):
        # One part outweighs all others, as often in a model.
        weight = dict(zip(heads(model), rng.standard_cauchy(12), strict=True))
        units = {layer: iter(rng.permutation(4)) for layer in set(layers)}
        parts = listed(model, " ".join(f"z.{layer}.{next(units[layer])}" for layer in layers))
        effects = [
            abs(sum(weight[site] for site in one))
            for one in (list(parts), *random_sets(model, parts, 39, seed=trial))
        ]
        p.append(float(rank_p(effects[0], effects[1:], tail="above")))
    for level in (0.05, 0.1, 0.25, 0.5):
        assert np.mean(np.array(p) <= level) < level + 0.07


def test_a_set_that_comes_twice_is_measured_once_and_said_twice(make_model: Callable[..., Model]) -> None:
    model = make_model()
    pairs = prompt_pairs(model, TASKS["one-digit-arithmetic"], n_prompts=3)
    one, two, three = list(heads(model))[:3]
    found = ablated(
        model, pairs, [[one], [two, three], [one], [two, three], [two]], "logit_difference"
    ).effect
    alone = ablated(model, pairs, [[one], [two, three], [two]], "logit_difference").effect
    np.testing.assert_array_equal(found[[0, 1]], found[[2, 3]])
    np.testing.assert_allclose(found[[0, 1, 4]], alone, atol=1e-10)


def test_of_one_prompt_the_effect_alone_is_known() -> None:
    found = judged(np.array([[1.0], [-2.0]]))
    assert list(found) == ["effect"]
    np.testing.assert_array_equal(found["effect"], [1, -2])
