"""The report, held to planted sparsity, layers and losses, and silent about what nobody measured."""

from typing import Any

import numpy as np
import pytest
import xarray as xr

from neuronscope.analyses.second_order.second_order_report import second_order_report
from neuronscope.results import label, stamp
from neuronscope.words import BadInput

N_PROMPTS, N_NEURONS = 200, 12


def effects_of(effect: np.ndarray, *, variance: Any = None, correct: Any = None) -> xr.Dataset:
    """Make what second_order_effects gives of some neurons' effects [neuron prompt]."""
    spread = np.ones((4, 6)) if variance is None else np.asarray(variance, dtype=float)
    known = {} if correct is None else {"correct": ("prompt", np.asarray(correct))}
    return label(
        {
            "layer": range(len(spread)),
            "address": ("rank", [f"mlp_act.0.{number}" for number in range(len(effect))]),
        },
        variance=("layer neuron", spread),
        prompt_effect=("prompt rank", effect.T),
        clean=("prompt", [f"prompt {row}" for row in range(effect.shape[1])]),
        **known,
    )


def ablation_of(kept: list[float], *, rank_one: float = -0.002, only: float = -0.1) -> xr.Dataset:
    """Make what second_order_ablation gives: changes of accuracy from 60 %, each with ±0.005."""
    ways = ["original", "mean", "without_significant", "without_insignificant", "rank_one"]
    change = np.array([0.0, -0.2, -0.05, only, rank_one])
    curve = np.array(kept)
    made: dict[str, Any] = {"accuracy": ("way", 0.6 + change), "difference_change": ("way", change)}
    for name, values, axis in (("accuracy", change, "way"), ("kept_accuracy", curve, "quantile")):
        made[f"{name}_change"] = (axis, values)
        made[f"{name}_change_low"] = (axis, values - 0.005)
        made[f"{name}_change_high"] = (axis, values + 0.005)
    for end, by in (("low", -0.1), ("high", 0.1)):
        made[f"difference_change_{end}"] = ("way", change + by)
    share = ("quantile", [0.01, 0.02, 0.05, 0.1, 1.0])
    return label({"way": ways}, kept_share=share, **made)


