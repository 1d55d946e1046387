from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import Op, add, each, put, run, scale, sweep, zero
from neuronscope.instruments.metrics import AnswerLogProbability, kl_divergence, logit_difference
from neuronscope.models import Model, open_model
from neuronscope.models.shortcuts import _KNOWN, Shortcuts, shortcuts
from neuronscope.results import Cancelled, Progress, listening
from neuronscope.words import BadInput
from tests.models.test_forward import traces
from tests.models.tiny import FAMILIES, HEADS, LAYERS, N_TOKENS, WIDER, opened, shared, some_tokens

# These compute in single precision whatever their weights are, or not at all in double.
SINGLE = {"gpt2 upcast", "mixtral", "qwen2_moe", "gpt_oss"}
DOUBLE = [family for family in (*FAMILIES, *WIDER) if family not in SINGLE]


def difference(logits: Tensor) -> Tensor:
    return logits[:, 7] - logits[:, 8]


def one_by_one(
    model: Model, tokens: Any, cells: list[Any], metric: Callable[[Tensor], Tensor] = difference
) -> Tensor:
    """What a sweep stands for: a run a cell, and the metric at its last position."""
    return torch.stack([metric(run(model, tokens, do=cell).logits[:, -1]) for cell in cells]).double()


def residual_cells(model: Model, clean: Tensor) -> list[Op]:
    """Put the clean stream in, one depth and position at a time."""
    seen = run(model, clean, get=["resid_pre.*", "resid_post.*"])
    entering = each(model, "resid_pre.0@*", positions=clean.shape[1])
    leaving = each(model, "resid_post.*@*", positions=clean.shape[1])
    return [put(site, seen) for site in [*entering, *leaving]]


def assert_alike(swept: Tensor, looped: Tensor, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(swept, looped, rtol=0, atol=tolerance * float(looped.abs().max()))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sweep_over_the_stream_equals_the_loop(family: str) -> None:
    model, clean, corrupt = shared(family), some_tokens(rows=1, seed=1), some_tokens(rows=1, seed=2)
    cells = residual_cells(model, clean)
    swept = sweep(model, corrupt, cells, difference, tokens_per_pass=8 * N_TOKENS)
    assert_alike(swept.values, one_by_one(model, corrupt, cells))
    clean_score = difference(run(model, clean).logits[:, -1]).double()
    assert_alike(swept.values[-1], clean_score)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sweep_between_attention_and_mlp_equals_the_loop(family: str) -> None:
    model, clean, corrupt = shared(family), some_tokens(rows=1, seed=1), some_tokens(rows=1, seed=2)
    if "resid_mid" in model.certificate.of("refused"):
        pytest.skip("a block of this family has no such place")
    seen = run(model, clean, get="resid_mid.*")
    cells = [put(site, seen) for site in each(model, "resid_mid.*@*", positions=clean.shape[1])]
    assert_alike(sweep(model, corrupt, cells, difference).values, one_by_one(model, corrupt, cells))


@pytest.mark.parametrize("family", [*FAMILIES, *WIDER])
def test_a_sweep_of_several_prompts_keeps_each_apart(family: str) -> None:
    model, tokens, other = shared(family), some_tokens(rows=3, seed=1), some_tokens(rows=3, seed=2)
    other[1] = tokens[1]
    other[2, :4] = tokens[2, :4]
    seen = run(model, other, get=["z.*", "resid_pre.*"])
    heads = [put(site, seen) for site in each(model, "z.*.*")]
    cells: list[Any] = heads + [put(site, seen) for site in each(model, "resid_pre.*@*", positions=(2, 5))]
    cells += [[put("z.0.1", seen), zero("mlp_out.1"), scale("resid_pre.2@-1", 0.5)]]
    swept = sweep(model, tokens, cells, difference, tokens_per_pass=9 * N_TOKENS)
    assert_alike(swept.values, one_by_one(model, tokens, cells))
    if family in FAMILIES:  # where experts share work, a row's last bits depend on the rows beside it
        assert torch.equal(swept.values[: len(heads), 1], swept.base[1].expand(len(heads)))


@pytest.mark.parametrize("family", DOUBLE)
def test_in_double_precision_a_sweep_equals_the_loop_to_the_last_digits(family: str) -> None:
    model = shared(family, torch.float64)
    tokens, other = some_tokens(rows=2, seed=1), some_tokens(rows=2, seed=2)
    seen = run(model, other, get=["z.*", "resid_pre.*"])
    cells = [put(site, seen) for site in each(model, "z.*.*")]
    cells += [put(site, seen) for site in each(model, "resid_pre.*@*", positions=(0, 4, 8))]
    assert_alike(sweep(model, tokens, cells, difference).values, one_by_one(model, tokens, cells), 1e-12)


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
        Op("noise", zero("resid_pre.1").site, 0.5, seed=3),
        zero(by_name),
    ]
    assert_alike(sweep(model, tokens, cells, difference).values, one_by_one(model, tokens, cells))


