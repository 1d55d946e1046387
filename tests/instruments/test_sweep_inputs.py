"""A sweep means the same on padded prompts, on models of two stacks and for changes made in Python."""

from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import Op, add, each, fn, put, run, scale, sweep, zero
from neuronscope.models import Model
from neuronscope.models.shortcuts import shortcuts
from neuronscope.results import Cancelled, Progress, listening
from neuronscope.words import BadInput
from tests.models.test_forward import traces
from tests.models.tiny import FAMILIES, HEADS, opened, shared, some_tokens

ROWS = [[5, 60, 17], [3, 9, 41, 2, 77, 30], [8, 23, 11, 11]]
LAST = [len(row) - 1 for row in ROWS]


def difference(logits: Tensor) -> Tensor:
    return logits[:, 7] - logits[:, 8]


def behind(rows: list[list[int]]) -> dict[str, Tensor]:
    """Pad prompts on the right."""
    width = max(map(len, rows))
    return {
        "input_ids": torch.tensor([row + [0] * (width - len(row)) for row in rows]),
        "attention_mask": torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows]),
    }


def looped(model: Model, inputs: Any, cells: list[Any], last: list[int]) -> Tensor:
    """Run every cell alone and take the difference at each prompt's last token."""
    values = []
    for cell in cells:
        logits = run(model, inputs, do=cell).logits
        values.append(difference(logits[torch.arange(len(logits)), torch.tensor(last)]))
    return torch.stack(values).double()


def assert_alike(swept: Tensor, expected: Tensor, tolerance: float) -> None:
    torch.testing.assert_close(swept, expected, rtol=0, atol=tolerance * float(expected.abs().max()))


def cells_of(model: Model) -> list[Any]:
    residual = [scale(f"resid_pre.{layer}@{at}", 2.0) for layer in range(3) for at in (0, 2, -1)]
    pair = [put("resid_pre.1@1", torch.linspace(-1, 1, model.width)), zero("mlp_out.2@-1")]
    return [*(zero(site) for site in each(model, "z.*.*")), *residual, pair]


@pytest.mark.parametrize("family", [*FAMILIES, "gemma2", "bloom", "gptj"])
def test_a_sweep_of_prompts_padded_behind_equals_the_loop_and_each_prompt_alone(family: str) -> None:
    single = family in ("gpt2 upcast", "gptj")
    model = shared(family, torch.float32 if single else torch.float64)
    cells = cells_of(model)
    swept = sweep(model, behind(ROWS), cells, difference, tokens_per_pass=48).values
    assert_alike(swept, looped(model, behind(ROWS), cells, LAST), 1e-5 if single else 1e-12)
    for number, row in enumerate(ROWS):
        # The softmax of most families is in single precision.
        assert_alike(swept[:, number], sweep(model, row, cells, difference).values[:, 0], 1e-5)


@pytest.mark.parametrize("family", ["gpt2", "llama", "bert"])
def test_a_metric_is_taken_at_the_last_token_of_each_prompt_wherever_it_stands(family: str) -> None:
    model = shared(family, torch.float64)
    cells = [zero("z.1.2"), scale("resid_pre.2@-1", 0.5)]
    swept = sweep(model, ROWS, cells, difference).values
    for number, row in enumerate(ROWS):
        alone = looped(model, row, cells, [LAST[number]])
        torch.testing.assert_close(swept[:, number], alone[:, 0], rtol=1e-6, atol=1e-6)


def test_a_sweep_over_both_stacks_of_an_encoder_and_decoder_equals_the_loop() -> None:
    model = opened("t5", dtype=torch.float64)
    model.hf.config.decoder_start_token_id = 0
    cells = [
        *(
            zero(f"{stack}/z.{layer}.{head}")
            for stack in ("encoder", "decoder")
            for layer, head in ((0, 1), (2, 3))
        ),
        scale("encoder/resid_pre.1@1", 3.0),
        add("decoder/resid_post.1@-1", torch.linspace(-2, 2, model.width)),
        [zero("encoder/mlp_out.0@-1"), scale("decoder/resid_pre.2", 0.5)],
    ]
    for inputs in (ROWS, {"input_ids": [ROWS[0]], "decoder_input_ids": [[0, 5, 6, 9]]}):
        swept = sweep(model, inputs, cells, difference)
        plain = run(model, inputs).logits
        assert_alike(swept.base, difference(plain[:, -1]), 1e-12)
        last = [plain.shape[1] - 1] * len(plain)
        assert_alike(swept.values, looped(model, inputs, cells, last), 1e-12)
        assert (swept.effect.abs() > 1e-6).all()


def test_a_model_without_logits_has_nothing_to_sweep() -> None:
    with pytest.raises(BadInput, match="clip gives no logits, so there is nothing for a metric to measure"):
        sweep(
            shared("clip"),
            {"input_ids": [[3, 5, 96]], "pixel_values": torch.randn(1, 3, 16, 16)},
            [],
            difference,
        )


@pytest.mark.parametrize("family", ["gpt2", "mistral", "gpt_neox parallel"])
def test_a_python_function_is_a_cell_like_any_other(family: str) -> None:
    model, tokens = shared(family, torch.float64), some_tokens(rows=2)
    assert shortcuts(model.anatomy).grows
    cells: list[Any] = [
        fn("z.1.2", lambda z: z.flip(-1)),
        zero("z.0.1"),
        fn("resid_pre.2@-1", lambda stream: stream * stream.tanh()),
        [fn("mlp_out.0", lambda out: out - out.mean(0, keepdim=True)), scale("resid_pre.1@3", 0.5)],
        fn("logits@-1", torch.sin),
    ]
    assert_alike(
        sweep(model, tokens, cells, difference).values,
        looped(model, tokens, cells, [tokens.shape[1] - 1] * 2),
        1e-12,
    )


def test_a_sweep_that_is_cancelled_while_a_function_runs_leaves_nothing() -> None:
    model, tokens, ran = opened("llama"), some_tokens(rows=1), []

    def noted(z: Tensor) -> Tensor:
        ran.append(z.shape)
        return z * 2

    cells: list[Op] = [zero(f"z.1.{head}") for head in range(HEADS)] + [
        fn("z.2.0", noted),
        fn("z.2.1", noted),
    ]

    def stop(progress: Progress) -> None:
        if ran:
            raise Cancelled

    with listening(stop), pytest.raises(Cancelled):
        sweep(model, tokens, cells, difference)
    assert len(ran) == 1
    assert traces(model.hf) == 0
    with pytest.raises(ZeroDivisionError):
        sweep(model, tokens, [fn("z.2.0", lambda z: z / (1 // 0))], difference)
    assert traces(model.hf) == 0
