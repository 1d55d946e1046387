"""What neurons do together, as it comes out of the analysis."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import xarray as xr

from neuronscope.analyses.neurons.neuron_interactions import neuron_interactions
from neuronscope.data.tasks import open_task
from neuronscope.instruments import run, zero
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

SMALL: dict[str, Any] = {
    "neurons": "0.3, 1.7, 2.20",
    "n_prompts": 4,
    "n_tokens": 12,
    "n_passages": 6,
    "n_null": 19,
}


@cache
def found() -> xr.Dataset:
    return neuron_interactions(open_model("builtin:scribe"))


def test_the_interaction_is_what_both_do_beyond_the_sum(model: Model) -> None:
    task = open_task("two-digit-arithmetic")
    result = neuron_interactions(model, task, ablation="zero", **SMALL)
    pairs = prompt_pairs(model, task, n_prompts=4)
    x, y = pairs.target.tolist(), pairs.distractor.tolist()

    def moved(row: int, *addresses: str) -> float:
        runs = [run(model, pairs.clean[row], do=[zero(a) for a in some]) for some in ((), addresses)]
        base, changed = (one.logits[0, -1, x[row]] - one.logits[0, -1, y[row]] for one in runs)
        return float(changed - base)

    one, other = "mlp_act.0.3", "mlp_act.2.20"
    extra = [moved(row, one, other) - moved(row, one) - moved(row, other) for row in range(4)]
    cell = result.interaction.sel(item="0.3", other="2.20")
    assert float(cell) == pytest.approx(np.mean(extra), abs=1e-6)
    assert float(result.effect.sel(item="0.3")) == pytest.approx(
        np.mean([moved(row, one) for row in range(4)]), abs=1e-6
    )


def test_what_is_mutual_is_symmetric_and_what_is_fed_goes_one_way() -> None:
    for name in ("interaction", "interaction_p", "correlation", "correlation_p"):
        np.testing.assert_allclose(found()[name], found()[name].T, atol=1e-12)
    fed = ~np.isnan(found().composition.values)
    assert not (fed & fed.T).any()
    assert fed.any()


def test_intervals_hold_the_estimates() -> None:
    for name in ("interaction", "correlation"):
        one, other = np.triu_indices(5, 1)
        low, value, high = (
            found()[part].values[one, other] for part in (f"{name}_low", name, f"{name}_high")
        )
        assert (low <= value).all()
        assert (value <= high).all()
    assert (found().interaction_p.values[one, other] <= 1).all()


def test_the_order_in_which_neurons_are_named_is_of_no_matter() -> None:
    scribe = open_model("builtin:scribe")
    one, other = (
        neuron_interactions(scribe, **{**SMALL, "neurons": names}) for names in ("2.5 1.8", "1.8, 2.5, 1.8")
    )
    xr.testing.assert_equal(one.interaction, other.interaction)
    assert one.item.values.tolist() == ["1.8", "2.5"]


def test_a_gate_has_a_composition_of_its_linear_branch(make_model: Callable[..., Model]) -> None:
    result = neuron_interactions(make_model("llama"), open_task("two-digit-arithmetic"), **SMALL)
    assert {"composition", "composition_up"} <= set(result.data_vars)


@pytest.mark.parametrize(
    ("neurons", "words"), [("1.8", "needs two neurons or more"), ("1.8, 77.1", "out of range")]
)
def test_too_few_neurons_and_those_that_there_are_not_are_refused(neurons: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        neuron_interactions(open_model("builtin:scribe"), neurons=neurons, n_prompts=2)
