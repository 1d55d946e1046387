"""Prompts of different length run together and give the numbers that each gives alone."""

from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import add, fn, mean, noise, project_out, put, resample, run, scale, zero
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, opened, shared

ROWS = [[5, 60, 17], [3, 9, 41, 2, 77, 30], [8, 23]]
IN_DOUBLE = [family for family in FAMILIES if "upcast" not in family]  # that one refuses double precision
BY_POSITION = ("resid_post.1", "z.1", "q.2", "k.0", "v.1", "mlp_act.1", "attn_add.2", "final", "logits")


def close(found: Tensor, expected: Tensor, dtype: torch.dtype) -> None:
    bound = 1e-12 if dtype == torch.float64 else 2e-5
    scale_of = expected.abs().max().clamp(min=1.0)
    torch.testing.assert_close(found / scale_of, expected / scale_of, rtol=0, atol=bound)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_padded_prompt_gives_the_numbers_that_it_gives_alone(family: str, dtype: torch.dtype) -> None:
    if dtype == torch.float64 and family not in IN_DOUBLE:
        pytest.skip("this attention refuses double precision")
    model = shared(family, dtype)
    sites = [site for site in BY_POSITION if site.partition(".")[0] in model.sites()]
    together = run(model, ROWS, get=[*sites, "resid_post.*@-1", "z.1.2@1", "resid_post.2@:2"])
    for number, row in enumerate(ROWS):
        alone = run(model, row, get=[*sites, "resid_post.*", "z.1"])
        for site in sites:
            close(together.each(site)[number], alone[site][0], dtype)
        close(together["resid_post.*@-1"][:, number], alone["resid_post.*"][:, 0, -1], dtype)
        close(together["z.1.2@1"][number], alone["z.1"][0, 1, 2], dtype)
        close(together["resid_post.2@:2"][number], alone["resid_post.2"][0, :2], dtype)


def test_a_pattern_of_padded_prompts_leaves_the_padding_alone() -> None:
    together, alone = (
        run(shared("llama"), ROWS, get="pattern.1"),
        run(shared("llama"), ROWS[2], get="pattern.1"),
    )
    torch.testing.assert_close(together.each("pattern.1")[2][:, :, -2:], alone["pattern.1"][0])
    assert together.each("pattern.1")[2][:, :, :-2].eq(0).all()
    torch.testing.assert_close(together["pattern.1.3@0"][2, -2:], alone["pattern.1.3@0"][0])


def test_padding_is_not_a_number_in_a_whole_reading() -> None:
    together = run(shared("gpt2"), ROWS, get=["resid_post.1", "result.1", "pattern.1", "attn_norm.1"])
    for value in (together["resid_post.1"], together["result.1"], together.logits, together["attn_norm.1"]):
        assert value[0, :3].isnan().all()
        assert not value[1].isnan().any()
        assert not value[0, 3:].isnan().any()
    assert together["pattern.1"][2, :, :4].isnan().all()
    assert repr(together) == "Run(3 x 6 tokens, 4 sites)"


@pytest.mark.parametrize("family", ["gpt2", "llama", "gpt_neox parallel"])
@pytest.mark.parametrize(
    "make",
    [
        lambda ref: zero("z.1.2"),
        lambda ref: zero("resid_post.0@1"),
        lambda ref: scale("attn_out.1@-1", 3.0),
        lambda ref: add("resid_post.1@:2", torch.arange(48.0)),
        lambda ref: noise("resid_pre.1", 0.7, seed=3),
        lambda ref: noise("mlp_act.1.5", 0.7, seed=3),
        lambda ref: mean("mlp_out.1", ref),
        lambda ref: project_out("resid_post.1", torch.arange(96.0).reshape(2, 48).sin()),
        lambda ref: fn("z.1", lambda z: z.flip(2)),
        lambda ref: put("resid_post.1", ref["resid_post.1"].nanmean((0, 1))),
    ],
)
def test_a_change_of_padded_prompts_is_the_change_of_each(family: str, make: Any) -> None:
    model = shared(family)
    op = make(run(model, ROWS, get=["resid_post.1", "mlp_out.1"]))
    together = run(model, ROWS, do=op, get="resid_post.2")
    for number, row in enumerate(ROWS):
        # Noise is drawn by the row's number, so the prompt runs alone in the row that it has here.
        alone = run(model, [row] * (number + 1), do=op, get="resid_post.2")
        torch.testing.assert_close(
            together.each("resid_post.2")[number], alone["resid_post.2"][-1], rtol=1e-4, atol=1e-4
        )


def test_what_padded_prompts_held_can_be_put_back() -> None:
    model = shared("llama")
    before = run(model, ROWS, get=["resid_post.1", "z.1", "pattern.1"])
    for site in before.sites:
        after = run(model, ROWS, do=put(site, before))
        assert torch.equal(after.logits.nan_to_num(), before.logits.nan_to_num()), site


def test_a_mean_counts_no_padding() -> None:
    model = shared("gpt2")
    seen = run(model, ROWS, get="mlp_out.1")
    each = torch.cat(seen.each("mlp_out.1"))
    torch.testing.assert_close(mean("mlp_out.1", seen).value.flatten(), each.mean(0))  # pyright: ignore
    by_prompt = mean("mlp_out.1", seen, across=["position"]).value
    expected = torch.stack([row.mean(0) for row in seen.each("mlp_out.1")])
    torch.testing.assert_close(by_prompt[:, 0], expected)  # pyright: ignore
    with pytest.raises(BadInput, match="across the batch alone needs prompts of one length"):
        mean("mlp_out.1", seen, across=["batch"])


