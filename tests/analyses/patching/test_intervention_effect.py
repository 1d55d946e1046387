"""Intervention effect, held to changes that change nothing, to runs by hand and to chance."""

from typing import Any

import numpy as np
import pytest

from neuronscope import component_ablation, intervention_effect
from neuronscope.instruments import run, zero
from neuronscope.instruments.interventions import read
from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

PROMPT = "When Mary and John went to the shop, John gave a drink to"
PAIR = {"prompt": PROMPT, "target": " Mary", "distractor": " John"}


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


def test_a_change_that_changes_nothing_has_no_effect_and_is_no_rarer_than_any(scribe: Model) -> None:
    found = intervention_effect(scribe, ["z.2.1 scale=1"], **PAIR, n_random=9)
    np.testing.assert_array_equal(found.effect, 0)
    np.testing.assert_array_equal(found.p, 1)
    np.testing.assert_array_equal(found.before, found.after)


def test_the_numbers_are_those_of_two_runs(scribe: Model) -> None:
    found = intervention_effect(scribe, ["z.4.1 zero", "mlp_act.3.7 zero"], **PAIR, n_random=1)
    logits = [
        run(scribe, PROMPT, do=do).logits[0, -1].double() for do in ([], [zero("z.4.1"), zero("mlp_act.3.7")])
    ]
    target, distractor = (scribe.tokenizer.encode(PAIR[word])[-1] for word in ("target", "distractor"))
    logs = [one.log_softmax(-1) for one in logits]
    expected = [
        float((logits[1] - logits[0])[target] - (logits[1] - logits[0])[distractor]),
        float(logs[1][target] - logs[0][target]),
        float((logs[0].exp() * (logs[0] - logs[1])).sum()),
    ]
    np.testing.assert_allclose(found.effect, expected, rtol=1e-6, atol=1e-12)
    assert found.after_token.values[0, 0] == scribe.token_text(int(logits[1].argmax()))
    assert found.before_probability.values[0, 0] == pytest.approx(float(logs[0].exp().max()))


def test_over_a_task_it_is_the_ablation_of_a_component(scribe: Model) -> None:
    found = intervention_effect(scribe, ["z.4.1 zero"], task="indirect-object", n_prompts=8)
    ablated: Any = component_ablation(
        scribe, task="indirect-object", n_prompts=8, chosen="z.4.1", ablation="zero", n_random=1
    )
    assert float(found.effect[0]) == pytest.approx(ablated.effect.item(), abs=1e-5)
    assert float(found.low[0]) == pytest.approx(ablated.low.item(), abs=1e-4)
    assert "null" not in found


def test_the_place_among_random_units_of_a_random_unit_is_anywhere(scribe: Model) -> None:
    rng = np.random.default_rng(0)
    p = [
        float(intervention_effect(scribe, [f"mlp_act.3.{unit} zero"], **PAIR, n_random=9, seed=seed).p[0])
        for seed, unit in enumerate(rng.choice(640, 24))
    ]
    assert 0.3 < np.mean(p) < 0.75
    assert np.mean(np.array(p) <= 0.1) < 0.25


def test_random_changes_keep_the_size_the_layer_and_the_op(scribe: Model) -> None:
    twice = [
        intervention_effect(scribe, ["z.2.1@-1 mean", "z.2.3@-1 mean"], **PAIR, n_random=9) for _ in "ab"
    ]
    np.testing.assert_array_equal(twice[0].null, twice[1].null)
    long = intervention_effect(scribe, ["resid_post.2 add=8*random 1"], **PAIR, n_random=9)
    short = intervention_effect(scribe, ["resid_post.2 add=0.01*random 1"], **PAIR, n_random=9)
    assert abs(long.null[0]).mean() > 20 * abs(short.null[0]).mean()
    whole = intervention_effect(scribe, ["mlp_out.3 zero"], **PAIR)
    drawn = intervention_effect(scribe, ["z.2.1 noise=1"], **PAIR)
    assert "null" not in whole
    assert "null" not in drawn


def test_what_the_model_is_under_already_is_part_of_before(scribe: Model) -> None:
    under = scribe.under(read("mlp_out.1 zero"))
    found = intervention_effect(under, ["z.4.1 zero"], **PAIR, n_random=3)
    both = run(scribe, PROMPT, do=[zero("mlp_out.1"), zero("z.4.1")]).logits[0, -1]
    target, distractor = (scribe.tokenizer.encode(PAIR[word])[-1] for word in ("target", "distractor"))
    assert float(found.after[0, 0]) == pytest.approx(float(both[target] - both[distractor]), abs=1e-5)
    alone = run(scribe, PROMPT, do=zero("mlp_out.1")).logits[0, -1]
    assert float(found.before[0, 0]) == pytest.approx(float(alone[target] - alone[distractor]), abs=1e-5)


def test_a_change_that_cannot_be_read_is_refused(scribe: Model) -> None:
    with pytest.raises(BadInput, match="SITE OP"):
        intervention_effect(scribe, ["z.2.1"], **PAIR)
