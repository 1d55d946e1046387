"""Ops are data: what is drawn is drawn the same again, and JSON gives every bit back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import torch

from neuronscope.instruments import Op, add, fn, mean, noise, project_out, put, resample, run, scale, zero
from neuronscope.words import BadInput
from tests.models.tiny import shared, some_tokens

VECTOR = torch.linspace(-1, 1, 48)
OPS = [
    zero("z.1.2"),
    zero("z.1", rows=1),
    zero("z.1", rows=(0, 2)),
    zero("z.1@1:3", rows=slice(0, None, 2)),
    scale("resid_post.1@-1", 0.1),
    scale("resid_post.1@-1", float("inf")),
    put("resid_post.1@subject", VECTOR),
    put("resid_post.1", VECTOR.double()[None, None]),
    add("resid_post.1", VECTOR.bfloat16()),
    add("module.transformer.h.1.mlp:out", VECTOR.half()),
    put("z.1", torch.tensor([float("nan"), -0.0, 1e-45])),
    put("z.1", torch.zeros(0, 3)),
    mean("z.1", torch.randn(2, 3, 4, 12)),
    resample("z.1", torch.randn(5, 9, 4, 12), seed=7),
    noise("mlp_act.1.3", 0.3, seed=11, rows=(1,)),
    project_out("resid_post.1", torch.randn(3, 48)),
    Op("put", zero("z.1").site, torch.zeros(2, 4, 4, 12), places=((0, 4), (1, 3))),
]


@pytest.mark.parametrize("op", OPS, ids=repr)
def test_json_gives_back_every_bit_of_an_op(op: Op) -> None:
    again = Op.from_json(json.loads(json.dumps(op.to_json(), allow_nan=False)))
    assert again == op
    assert hash(again) == hash(op)
    assert repr(again) == repr(op)


def test_every_op_has_a_digest_of_its_own() -> None:
    assert len({op.digest for op in OPS}) == len(OPS)
    assert noise("z.1", 1.0, seed=1) != noise("z.1", 1.0, seed=2)


def test_json_takes_nested_lists_for_a_tensor() -> None:
    op = Op.from_json({"op": "add", "site": "resid_post.1@0", "value": [[1, 2], [3, 4.5]]})
    assert op == add("resid_post.1@0", torch.tensor([[1, 2], [3, 4.5]]))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"op": "fn", "site": "z.1"}, "fn holds a Python function, so it cannot come from JSON"),
        ({"op": "puts", "site": "z.1"}, "There is no op 'puts'; did you mean 'put'?"),
        ({"op": "zero"}, "An op in JSON needs op and site"),
        ({"op": "zero", "site": "z.1", "row": 1}, "An op in JSON does not know 'row'"),
        ({"op": "zero", "site": "zz.1"}, "There is no site 'zz'"),
        ({"op": "zero", "site": "z.1", "rows": "all"}, "Rows are a number, a list of numbers"),
        ({"op": "put", "site": "z.1", "value": [[1], [2, 3]]}, "A value in JSON is a number, nested lists"),
        ({"op": "put", "site": "z.1", "value": {"dtype": "int7"}}, "A value in JSON is a number"),
    ],
)
def test_json_that_says_no_op_is_refused(data: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        Op.from_json(data)
    assert said in str(refusal.value)


def test_a_function_is_for_python_alone() -> None:
    def halved(z: torch.Tensor) -> torch.Tensor:
        return z / 2

    op, model, tokens = fn("z.1.2", halved), shared("gpt2"), some_tokens()
    assert repr(op).startswith("fn('z.1.2', test_a_function_is_for_python_alone")
    assert op == fn("z.1.2", halved)
    assert op != fn("z.1.2", lambda z: z / 2)
    assert torch.equal(run(model, tokens, do=op).logits, run(model, tokens, do=scale("z.1.2", 0.5)).logits)
    with pytest.raises(BadInput, match="holds a Python function, which cannot be written as JSON"):
        op.to_json()
    wrong: Any = [lambda z: z[0], lambda z: 0.0]
    for function, shown in zip(wrong, (r"gave \[9, 12\]", "gave a float"), strict=True):
        with pytest.raises(BadInput, match=rf"must give a tensor of shape \[2, 9, 12\], but it {shown}"):
            run(model, tokens, do=fn("z.1.2", function))
    with pytest.raises(BadInput, match="fn takes a function of the site's tensor, not 3"):
        fn("z.1", 3)  # pyright: ignore[reportArgumentType]


def test_ops_at_one_site_are_made_in_their_order() -> None:
    model, tokens = shared("llama"), some_tokens()
    chain = [put("z.1.2", 1.0), add("z.1.2", 2.0), scale("z.1.2", 3.0), fn("z.1.2", lambda z: z - 1)]
    assert run(model, tokens, get="z.1.2", do=chain)["z.1.2"].eq(8.0).all()
    assert run(model, tokens, get="z.1.2", do=chain[::-1])["z.1.2"].eq(1.0).all()


def test_rows_of_a_batch_have_ops_of_their_own() -> None:
    model, tokens = shared("llama"), some_tokens(rows=3)
    ops = [put("z.1", 1.0, rows=0), put("z.1", 2.0, rows=(2,)), add("z.1", 1.0, rows=slice(1, None))]
    before, after = run(model, tokens, get="z.1")["z.1"], run(model, tokens, get="z.1", do=ops)["z.1"]
    assert after[0].eq(1.0).all()
    assert torch.equal(after[1], before[1] + 1.0)
    assert after[2].eq(3.0).all()


def test_noise_has_the_spread_that_was_asked_for() -> None:
    model, tokens = shared("gpt2"), some_tokens(rows=8)
    before = run(model, tokens, get="resid_pre.1")["resid_pre.1"]
    after = run(model, tokens, get="resid_pre.1", do=noise("resid_pre.1", 0.5, seed=4))["resid_pre.1"]
    drawn = (after - before) / 0.5
    assert drawn.mean().abs() < 0.06  # 3456 numbers: three and a half standard errors
    assert (drawn.std() - 1).abs() < 0.05
    assert len(drawn.flatten().unique()) > 3000


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_seed_gives_the_same_noise_in_any_batch_and_slice(dtype: torch.dtype) -> None:
    model, tokens = shared("llama", dtype), some_tokens(rows=4)

    def drawn(site: str, prompts: torch.Tensor, **options: Any) -> torch.Tensor:
        op = noise(site, 1.0, seed=9, **options)
        return run(model, prompts, get="resid_pre.1", do=[put("resid_pre.1", 0.0), op])["resid_pre.1"]

    whole = drawn("resid_pre.1", tokens)
    assert torch.equal(whole, drawn("resid_pre.1", tokens))
    assert torch.equal(whole[:2], drawn("resid_pre.1", tokens[:2]))
    assert torch.equal(whole[:2, :5], drawn("resid_pre.1", tokens[:2, :5]))
    assert torch.equal(whole[:, 3], drawn("resid_pre.1@3", tokens)[:, 3])
    assert torch.equal(whole[:, 2:4], drawn("resid_pre.1@2:4", tokens)[:, 2:4])
    assert torch.equal(whole[0], drawn("resid_pre.1", tokens, rows=3)[3])
    assert len({float(row.sum()) for row in whole}) == 4


def test_resampling_takes_whole_prompts_of_the_reference() -> None:
    model, tokens = shared("gpt2"), some_tokens(rows=6)
    reference = run(model, some_tokens(rows=5, seed=3), get="z.1")
    after = run(model, tokens, get="z.1", do=resample("z.1", reference, seed=2))["z.1"]
    chosen = [[torch.equal(row, other) for other in reference["z.1"]].index(True) for row in after]
    assert len(set(chosen)) > 1
    few = run(model, tokens[:3], get="z.1", do=resample("z.1", reference, seed=2))["z.1"]
    assert torch.equal(few, after[:3])
    seeds = [
        run(model, tokens, get="z.1", do=resample("z.1", reference, seed=seed))["z.1"] for seed in range(3)
    ]
    assert not torch.equal(seeds[0], seeds[1])


def test_a_direction_that_was_projected_out_is_gone_and_no_other() -> None:
    model, tokens = shared("llama", torch.float64), some_tokens()
    directions = torch.randn(3, 48, generator=torch.Generator().manual_seed(1)).double()
    directions = torch.cat([directions, directions[:1] * 5])  # one of them twice
    before = run(model, tokens, get="resid_post.1")["resid_post.1"]
    op = project_out("resid_post.1", directions)
    after = run(model, tokens, get="resid_post.1", do=op)["resid_post.1"]
    assert (after @ directions.T).abs().max() < 1e-12
    removed = (before - after).reshape(-1, 48)
    spanned = directions.T @ torch.linalg.lstsq(directions.T, removed.T).solution
    torch.testing.assert_close(spanned.T, removed)
    again = run(model, tokens, get="resid_post.1", do=[op, op])["resid_post.1"]
    torch.testing.assert_close(again, after)
    one = run(model, tokens, get="z.1.2", do=project_out("z.1.2", torch.eye(12)[4] * 7))["z.1.2"]
    assert one[..., 4].eq(0).all()
    assert not one[..., 5].eq(0).any()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: noise("z.1", -1.0), "The standard deviation of noise is 0 or more, not -1.0."),
        (lambda: project_out("z.1", torch.zeros(12)), "finite, none all zeros"),
        (lambda: project_out("pattern.1", torch.ones(9)), "pattern.1 has no vectors to project"),
        (lambda: project_out("mlp_act.1.3", torch.ones(9)), "mlp_act.1.3 has no vectors to project"),
        (lambda: resample("z.1", torch.zeros(0, 9, 4, 12)), "resample at z.1 draws from the prompts"),
        (
            lambda: run(shared("gpt2"), some_tokens(), do=project_out("resid_post.1", torch.ones(5))),
            "has directions of 5 entries, but the site has 48.",
        ),
        (lambda: run(shared("gpt2"), some_tokens(), do=zero("z.1", rows=(0, 5))), "rows run from 0 to 1."),
        (lambda: zero("result.1"), "result.1 is derived from its neighbours, not written: change z.1."),
        (lambda: run(shared("gpt2"), some_tokens(), do=zero("z.1.4")), "z.1.4 is out of range"),
    ],
)
def test_an_op_that_cannot_be_made_says_why(make: Callable[[], Any], said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        make()
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 200
