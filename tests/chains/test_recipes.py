"""Every recipe runs from end to end, and its pictures and checks are of what its answers hold."""

import math
from pathlib import Path

import pytest

from neuronscope.chains.checking import places, verdict
from neuronscope.chains.filling import with_places
from neuronscope.chains.reading import read_chain, recipe_names
from neuronscope.chains.running import parameters, run_chain
from neuronscope.results import load

SMALL = {
    "agreement": {"n_prompts": 4},
    "indirect-object": {"n_prompts": 4},
    "induction": {"checkpoints": "builtin:induction/seed0@0,301,1024"},
    "neuron-portrait": {"n_tokens": 4000},
    "second-order": {"n_train": 40, "n_held_out": 20, "per_layer": 1, "ablated": 2},
    "temporal-reasoning": {"n_prompts": 4},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", recipe_names())
def test_no_question_of_a_recipe_fails_and_what_it_shows_and_checks_is_there(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEURONSCOPE_HOME", str(tmp_path / "home"))
    chain, given = read_chain(name), SMALL.get(name, {})
    outcomes = run_chain(chain, tmp_path / "out", given=given)
    assert {outcome.step: outcome.problem for outcome in outcomes if outcome.problem} == {}
    files = {outcome.step: outcome.file for outcome in outcomes}
    for step in with_places(chain, parameters(chain, given)).steps:
        result = load(files[step.name])
        for shown in step.show:
            places(result, shown)  # raises where there is no such variable or place
        for check in step.check:
            assert math.isfinite(verdict(check, result).value)
    page = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= sum(len(step.show) for step in chain.steps)
