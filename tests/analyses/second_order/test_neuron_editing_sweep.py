"""The editing sweep, held to a neuron whose part in the answer was written by hand, and to chance."""

from collections.abc import Callable

import numpy as np
import pytest

from neuronscope.analyses.second_order.neuron_editing_sweep import neuron_editing_sweep
from neuronscope.data.tasks import Pair, Task
from neuronscope.data.tasks.pair import Dice
from neuronscope.models import Model, open_model
from neuronscope.results import label
from neuronscope.words import BadInput
from tests.instruments.attributing.planted import ANSWER, KNOWING, KNOWN, N_NEURONS, knowing_model
from tests.instruments.editing.letters import LETTERS

FEW = {"n_prompts": 8, "n_passages": 2}
WRITTEN = 12.0
"""What the knowing neuron adds to the logit of the answer."""


def _draw(dice: Dice) -> Pair:
    body = "".join(dice.rng.choices("mnopq", k=6))
    return Pair(
        task=dice.task,
        template="one",
        seed=dice.seed,
        clean=body + KNOWN,
        corrupt=body + "j",
        answer=ANSWER,
        distractor="?",
    )


KNOWLEDGE = Task(name="knowledge", summary="What follows k?", draw=_draw, splits={"unseen": None})


@pytest.fixture(scope="module")
def knowing() -> Model:
    return knowing_model()


def test_the_answer_follows_the_factor_of_the_neuron_that_knows_it(knowing: Model) -> None:
    found = neuron_editing_sweep(
        knowing, task=KNOWLEDGE, neurons=f"0.{KNOWING}", factors=(-1.0, 0.0, 0.5, 3.0), **FEW
    )
    assert found.factor.values.tolist() == [-1, 0, 0.5, 1, 3]
    change = WRITTEN * (found.factor.values - 1)
    np.testing.assert_allclose(found.logit_difference_change, change, atol=1e-9)
    np.testing.assert_allclose(found.logit_difference_change_low, change, atol=1e-9)
    assert found.accuracy_mean.values[3:].tolist() == [1, 1]
    assert found.accuracy_change.values[0] == -1
    assert (found.logit_difference_change_p.drop_sel(factor=1) <= 0.2).all()
    assert found.neuron.values.tolist() == [f"mlp_act.0.{KNOWING}"]
    # Of the seven tokens of each prompt and its twin, all but the first counted, one in twelve is a k.
    np.testing.assert_allclose(found.mean_ablation.sel(measure="logit_difference"), WRITTEN * (1 / 12 - 1))


def test_the_neurons_come_from_a_result_by_side(knowing: Model) -> None:
    effect = np.linspace(-1, -2, N_NEURONS)[None]
    effect[0, KNOWING], effect[0, 3] = 5.0, 0.0
    given = label({"layer": [0]}, effect=("layer neuron", effect))

    def edited(side: str, n: int) -> list[str]:
        asked = {"task": KNOWLEDGE, "side": side, "n_neurons": n, "factors": (0.0,), **FEW, "n_random": 1}
        return neuron_editing_sweep(knowing, given, **asked).neuron.values.tolist()

    assert edited("towards", 3) == [f"mlp_act.0.{KNOWING}"]
    assert edited("against", 2) == [f"mlp_act.0.{N_NEURONS - 1}", f"mlp_act.0.{N_NEURONS - 2}"]
    assert edited("both", 2) == [f"mlp_act.0.{KNOWING}", f"mlp_act.0.{N_NEURONS - 1}"]
    listed = label({"address": ("rank", ["mlp_act.0.9", f"mlp_act.0.{KNOWING}"])}, share=("rank", [0.2, 0.1]))
    found = neuron_editing_sweep(knowing, listed, task=KNOWLEDGE, factors=(0.0,), **FEW)
    assert found.neuron.values.tolist() == ["mlp_act.0.9", f"mlp_act.0.{KNOWING}"]


def test_factor_one_changes_nothing_at_all() -> None:
    scribe = open_model("builtin:scribe")
    found = neuron_editing_sweep(scribe, neurons="2.5, 3.7", factors=(1.0,), n_prompts=4, n_passages=2)
    for name in found.data_vars:
        if str(name).endswith(("_change", "_low", "_high", "_random")) and "factor" in found[name].dims:
            np.testing.assert_array_equal(found[name], 0, err_msg=str(name))
    assert (found.logit_difference_change_p == 1).all()
    assert float(found.mean_ablation.sel(measure="kl_divergence")) > 0


def test_no_prompt_is_measured_on_which_neurons_were_chosen(knowing: Model) -> None:
    first = neuron_editing_sweep(knowing, task=KNOWLEDGE, neurons="0.1", factors=(0.0,), **FEW, n_random=1)
    given = label(
        {},
        effect=("layer neuron", np.eye(1, N_NEURONS)),
        clean=("prompt", first.clean.values),
    )
    second = neuron_editing_sweep(knowing, given, task=KNOWLEDGE, factors=(0.0,), **FEW, n_random=1)
    assert len(set(second.clean.values)) == FEW["n_prompts"]
    assert not set(second.clean.values) & set(first.clean.values)


def test_the_place_of_a_random_neuron_among_random_ones_is_anywhere(make_model: Callable[..., Model]) -> None:
    model = make_model()
    rng = np.random.default_rng(3)
    p = np.array(
        [
            [
                found[f"{name}_change_p"].values[0]
                for name in ("logit_difference", "kl_divergence", "text_loss")
            ]
            for seed, unit in enumerate(rng.integers(48, size=30))
            for found in [
                neuron_editing_sweep(
                    model,
                    task=LETTERS,
                    neurons=f"1.{unit}",
                    factors=(0.0,),
                    n_prompts=2,
                    n_passages=2,
                    n_random=9,
                    seed=seed,
                )
            ]
        ]
    )
    assert ((p.mean(0) > 0.35) & (p.mean(0) < 0.75)).all()
    assert ((p <= 0.1).mean(0) < 0.27).all()


def test_a_neuron_or_a_side_that_is_not_there_is_refused(knowing: Model) -> None:
    with pytest.raises(BadInput, match="names no neuron"):
        neuron_editing_sweep(knowing, task=KNOWLEDGE, neurons="seven")
    given = label({}, effect=("layer neuron", -np.ones((1, N_NEURONS))))
    with pytest.raises(BadInput, match="No neuron has an effect towards"):
        neuron_editing_sweep(knowing, given, task=KNOWLEDGE)
    wide = label({}, effect=("layer neuron", np.ones((1, 99))))
    with pytest.raises(BadInput, match="99 neurons"):
        neuron_editing_sweep(knowing, wide, task=KNOWLEDGE)
