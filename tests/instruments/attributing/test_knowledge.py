"""What neurons add to an answer, held to brute force; random sets and changes, held to what they say."""

import numpy as np
import pytest
import torch

from neuronscope.data.tasks import open_task
from neuronscope.instruments import put, run
from neuronscope.instruments.attributing.knowledge import (
    answer_metric,
    causal_check,
    counted,
    log_probability_increase,
    random_like,
)
from neuronscope.instruments.attributing.wordings import lines_of, of_task
from neuronscope.instruments.comparing.pairs import prompt_pairs
from neuronscope.models import Model, open_model
from neuronscope.models.parts.matrices import matrix
from neuronscope.words import BadInput

WORDS = {"prompt": "the cat sat", "target": "x", "distractor": "y"}


def test_the_increase_is_that_of_brute_force(model: Model) -> None:
    pairs = prompt_pairs(model, **WORDS)
    n_neurons = model.n_neurons
    found = log_probability_increase(model, pairs, [0, 2], n_exact=2 * n_neurons)
    place = "resid_mid" if "resid_mid" in model.sites() else "resid_pre"
    for row, layer in enumerate((0, 2)):
        seen = run(model, pairs.clean[0], get=[f"{place}.{layer}@-1", f"mlp_act.{layer}@-1"])
        stream, held = seen[f"{place}.{layer}@-1"][0], seen[f"mlp_act.{layer}@-1"][0]
        down = model.anatomy.down(layer)
        assert down is not None
        target = int(pairs.target[0])
        base = model.unembed(stream).log_softmax(-1)[target]
        for neuron in (0, 17, n_neurons - 1):
            with_it = model.unembed(stream + held[neuron] * matrix(down)[neuron]).log_softmax(-1)[target]
            assert found[0, row, neuron] == pytest.approx(float((with_it - base).detach()), abs=1e-6)


def test_those_are_scored_exactly_whose_first_step_raises_most(model: Model) -> None:
    pairs = prompt_pairs(model, **WORDS)
    every = log_probability_increase(model, pairs, [1], n_exact=model.n_neurons)
    some = log_probability_increase(model, pairs, [1], n_exact=12)
    kept = np.isfinite(some)
    np.testing.assert_allclose(some[kept], every[kept], atol=1e-9)
    place = "resid_mid" if "resid_mid" in model.sites() else "resid_pre"
    seen = run(model, pairs.clean[0], get=[f"{place}.1@-1", "mlp_act.1@-1"])
    stream, held = seen[f"{place}.1@-1"][0], seen["mlp_act.1@-1"][0]
    down, step = model.anatomy.down(1), 1e-3
    assert down is not None
    pushed = model.unembed(stream + step * held[:, None] * matrix(down)).log_softmax(-1)
    pulled = model.unembed(stream - step * held[:, None] * matrix(down)).log_softmax(-1)
    slope = (pushed - pulled)[:, int(pairs.target[0])].detach()
    assert set(np.flatnonzero(kept)) == set(slope.topk(12).indices.tolist())


def test_a_neuron_counts_above_a_share_of_the_largest_of_its_prompt() -> None:
    scores = np.array([[[1.0, 0.3, np.nan, -4.0]], [[0.0, -1.0, -2.0, np.nan]]])
    assert counted(scores, 0.25).tolist() == [[[True, True, False, False]], [[False, False, False, False]]]


def test_random_sets_have_the_size_of_the_found_in_each_layer_and_none_of_them(model: Model) -> None:
    found = [(0, 1), (0, 2), (2, 5)]
    sets = random_like(model, found, 30, seed=1)
    assert sets == random_like(model, found, 30, seed=1) != random_like(model, found, 30, seed=2)
    for one in sets:
        assert sorted(layer for layer, _ in one) == [0, 0, 2]
        assert not set(one) & set(found)
        assert len(set(one)) == 3


@pytest.mark.parametrize(("change", "factor"), [("suppress", None), ("amplify", 2)])
def test_the_check_is_a_run_with_the_neurons_changed(model: Model, change: str, factor: int | None) -> None:
    pairs = prompt_pairs(model, **WORDS)
    found = [(0, 3), (2, 7)]
    baselines = {layer: torch.full((model.n_neurons,), 0.3, dtype=model.dtype) for layer in range(3)}
    check = causal_check(model, pairs, found, [[(0, 4), (2, 8)]], baselines, change=change)
    plain = pairs.metric("log_probability")(run(model, pairs.clean[0]).logits[:, -1])
    for neurons, effect in ((found, check.found[0]), ([(0, 4), (2, 8)], check.random[0])):
        ops = []
        for layer, unit in neurons:
            site = f"mlp_act.{layer}.{unit}@-1"
            # Doubling takes what the neuron holds then, after the earlier change.
            held = run(model, pairs.clean[0], get=site, do=list(ops))[site]
            ops.append(put(site, 0.3 if factor is None else held * factor))
        after = pairs.metric("log_probability")(run(model, pairs.clean[0], do=ops).logits[:, -1])
        assert effect == pytest.approx(float(after - plain), abs=2e-5)


def test_probability_is_that_of_the_target(model: Model) -> None:
    pairs = prompt_pairs(model, **WORDS)
    logits = run(model, pairs.clean[0]).logits[:, -1]
    found = answer_metric(pairs, "probability")([0])(logits)
    assert float(found) == pytest.approx(float(logits.softmax(-1)[0, int(pairs.target[0])]))


def test_the_wordings_of_a_fact_name_its_subject_and_have_its_answer() -> None:
    model = open_model("builtin:scribe")
    fact, others = of_task(model, open_task("capital"), subject="france", n_wordings=6)
    assert len(fact) == len(set(fact.texts)) == 6
    assert all("France" in text for text in fact.texts)
    assert set(fact.target.tolist()) == {int(model.tokenize("The capital is Paris")[3])}
    assert not any("France" in text for text in others.texts)
    kinds, _ = of_task(model, open_task("factual-recall"), subject="France", n_wordings=6)
    assert len(set(kinds.target.tolist())) == 1


def test_lines_come_from_text_and_from_a_file(tmp_path) -> None:
    assert lines_of("one\n\n two \n") == ["one", " two"]
    file = tmp_path / "wordings.txt"
    file.write_text("a\nb\n", encoding="utf-8")
    assert lines_of(str(file)) == ["a", "b"]
    with pytest.raises(BadInput, match="cannot be read as paraphrases"):
        lines_of(str(tmp_path / "none.txt"))
