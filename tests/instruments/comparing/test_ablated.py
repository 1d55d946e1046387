"""Ablations of sets of parts, their significance and the random sets beside them."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.stats import kstest

from neuronscope.data.tasks import TASKS
from neuronscope.instruments.comparing.ablated import ablated, judged, random_sets
from neuronscope.instruments.comparing.components import heads, listed
from neuronscope.instruments.comparing.pairs import prompt_pairs
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


def test_random_sets_have_as_many_others_of_each_layer(make_model: Callable[..., Model]) -> None:
    model = make_model()
    parts = listed(model, "z.0.1 z.2.0 z.2.3 mlp_act.1.5")
    sets = random_sets(model, parts, 30, seed=1)
    assert len(sets) == 30
    for drawn in sets:
        assert sorted((site.name, site.layer) for site in drawn) == [
            ("mlp_act", 1), ("z", 0), ("z", 2), ("z", 2)
        ]  # fmt: skip
        assert not set(drawn) & set(parts)
        assert len(set(drawn)) == 4
    assert sets == random_sets(model, parts, 30, seed=1)
    assert sets != random_sets(model, parts, 30, seed=2)


def test_without_others_there_are_no_random_sets(make_model: Callable[..., Model]) -> None:
    model = make_model()
    assert random_sets(model, listed(model, "z.0.0 z.0.1 z.0.2"), 5) == []
    assert random_sets(model, listed(model, "mlp_add.0"), 5) == []
