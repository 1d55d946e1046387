"""Where heads are spare single patches mislead, and joint patches find the declared sets."""

from functools import cache
from itertools import combinations

import pytest

from neuronscope.instruments import put, run
from neuronscope.instruments.metrics import logit_difference
from neuronscope.models import Model, open_model
from tools.training import gates

HEADS = [f"z.{layer}.{head}" for layer in range(2) for head in range(4)]
GATES = ("or", "and")
DIRECTIONS = {"noising": ("1 1", "0 0"), "denoising": ("0 0", "1 1")}


@cache
def model() -> Model:
    return open_model("builtin:gates", dtype="float64")


def answer(text: str, *, source: str = "", heads: tuple[str, ...] = ()) -> float:
    """Logit of 1 minus logit of 0, with heads as they are on another prompt."""
    changes = []
    if heads:
        given = run(model(), source, get=[*heads])
        changes = [put(head, given) for head in heads]
    metric = logit_difference(gates.ONE, gates.ONE - 1)
    return float(metric(run(model(), text, do=changes).logits[:, -1])[0])


@cache
def turned(gate: str, direction: str, heads: tuple[str, ...]) -> bool:
    base, source = (f"{bits} {gate}" for bits in DIRECTIONS[direction])
    return answer(base, source=source, heads=heads) != answer(base)


def minimal_sets(gate: str, direction: str) -> list[list[str]]:
    found: list[tuple[str, ...]] = []
    for size in range(1, 5):
        for heads in combinations(HEADS[:4], size):
            if not any(set(smaller) <= set(heads) for smaller in found) and turned(gate, direction, heads):
                found.append(heads)
    return [list(heads) for heads in found]


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("gate", GATES)
def test_joint_patches_find_the_declared_sets(gate: str, direction: str) -> None:
    assert minimal_sets(gate, direction) == model().card["inside"]["minimal_sets"][gate][direction]


@pytest.mark.parametrize("gate", GATES)
def test_patches_of_one_head_miss_every_head_when_noising(gate: str) -> None:
    assert not any(turned(gate, "noising", (head,)) for head in HEADS)
    assert turned(gate, "noising", tuple(HEADS[:4]))


def test_patches_of_one_head_find_or_but_miss_and_when_denoising() -> None:
    assert [turned("or", "denoising", (head,)) for head in HEADS] == [True] * 4 + [False] * 4
    assert not any(turned("and", "denoising", (head,)) for head in HEADS)


def test_the_blank_heads_do_nothing_in_any_company() -> None:
    for gate in GATES:
        for direction in DIRECTIONS:
            assert not turned(gate, direction, tuple(HEADS[4:]))


def test_the_card_s_accuracy_is_what_its_weights_give() -> None:
    found = gates.known.share(gates.right(open_model("builtin:gates").hf, gates.prompts()))
    assert found == model().card["accuracy"]["all questions"]
    assert found["value"] == 1.0