def test_a_sweep_of_padded_prompts_equals_each_prompt_alone() -> None:
    model = shared("llama")
    prompts = [some_tokens(rows=1, length=length, seed=length)[0].tolist() for length in (5, 8)]
    cells = [zero(site) for site in each(model, "z.*.*")] + [scale("resid_pre.1@-1", 2.0)]
    together = sweep(model, prompts, cells, difference).values
    for number, prompt in enumerate(prompts):
        alone = sweep(model, prompt, cells, difference).values[:, 0]
        assert_alike(together[:, number], alone, 2e-5)


def test_a_cell_that_changes_nothing_gets_the_value_of_the_unchanged_run_exactly() -> None:
    model, tokens = shared("llama"), some_tokens(rows=1)
    swept = sweep(model, tokens, residual_cells(model, tokens), difference)
    assert torch.equal(swept.effect, torch.zeros_like(swept.values))


def test_an_answer_of_several_tokens_is_what_the_model_gives_each_after_the_ones_before() -> None:
    model, tokens = shared("gpt2"), some_tokens(rows=2)
    answers = torch.tensor([[5, 9, 11], [3, 3, 2]])
    seen = run(model, some_tokens(rows=2, seed=2), get=["z.*", "resid_pre.*"])
    cells = [put(site, seen) for site in each(model, "z.*.*")]
    cells += [put(site, seen) for site in each(model, "resid_pre.*@*", positions=N_TOKENS)]
    swept = sweep(model, tokens, cells, AnswerLogProbability(answers))
    written = torch.cat([tokens, answers[:, :-1]], 1)
    for number in (0, 5, 12, 20, 38):
        op = cells[number]
        site = op.site
        if site.position is None:
            place = f"{site}@0:{N_TOKENS}"
            op = put(place, op.value)  # pyright: ignore[reportArgumentType]
        logits = run(model, written, do=op).logits.log_softmax(-1)[:, N_TOKENS - 1 :]
        looped = logits.gather(-1, answers[..., None])[..., 0].sum(-1).double()
        torch.testing.assert_close(swept.values[number], looped, rtol=0, atol=1e-4)


def test_metrics_may_name_a_token_for_each_prompt_and_the_base_run() -> None:
    model, tokens = shared("gpt2"), some_tokens(rows=2)
    targets, others = torch.tensor([1, 2]), torch.tensor([3, 4])
    last = run(model, tokens).logits[:, -1]
    cells = [zero("mlp_out.0"), scale("mlp_out.0", 1.0)]
    named = sweep(model, tokens, cells, logit_difference(targets, others))
    expected = last[[0, 1], targets] - last[[0, 1], others]
    torch.testing.assert_close(named.base, expected.double(), rtol=0, atol=1e-5)
    moved = sweep(model, tokens, cells, kl_divergence(last)).values
    assert (moved[0] > 0).all()
    torch.testing.assert_close(moved[1], torch.zeros(2).double(), rtol=0, atol=1e-6)


def test_blocks_before_the_change_are_not_run_again() -> None:
    model, tokens = opened("llama"), some_tokens(rows=1)
    assert model.sites()  # the probes have run
    assert shortcuts(model.anatomy).grows
    rows: dict[int, list[int]] = {0: [], 1: [], 2: []}
    for layer, block in enumerate(model.anatomy.blocks):
        projection: Any = block.self_attn
        projection.register_forward_hook(lambda module, args, out, seen=rows[layer]: seen.append(len(out[0])))
    cells = [zero(f"z.{layer}.{head}") for layer in (1, 2) for head in range(HEADS)]
    sweep(model, tokens, cells, difference)
    # One pass over the prompt itself; in the second, each block holds the rows that changed so far.
    assert rows == {0: [1], 1: [1, 1 + HEADS], 2: [1, 1 + 2 * HEADS]}


