from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import Op, add, patch_sweep, put, run, scale, zero
from neuronscope.models import Model, open_model
from neuronscope.results import listening
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, HEADS, LAYERS, N_TOKENS, opened, shared, some_tokens


def difference(logits: Tensor) -> Tensor:
    return logits[:, 7] - logits[:, 8]


def one_by_one(model: Model, tokens: Tensor, cells: list[Op]) -> Tensor:
    """What a sweep stands for: a run a cell, and the metric at its last position."""
    return torch.cat([difference(run(model, tokens, do=cell).logits[:, -1]) for cell in cells]).double()


def residual_cells(model: Model, clean: Tensor) -> list[Op]:
    """Put the clean stream in, one depth and position at a time."""
    seen = run(model, clean, get=["resid_pre.*", "resid_post.*"])
    entering = [put(f"resid_pre.0@{position}", seen) for position in range(clean.shape[1])]
    return entering + [
        put(f"resid_post.{layer}@{position}", seen)
        for layer in range(model.n_layers)
        for position in range(clean.shape[1])
    ]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sweep_over_the_stream_equals_the_loop(family: str) -> None:
    model, clean, corrupt = shared(family), some_tokens(rows=1, seed=1), some_tokens(rows=1, seed=2)
    cells = residual_cells(model, clean)
    swept = patch_sweep(model, corrupt, cells, difference, tokens_per_pass=5 * N_TOKENS)
    torch.testing.assert_close(swept, one_by_one(model, corrupt, cells), rtol=0, atol=1e-5)
    clean_score = difference(run(model, clean).logits[:, -1]).double()
    torch.testing.assert_close(swept[-1:], clean_score, rtol=0, atol=1e-5)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "mistral"])
def test_a_sweep_over_mixed_changes_equals_the_loop_in_the_order_given(family: str) -> None:
    model, tokens = shared(family), some_tokens(rows=1)
    by_name = f"module.{next(name for name, m in model.hf.named_modules() if m is model.anatomy.mlp[2])}:out"
    cells = [
        zero("mlp_out.2"),
        *(zero(f"z.{layer}.{head}") for layer in range(LAYERS) for head in range(HEADS)),
        scale("embed", 1.5),
        add("final@-1", torch.randn(48)),
        scale("logits@-1", 2.0),
        zero("pattern.0.1@4"),
        put("mlp_act.1.7@-1", 4.0),
        scale("k.1.0", 0.5),
        zero(by_name),
    ]
    torch.testing.assert_close(
        patch_sweep(model, tokens, cells, difference), one_by_one(model, tokens, cells), rtol=0, atol=1e-5
    )


def test_changing_a_prompt_into_itself_changes_nothing() -> None:
    model, tokens = shared("llama"), some_tokens(rows=1)
    swept = patch_sweep(model, tokens, residual_cells(model, tokens), difference)
    base = difference(run(model, tokens).logits[:, -1]).double()
    torch.testing.assert_close(swept, base.expand(len(swept)), rtol=0, atol=1e-5)


def test_blocks_before_the_change_are_not_run_again() -> None:
    model, tokens = opened("llama"), some_tokens(rows=1)
    assert model.sites()  # the probe has run
    rows: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for layer, block in enumerate(model.anatomy.blocks):
        projection: Any = block.mlp
        projection.register_forward_hook(lambda module, args, out, seen=rows[layer]: seen.append(len(out)))
    patch_sweep(model, tokens, [zero(f"z.2.{head}") for head in range(HEADS)], difference)
    # One pass over the prompt itself; then the four cells as rows of one batch, in the last block alone.
    assert rows == {0: [1], 1: [1], 2: [1, HEADS]}


def test_a_sweep_tells_how_far_it_is() -> None:
    told: list[tuple[int, int | None]] = []
    cells = [zero(f"z.1.{head}") for head in range(HEADS)]
    with listening(lambda progress: told.append((progress.done, progress.total))):
        patch_sweep(shared("gpt2"), some_tokens(rows=1), cells, difference, tokens_per_pass=2 * N_TOKENS)
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_a_sweep_of_nothing_is_empty() -> None:
    assert patch_sweep(shared("gpt2"), some_tokens(rows=1), [], difference).shape == (0,)


@pytest.mark.parametrize(
    ("tokens", "cells", "metric", "said"),
    [
        (some_tokens(), [zero("z.1")], difference, "A sweep changes one prompt, but 2 were given"),
        (
            some_tokens(rows=1),
            [zero("z.1", rows=0)],
            difference,
            "names rows, but a sweep gives every cell a row",
        ),
        (some_tokens(rows=1), [zero("z.9")], difference, "z.9 is out of range"),
        (
            some_tokens(rows=1),
            [zero("z.1")],
            lambda logits: logits,
            "must give one number a row, [1], but it gave [1, 97]",
        ),
        (
            some_tokens(rows=1),
            [zero("z.1")],
            lambda logits: 3.0,
            "must give one number a row, [1], but it gave float",
        ),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(
    tokens: Tensor, cells: list[Op], metric: Callable[[Tensor], Tensor], said: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        patch_sweep(shared("gpt2"), tokens, cells, metric)
    assert said in str(refusal.value)


@pytest.mark.parametrize("name", ["stories260k", "slm4096"])
def test_a_sweep_over_a_trained_model_equals_the_loop(test_data: Callable[[str], Path], name: str) -> None:
    model = open_model(str(test_data(f"{name}/hf")))
    clean, corrupt = (model.tokenize(text)[:6][None] for text in ("the dog was here", "all men are late"))
    cells = residual_cells(model, clean)
    torch.testing.assert_close(
        patch_sweep(model, corrupt, cells, difference), one_by_one(model, corrupt, cells), rtol=0, atol=1e-5
    )