def test_a_reference_prompt_of_equal_length_is_drawn_from_padded_prompts() -> None:
    model = shared("gpt2")
    seen = run(model, [[1, 2, 3], [4, 5, 6, 7]], get="z.1")
    longer = resample("z.1", run(model, [[9, 9, 9, 9], [8, 8, 8, 8]], get="z.1"), seed=1)
    assert run(model, [[4, 5, 6, 7]], do=longer).logits.isfinite().all()
    with pytest.raises(BadInput, match="to a prompt of 6: patch between prompts of one length"):
        run(model, [[4, 5, 6, 7, 8, 9]], do=resample("z.1", seen))


def test_a_span_is_its_own_place_in_every_prompt() -> None:
    model, spans = shared("llama"), {"subject": [(0, 2), (3, 5), (0, 2)]}
    seen = run(model, ROWS, get=["resid_post.1@subject", "resid_post.1"], spans=spans)
    assert seen["resid_post.1@subject"].shape == (3, 2, 48)
    for row, (start, stop) in enumerate(spans["subject"]):
        whole = seen.each("resid_post.1")[row]
        assert torch.equal(seen["resid_post.1@subject"][row], whole[start:stop])
    same = run(model, [[1, 2, 3, 4], [5, 6, 7, 8]], get="z.1@subject", spans={"subject": (1, 3)})
    assert same["z.1@subject"].shape == (2, 2, 4, 12)


def test_spans_of_several_lengths_are_changed_but_not_read() -> None:
    model, spans = shared("gpt2"), {"subject": [(0, 1), (2, 5), (1, 2)]}
    changed = run(model, ROWS, do=zero("resid_post.1@subject"), get="resid_post.1", spans=spans)
    for row, (start, stop) in enumerate(spans["subject"]):
        zeros = changed.each("resid_post.1")[row].eq(0).all(-1)
        assert zeros.nonzero().flatten().tolist() == list(range(start, stop))
    with pytest.raises(BadInput, match=r"z\.1@subject picks 1 tokens of prompt 0 but 3 of prompt 1"):
        run(model, ROWS, get="z.1@subject", spans=spans)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"get": "z.1@2"}, "z.1@2 is out of range: prompt 2 has 2 positions, from 0 to 1."),
        ({"get": "z.1@1:"}, "z.1@1: picks 2 tokens of prompt 0 but 5 of prompt 1"),
        ({"get": "z.1@:4"}, "z.1@:4 picks 3 tokens of prompt 0 but 4 of prompt 1"),
        ({"get": "z.1@4:"}, "z.1@4: picks no token: prompt 0 has 3 positions"),
        ({"do": zero("z.1@-3")}, "z.1@-3 is out of range: prompt 2 has 2 positions"),
        ({"get": "z.1@subject"}, "names the span 'subject', but this run knows none"),
        ({"get": "z.1@subjct", "spans": {"subject": (0, 1)}}, "but this run knows @subject"),
        ({"do": put("z.1@subject", 0.0)}, "names the span 'subject', but this run knows none"),
    ],
)
def test_a_position_that_not_every_prompt_has_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        run(shared("gpt2"), ROWS, **options)
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 200


def test_a_patch_between_prompts_of_different_length_is_refused() -> None:
    model = shared("gpt2")
    short = run(model, [1, 2, 3], get=["z.1", "z.1@-1"])
    with pytest.raises(BadInput) as refusal:
        run(model, [1, 2, 3, 4], do=put("z.1", short))
    assert "put at z.1 brings 3 positions, but the prompt has 4: patch between prompts of one length" in str(
        refusal.value
    )
    assert run(model, [1, 2, 3, 4], do=put("z.1@-1", short)).logits.isfinite().all()
    padded = run(model, ROWS, get="z.1")
    with pytest.raises(BadInput, match=r"put at z\.1 brings 3 positions to a prompt of 6"):
        run(model, [ROWS[1], ROWS[0], ROWS[2]], do=put("z.1", padded))
    with pytest.raises(BadInput, match=r"put at z\.1 brings 3 positions to a prompt of 6"):
        run(model, [ROWS[1]], do=put("z.1", padded))


def test_gradients_of_padded_prompts_are_those_of_each() -> None:
    model = shared("llama", torch.float64)

    def last(logits: Tensor) -> Tensor:
        return (logits[:, -1, 7] - logits[:, -1, 8]).sum()

    sites = ["z.1", "resid_post.0", "pattern.1"]
    together = run(model, ROWS, get=sites, grad=last)
    for number, row in enumerate(ROWS):
        alone = run(model, row, get=sites, grad=last)
        for site in ("z.1", "resid_post.0"):
            close(together.grad.each(site)[number], alone.grad[site][0], torch.float64)
        close(
            together.grad.each("pattern.1")[number][:, :, -len(row) :],
            alone.grad["pattern.1"][0],
            torch.float64,
        )


def test_a_model_that_padding_would_change_is_refused() -> None:
    model: Any = opened("gpt2")
    # Every row is told of the row beside it, so no row is what it is alone.
    model.hf.transformer.h[0].register_forward_hook(lambda module, args, output: output + output.flip(0))
    with pytest.raises(BadInput, match="gives other numbers when padded: run prompts of one length together"):
        run(model, ROWS)
    assert run(model, [ROWS[0]]).logits.isfinite().all()