def test_without_shortcuts_a_sweep_gives_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokens = opened("mistral"), some_tokens(rows=2)
    cells = [zero(site) for site in each(model, "z.*.*")]
    assert shortcuts(model.anatomy).drops
    rows: list[int] = []
    attention: Any = model.anatomy.attention[0]
    attention.register_forward_hook(lambda module, args, output: rows.append(len(output[0])))
    quick = sweep(model, tokens, cells, difference)
    n_quick = sum(rows)
    monkeypatch.setitem(_KNOWN, model.anatomy, Shortcuts(grows=False, drops=False, trims=False))
    slow = sweep(model, tokens, cells, difference)
    assert_alike(slow.values, quick.values)
    # Every cell then runs its two rows from the inputs on, beside the unchanged run.
    assert sum(rows) - n_quick == 2 * (1 + LAYERS * HEADS)
    assert n_quick < 2 * LAYERS * HEADS


def test_a_sweep_tells_how_far_it_is_and_can_be_cancelled_there() -> None:
    model, told = opened("gpt2"), []
    cells = [zero(f"z.1.{head}") for head in range(HEADS)]
    with listening(lambda progress: told.append((progress.done, progress.total))):
        sweep(model, some_tokens(rows=1), cells, difference, tokens_per_pass=3 * N_TOKENS)
    assert told == [(0, 2), (1, 2), (2, 2)]

    def stop(progress: Progress) -> None:
        if progress.done:
            raise Cancelled

    with listening(stop), pytest.raises(Cancelled):
        sweep(model, some_tokens(rows=1), cells, difference, tokens_per_pass=3 * N_TOKENS)
    assert traces(model.hf) == 0


def test_a_sweep_of_nothing_is_empty() -> None:
    assert sweep(shared("gpt2"), some_tokens(rows=1), [], difference).values.shape == (0, 1)


def test_a_pattern_spells_out_layers_units_and_positions() -> None:
    model = shared("gpt2")
    assert [str(site) for site in each(model, "z.*.*")][:5] == ["z.0.0", "z.0.1", "z.0.2", "z.0.3", "z.1.0"]
    assert [str(site) for site in each(model, "resid_pre.1@*", positions=2)] == [
        "resid_pre.1@0",
        "resid_pre.1@1",
    ]
    assert [str(site) for site in each(model, "mlp_out.*@-1")][-1] == f"mlp_out.{LAYERS - 1}@-1"
    with pytest.raises(BadInput, match="say how many with positions="):
        each(model, "resid_pre.1@*")


@pytest.mark.parametrize(
    ("cells", "metric", "said"),
    [
        ([zero("z.1", rows=0)], difference, "names rows, but a sweep gives every cell a row"),
        ([zero("z.9")], difference, "z.9 is out of range"),
        ([zero("z.1")], lambda logits: logits, "must give one number a row, [1], but it gave [1, 97]"),
        ([zero("z.1")], lambda logits: 3.0, "must give one number a row, [1], but it gave float"),
        ([zero("z.1")], AnswerLogProbability(torch.ones(2, 3).long()), "There are 2 answers for 1 prompts"),
        ([zero("z.1")], logit_difference(torch.ones(2).long(), 1), "There are 2 tokens for 1 prompts"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused(
    cells: list[Op], metric: Callable[[Tensor], Tensor], said: str
) -> None:
    with pytest.raises(BadInput) as refusal:
        sweep(shared("gpt2"), some_tokens(rows=1), cells, metric)
    assert said in str(refusal.value)


@pytest.mark.parametrize("name", ["stories260k", "slm4096"])
def test_a_sweep_over_a_trained_model_equals_the_loop(test_data: Callable[[str], Path], name: str) -> None:
    model = open_model(str(test_data(f"{name}/hf")))
    clean, corrupt = (model.tokenize(text)[:6][None] for text in ("the dog was here", "all men are late"))
    cells = residual_cells(model, clean)
    # A trained model scores tokens 7 and 8, which it never writes, alike: compare its two best answers.
    best, next_best = run(model, clean).logits[0, -1].topk(2).indices.tolist()
    metric = logit_difference(best, next_best)
    assert_alike(sweep(model, corrupt, cells, metric).values, one_by_one(model, corrupt, cells, metric))
