"""Networks trained to carry out a program do so in the declared parts, and nowhere else."""

from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import Run, put, run
from neuronscope.models import Model, open_model
from tools.training import iit

PROGRAMS = list(iit.PROGRAMS)


@cache
def model(name: str) -> Model:
    return open_model(f"builtin:iit-{name}")


@cache
def runs(name: str) -> tuple[Run, Run]:
    base, source = iit.measured_pairs(iit.PROGRAMS[name])
    return run(model(name), base), run(model(name), source, get=["z.*", "mlp_out.*"])


def resampled(name: str, *nodes: str) -> Tensor:
    """The logits at the end, with parts as they are on the source prompts."""
    base, source = runs(name)
    return run(model(name), base.tokens, do=[put(node, source) for node in nodes]).logits[:, -1]


def share(name: str, *nodes: str) -> float:
    """How much parts move the answers' logits, of what the whole prompt moves."""
    program = iit.PROGRAMS[name]
    tokens = torch.tensor([program.token(word) for word in program.answers])
    base, source = (one.logits[:, -1] for one in runs(name))
    return iit.moved(base, resampled(name, *nodes), tokens) / iit.moved(base, source, tokens)


def inside(name: str) -> dict[str, Any]:
    return model(name).card["inside"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_off_circuit_parts_move_a_hundredth_at_most_and_on_circuit_parts_a_tenth_at_least(name: str) -> None:
    on = set(inside(name)["alignment"].values())
    off = set(inside(name)["off_circuit"])
    assert on | off == set(iit.NODES)
    assert not on & off
    shares = {node: share(name, node) for node in iit.NODES}
    assert max(shares[node] for node in off) <= 0.01
    assert min(shares[node] for node in on) >= 0.1


@pytest.mark.parametrize("name", PROGRAMS)
def test_all_off_circuit_parts_together_move_two_hundredths_at_most(name: str) -> None:
    assert share(name, *inside(name)["off_circuit"]) <= 0.02


@pytest.mark.parametrize("name", PROGRAMS)
def test_steps_that_are_interchanged_change_the_answer_as_the_program_says(name: str) -> None:
    program = iit.PROGRAMS[name]
    base, source = (one.tokens.numpy() for one in runs(name))
    said = inside(name)["interchange_accuracy"]
    assert len(said) == 2 ** len(program.alignment) - 1
    for steps in program.sets_of_steps():
        wanted = torch.from_numpy(program.answer(base, source, steps))
        found = resampled(name, *(program.alignment[step] for step in steps)).argmax(-1)
        agree = float((found == wanted).double().mean())
        assert agree == pytest.approx(said[" + ".join(steps)], abs=2e-3)
        assert agree > 0.99


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_card_says_what_its_weights_give(name: str) -> None:
    found = {node: share(name, node) for node in iit.NODES}
    assert found == pytest.approx(inside(name)["share_of_total_effect"], rel=0.02, abs=1e-4)
    right = iit.right(model(name).hf, iit.PROGRAMS[name])
    assert iit.known.share(right) == model(name).card["accuracy"]["answers"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_weights_are_dense_and_the_other_parts_are_at_work(name: str) -> None:
    state = {key: weight for key, weight in model(name).hf.state_dict().items() if weight.dim() == 2}
    assert all(
        float((weight == 0).double().mean()) < 0.01 for key, weight in state.items() if "wpe" not in key
    )
    source = runs(name)[1]
    for node in inside(name)["off_circuit"]:
        assert float(source[node].std(0).mean()) > 1e-3


def test_the_programs_give_the_answers_that_they_say() -> None:
    for name, program in iit.PROGRAMS.items():
        prompt, _, answer = inside(name)["example"].partition(" -> ")
        tokens = model(name).tokenize(prompt)[None].numpy()
        assert program.words[int(program.answer(tokens, tokens)[0]) - 1] == answer
        found = run(model(name), prompt).logits[0, -1].argmax()
        assert model(name).token_text(int(found)).strip() == answer