def sparse(share: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    active = np.arange(N_PROMPTS) < share * N_PROMPTS
    return rng.permuted(np.where(active, 1.0, 0.0)[None].repeat(N_NEURONS, 0), axis=1)


def line(found: xr.Dataset, name: str) -> xr.Dataset:
    return found.sel(item=name)


def test_neurons_of_few_prompts_are_sparse_and_those_of_all_are_not() -> None:
    few = second_order_report(effects_of(sparse(0.02)))
    for name, value in (("sparsity by participation", 0.02), ("sparsity by needed share", 0.02)):
        assert str(line(few, name).status.values) == "met"
        assert float(line(few, name).value) == pytest.approx(value, abs=0.002)
        assert float(line(few, name).value_low) <= 0.02 <= float(line(few, name).value_high)
    np.testing.assert_allclose(few.participation, 0.02)
    dense = second_order_report(effects_of(np.random.default_rng(0).standard_normal((N_NEURONS, N_PROMPTS))))
    assert str(line(dense, "sparsity by participation").status.values) == "missed"
    assert float(line(dense, "sparsity by participation").value) == pytest.approx(1 / 3, abs=0.05)


def test_the_scale_of_effects_is_of_no_matter() -> None:
    effect = np.random.default_rng(1).standard_normal((N_NEURONS, N_PROMPTS))
    one, other = (second_order_report(effects_of(effect * factor)) for factor in (1.0, -40.0))
    np.testing.assert_allclose(one.value, other.value)
    np.testing.assert_allclose(one.needed_share, other.needed_share)


@pytest.mark.parametrize(("rest", "status"), [(0.01, "met"), (1.0, "missed")])
def test_variance_in_three_layers_is_concentrated(rest: float, status: str) -> None:
    variance = np.full((8, 5), rest)
    variance[[1, 4, 6]] = 1.0
    found = second_order_report(effects_of(sparse(0.1), variance=variance))
    held = line(found, "layer concentration")
    assert str(held.status.values) == status
    assert float(held.value) == pytest.approx(3 / (3 + 5 * rest))
    assert "with no interval" in str(held.finding.values)
    if rest < 1:
        assert "layers 1, 4, 6 of 8 hold" in str(held.finding.values)


def test_a_neuron_that_parts_right_from_wrong_is_told_and_noise_is_not() -> None:
    rng = np.random.default_rng(2)
    correct = rng.random(N_PROMPTS) < 0.6
    effect = rng.standard_normal((N_NEURONS, N_PROMPTS))
    effect[3] += 1.5 * correct
    found = second_order_report(effects_of(effect, correct=correct))
    assert float(found.auroc[3]) > 0.75
    assert float(found.auroc_p[3]) < 0.001
    assert "1 of 12 neurons part right from wrong answers" in str(
        line(found, "right from wrong answers").finding.values
    )
    assert "mlp_act.0.3" in str(line(found, "right from wrong answers").finding.values)


def test_noise_seldom_parts_right_from_wrong() -> None:
    alarms = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = second_order_report(
            effects_of(rng.standard_normal((N_NEURONS, 60)), correct=rng.random(60) < 0.5), n_resamples=20
        )
        alarms += bool((found.auroc_p < 0.05).any())
    assert alarms <= 7


def test_what_accuracy_needs_is_read_off_the_curve() -> None:
    few = second_order_report(effects_of(sparse(0.1)), ablation=ablation_of([-0.1, -0.002, 0.0, 0.0, 0.0]))
    held = line(few, "sparsity by ablation")
    assert str(held.status.values) == "met"
    assert float(held.value) == 0.02
    lucky = second_order_report(effects_of(sparse(0.1)), ablation=ablation_of([0.0, -0.1, -0.1, -0.012, 0.0]))
    held = line(lucky, "sparsity by ablation")
    assert str(held.status.values) == "missed"
    assert float(held.value) == 1.0
    assert float(held.value_low) == 0.1


def test_losses_of_accuracy_are_held_against_one_per_cent() -> None:
    found = second_order_report(
        effects_of(sparse(0.1)), ablation=ablation_of([0.0] * 5, rank_one=-0.008, only=-0.1)
    )
    met = line(found, "one direction alone")
    assert str(met.status.values) == "met"
    assert float(met.value) == pytest.approx(0.008)
    assert "but the interval reaches past it" in str(met.finding.values)
    missed = line(found, "significant effects alone")
    assert str(missed.status.values) == "missed"
    assert "drops by 10 % (95 % interval 9.5 to 10.5 %), not below 1 %." in str(missed.finding.values)
    assert str(line(found, "no effects").status.values) == "no limit"
    assert str(line(found, "words alone").status.values) == "not measured"


def test_what_was_not_given_is_said_not_to_be_measured() -> None:
    found = second_order_report(effects_of(sparse(0.1)))
    absent = {
        "sparsity by ablation", "no effects", "significant effects alone", "one direction alone",
        "words alone", "share of one direction", "right from wrong answers", "accuracy of the model",
        "direction of being right",
    }  # fmt: skip
    assert set(found.item.values[found.status.values == "not measured"]) == absent
    assert all("it needs" in str(line(found, name).finding.values) for name in absent)
    assert "auroc" not in found


def test_cases_show_prompts_with_effect_and_outcome_and_costs_come_from_the_stamps() -> None:
    effect = np.zeros((2, 10))
    effect[0, 7], effect[1, 2] = 5.0, -3.0
    effects = stamp(
        effects_of(effect, correct=np.arange(10) % 2 == 0), analysis="second_order_effects", seconds=4.0,
        peak_memory_mb=70.0, models={"model": {"name": "small"}},
    )  # fmt: skip
    found = second_order_report(effects, top_k=2)
    assert "“prompt 7” (+5.00, wrong)" in str(found.case.values[0])
    assert "“prompt 2” (−3.00, right)" in str(found.case.values[1])
    cost = found.sel(source="second_order_effects")
    assert (float(cost.seconds), float(cost.peak_memory_mb)) == (4.0, 70.0)
    assert found.attrs["model"] == "small"


def test_results_of_other_analyses_are_refused_in_words() -> None:
    good = effects_of(sparse(0.1))
    with pytest.raises(BadInput, match="effects has no variance"):
        second_order_report(label({}, x=("item", [1.0])))
    with pytest.raises(BadInput, match="effects has no prompt_effect"):
        second_order_report(good.drop_vars("prompt_effect"))
    with pytest.raises(BadInput, match="components has no component"):
        second_order_report(good, components=good)
    with pytest.raises(BadInput, match="texts has no description"):
        second_order_report(good, texts=good)
