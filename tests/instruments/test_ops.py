import pytest
import torch

from neuronscope.instruments import Op, add, mean, put, run, scale, zero
from neuronscope.words import BadInput
from tests.models.tiny import shared, some_tokens


@pytest.mark.parametrize(
    ("op", "shown"),
    [
        (zero("z.1.2"), "zero('z.1.2')"),
        (scale("z.1.2@-1", 0.5), "scale('z.1.2@-1', 0.5)"),
        (put("resid_post.1", torch.zeros(2, 3)), "put('resid_post.1', tensor[2, 3])"),
        (add("resid_post.1@3", 2), "add('resid_post.1@3', 2.0)"),
        (zero("z.1", rows=slice(0, 2)), "zero('z.1', rows=slice(0, 2, None))"),
    ],
)
def test_an_op_prints_what_it_does(op: Op, shown: str) -> None:
    assert repr(op) == shown


def test_ops_are_equal_when_they_say_the_same() -> None:
    vector = torch.arange(3.0)
    assert put("z.1", vector) == put("z.1", vector.clone())
    assert hash(put("z.1", vector)) == hash(put("z.1", vector.clone()))
    others = [
        put("z.1", vector + 1),
        put("z.1", vector.double()),
        put("z.1", vector[None]),
        put("z.2", vector),
        add("z.1", vector),
        put("z.1", vector, rows=1),
    ]
    assert len({put("z.1", vector), *others}) == 7
    assert put("z.1", vector) != "put"


def test_an_op_is_frozen() -> None:
    with pytest.raises(AttributeError):
        zero("z.1").kind = "put"  # pyright: ignore[reportAttributeAccessIssue]


def test_another_run_gives_the_value_at_its_own_address() -> None:
    model, tokens = shared("llama"), some_tokens()
    seen = run(model, tokens, get="z.1")
    assert put("z.1.2@-1", seen) == put("z.1.2@-1", seen["z.1"][:, -1, 2])
    with pytest.raises(BadInput, match=r"z\.2 was not read in this run: ask for it with get"):
        put("z.2", seen)


def test_a_mean_is_the_mean_over_prompts_and_positions() -> None:
    model, tokens = shared("llama"), some_tokens(rows=3)
    seen = run(model, tokens, get=["z.1", "pattern.1"])
    values = seen["z.1"]
    cases = {
        mean("z.1", seen): values.mean((0, 1), keepdim=True),
        mean("z.1", seen, across=["batch"]): values.mean(0, keepdim=True),
        mean("z.1", seen, across=["position"]): values.mean(1, keepdim=True),
        mean("z.1.2@-1", seen, across=["batch"]): values[:, -1, 2].mean(0, keepdim=True),
        mean("z.1", values): values.mean((0, 1), keepdim=True),
    }
    for op, expected in cases.items():
        shown = run(model, tokens, get=str(op.site), do=op)[op.site]
        torch.testing.assert_close(shown, expected.expand(shown.shape))
    patterns = mean("pattern.1.3", seen, across=["batch"])
    torch.testing.assert_close(patterns.value, seen["pattern.1.3"].mean(0, keepdim=True))


def test_a_mean_over_everything_fits_a_prompt_of_another_length() -> None:
    model = shared("gpt2")
    reference = run(model, some_tokens(rows=4, length=5), get="mlp_out.1")
    changed = run(model, some_tokens(), get="mlp_out.1", do=mean("mlp_out.1", reference))
    expected = reference["mlp_out.1"].mean((0, 1))
    torch.testing.assert_close(changed["mlp_out.1"][1, 7], expected)


def test_adding_and_scaling_do_what_arithmetic_does() -> None:
    model, tokens, vector = shared("gpt2"), some_tokens(), torch.randn(48)
    before = run(model, tokens, get="resid_post.1")["resid_post.1"]
    after = run(
        model, tokens, get="resid_post.1", do=[add("resid_post.1@2", vector), scale("resid_post.1@3", vector)]
    )
    torch.testing.assert_close(after["resid_post.1@2"], before[:, 2] + vector)
    torch.testing.assert_close(after["resid_post.1@3"], before[:, 3] * vector)
    assert torch.equal(after["resid_post.1@4:"], before[:, 4:])


def test_a_neuron_is_put_to_a_number() -> None:
    seen = run(shared("llama"), some_tokens(), get="mlp_act.1", do=put("mlp_act.1.7@2:4", 3.5))
    assert seen["mlp_act.1.7@2:4"].eq(3.5).all()
    assert not seen["mlp_act.1.6@2:4"].eq(3.5).any()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: zero("z.*"),
            "z.* names every layer, but a change is made in one: write z.0, z.1 and so on.",
        ),
        (
            lambda: zero("attn_norm.1"),
            "attn_norm.1 is derived from its neighbours, not written: change attn_in.1.",
        ),
        (lambda: zero("result.1.2"), "change z.1."),
        (lambda: zero("final_norm"), "change final."),
        (lambda: zero("zz.1"), "There is no site 'zz'"),
        (
            lambda: mean("z.1", torch.zeros(2, 3, 4, 5), across=["head"]),
            "A mean runs across 'batch', 'position' or both, not 'head'.",
        ),
        (
            lambda: mean("z.1@2", torch.zeros(2, 4, 5)),
            "z.1@2 names one position, so its mean runs across 'batch'",
        ),
        (
            lambda: mean("z.1", torch.zeros(2, 3)),
            "The reference for z.1 needs the axes batch position head head_width",
        ),
        (lambda: mean("z.1", torch.zeros(2, 3, 4, 5), across=[]), "and something to average over."),
    ],
)
def test_an_op_that_cannot_be_is_refused_when_it_is_made(make: object, said: str) -> None:
    assert callable(make)
    with pytest.raises(BadInput) as refusal:
        make()
    assert said in str(refusal.value)
