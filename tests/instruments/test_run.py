import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import add, put, run, scale, zero
from neuronscope.models import SITES, Model, Site
from neuronscope.words import BadInput
from tests.models.tiny import (
    FAMILIES,
    HEADS,
    LAYERS,
    N_TOKENS,
    VOCAB,
    WIDTH,
    lacked,
    opened,
    plain,
    shared,
    some_tokens,
)

SIZES = {
    "batch": 2,
    "position": N_TOKENS,
    "query": N_TOKENS,
    "key": N_TOKENS,
    "width": WIDTH,
    "head": HEADS,
    "head_width": 12,
    "vocab": VOCAB,
}
PER_FAMILY = [(family, name) for family in FAMILIES for name in SITES if name not in lacked(family)]
WRITABLE = [(family, name) for family, name in PER_FAMILY if not SITES[name].derived]


def address(name: str, layer: int = 1) -> str:
    return f"{name}.{layer}" if SITES[name].layered else name


def difference(logits: Tensor) -> Tensor:
    """A score that depends on every row and several positions."""
    return (logits[:, -1, 7] - logits[:, -1, 8] + 0.3 * logits[:, 3, 5]).sum()


@pytest.mark.parametrize(("family", "name"), PER_FAMILY)
def test_reading_a_site_changes_no_bit_of_the_logits(family: str, name: str) -> None:
    tokens = some_tokens()
    every = f"{name}.*" if SITES[name].layered else name
    seen = run(shared(family), tokens, get=every)
    assert torch.equal(seen.logits, plain(family))


@pytest.mark.parametrize("family", FAMILIES)
def test_reading_everything_at_once_changes_no_bit_of_the_logits(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    seen = run(model, tokens, get=[f"{name}.*" if SITES[name].layered else name for name in model.sites()])
    assert torch.equal(seen.logits, plain(family))


@pytest.mark.parametrize(("family", "name"), WRITABLE)
def test_writing_back_what_was_read_changes_no_bit_of_the_logits(family: str, name: str) -> None:
    model, tokens = shared(family), some_tokens()
    places = [address(name, layer) for layer in range(LAYERS if SITES[name].layered else 1)]
    seen = run(model, tokens, get=places)
    assert torch.equal(run(model, tokens, do=[put(place, seen) for place in places]).logits, seen.logits)


@pytest.mark.parametrize(("family", "name"), WRITABLE)
def test_a_written_site_changes_the_logits(family: str, name: str) -> None:
    model, tokens = shared(family), some_tokens()
    op = scale(address(name), 1.5) if name == "scores" else zero(address(name))
    assert not torch.equal(run(model, tokens, do=op).logits, plain(family))


@pytest.mark.parametrize(("family", "name"), PER_FAMILY)
def test_a_reading_has_the_axes_that_the_site_table_states(family: str, name: str) -> None:
    model = shared(family)
    sizes = SIZES | {"key_head": model.n_key_heads, "neuron": model.n_neurons}
    seen = run(model, some_tokens(), get=address(name))
    assert seen[address(name)].shape == tuple(sizes[word] for word in SITES[name].words)


@pytest.mark.parametrize("name", ["z", "q", "k", "v", "pattern", "mlp_act"])
def test_a_slice_taken_inside_the_run_is_the_slice_of_the_whole(name: str) -> None:
    model, tokens = shared("llama"), some_tokens()
    parts = [f"{name}.1.1", f"{name}.1.1@-2", f"{name}.1@3", f"{name}.1@2:5", f"{name}.1.0@:4"]
    whole = run(model, tokens, get=f"{name}.1")
    sliced = run(model, tokens, get=parts)
    for part in parts:
        assert torch.equal(sliced[part], whole[part]), part
    axis = SITES[name].words.index(SITES[name].unit or "")
    assert torch.equal(whole[f"{name}.1.1"], whole[f"{name}.1"].select(axis, 1))


@pytest.mark.parametrize(
    ("family", "parts"),
    [
        ("gpt2", ["result.1.1", "result.1.1@-2", "result.1@3", "result.1@2:5", "result.1.0@:4"]),
        ("gpt2", ["attn_norm.1@-2", "mlp_norm.1@2:5", "final_norm@0"]),
        ("llama", ["result.1.3@-1", "attn_norm.1@-2", "mlp_norm.1@2:5", "final_norm@0"]),
    ],
)
@pytest.mark.parametrize("lengths", [(9, 9), (6, 9)])
def test_a_part_of_a_derived_site_is_worked_out_alone_and_is_that_part_of_the_whole(
    family: str, parts: list[str], lengths: tuple[int, int]
) -> None:
    model = shared(family, torch.float64)
    prompts = [some_tokens(rows=1, length=length, seed=length)[0].tolist() for length in lengths]
    whole = run(model, prompts, get=[str(Site.parse(part).whole) for part in parts])
    sliced = run(model, prompts, get=parts)
    for part in parts:
        assert sliced[part].shape == whole[part].shape
        torch.testing.assert_close(sliced[part], whole[part], rtol=1e-9, atol=1e-9, equal_nan=True)


def test_a_wildcard_stacks_the_layers_first() -> None:
    model, tokens = shared("gpt2"), some_tokens()
    seen = run(model, tokens, get=["resid_post.*", "z.*@-1"])
    assert seen["resid_post.*"].shape == (LAYERS, 2, N_TOKENS, WIDTH)
    assert torch.equal(seen["resid_post.*"][2], seen["resid_post.2"])
    assert seen["z.*@-1"].shape == (LAYERS, 2, HEADS, 12)
    assert torch.equal(seen["resid_post.*@-1"][0], seen["resid_post.0"][:, -1])


def test_any_module_can_be_read_and_written_by_its_own_name() -> None:
    model, tokens = shared("llama"), some_tokens()
    by_name = "module.model.layers.1.mlp:out"
    seen = run(model, tokens, get=[by_name, "mlp_out.1", "module.model.layers.1.self_attn:in", "attn_in.1"])
    assert torch.equal(seen[by_name], seen["mlp_out.1"])
    assert torch.equal(seen["module.model.layers.1.self_attn:in"], seen["attn_in.1"])
    assert torch.equal(
        run(model, tokens, do=zero(by_name)).logits, run(model, tokens, do=zero("mlp_out.1")).logits
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_a_write_changes_nothing_upstream(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    sites = ["z.0", "resid_post.0", "resid_pre.1", "q.1", "v.1"]
    before, after = run(model, tokens, get=sites), run(model, tokens, get=sites, do=zero("z.1.2@4"))
    assert all(torch.equal(before[site], after[site]) for site in sites)
    changed = (before.logits != after.logits).any(-1)
    assert not changed[:, :4].any()
    assert changed[:, 4].all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_whole_stream_of_another_prompt_gives_that_prompts_logits(family: str) -> None:
    model, clean, corrupt = shared(family), some_tokens(seed=1), some_tokens(seed=2)
    source = run(model, clean, get="resid_post.*")
    patched = run(model, corrupt, do=put(f"resid_post.{LAYERS - 1}", source))
    assert torch.equal(patched.logits, source.logits)
    assert torch.equal(run(model, corrupt, do=put("resid_post.0", source)).logits, source.logits)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_head_with_a_zero_pattern_is_a_head_with_zero_output(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    by_pattern, by_z = (run(model, tokens, do=zero(f"{name}.1.2")).logits for name in ("pattern", "z"))
    torch.testing.assert_close(by_pattern, by_z, rtol=0, atol=1e-5)


def test_a_reading_at_a_changed_site_shows_the_change() -> None:
    model, tokens = shared("gpt2"), some_tokens()
    before = run(model, tokens, get="z.1")["z.1"]
    after = run(model, tokens, get="z.1", do=[scale("z.1.2", 3.0), add("z.1.2", 1.0)])["z.1"]
    torch.testing.assert_close(after[:, :, 2], before[:, :, 2] * 3 + 1)
    assert torch.equal(after[:, :, :2], before[:, :, :2])


def test_changes_of_one_site_are_made_in_the_order_listed() -> None:
    model, tokens = shared("gpt2"), some_tokens()
    one = run(model, tokens, do=[put("z.1", 1.0), scale("z.1", 2.0)], get="z.1")
    other = run(model, tokens, do=[scale("z.1", 2.0), put("z.1", 1.0)], get="z.1")
    assert one["z.1"].eq(2).all()
    assert other["z.1"].eq(1).all()


def test_rows_of_a_batch_are_changed_apart() -> None:
    model, tokens = shared("llama"), some_tokens(rows=4)
    plain = run(model, tokens).logits
    changed = run(model, tokens, do=[zero("z.1", rows=1), zero("z.1", rows=slice(2, 4))]).logits
    assert torch.equal(changed[0], plain[0])
    alone = run(model, tokens[1:2], do=zero("z.1")).logits
    torch.testing.assert_close(changed[1:2], alone, rtol=0, atol=1e-5)
    assert torch.equal(run(model, tokens, do=zero("z.1", rows=(1, 2, 3))).logits, changed)


# In double precision, by differences through the write path of the same site. Llama and its kin compute norms
# and softmax in single precision whatever they are given: so a wide step, and a difference of fourth order.
@pytest.mark.parametrize(
    ("family", "name"), [(family, name) for family, name in WRITABLE if family != "gpt2 upcast"]
)
def test_the_gradient_of_a_site_is_the_finite_difference_of_writing_it(family: str, name: str) -> None:
    model, tokens, place = shared(family, torch.float64), some_tokens(), address(name)
    seen = run(model, tokens, get=place, grad=difference)
    gradient, value = seen.grad[place], seen[place]
    direction = torch.randn(value.shape, generator=torch.Generator().manual_seed(5), dtype=value.dtype)
    if name == "scores":  # masked scores are as low as numbers go
        direction = direction * (value > torch.finfo(torch.float32).min / 2)

    def score(step: float) -> Tensor:
        return difference(run(model, tokens, do=put(place, value + step * direction)).logits).double()

    step = 1e-3
    found = (8 * (score(step) - score(-step)) - (score(2 * step) - score(-2 * step))) / (12 * step)
    slope = (gradient * direction).sum()
    torch.testing.assert_close(found, slope.double(), rtol=2e-3, atol=2e-3)
    assert slope.abs() > 1e-3


def test_gradients_are_cut_like_values() -> None:
    model, tokens = shared("llama"), some_tokens()
    whole = run(model, tokens, get=["z.1", "q.2"], grad=difference)
    parts = run(model, tokens, get=["z.1.2@-1", "q.2.3@1:3"], grad=difference)
    for part in parts.sites:
        assert torch.equal(parts.grad[part], whole.grad[part])
        assert torch.equal(parts[part], whole[part])


@pytest.mark.parametrize("family", FAMILIES)
def test_taking_gradients_changes_no_bit_of_the_logits(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    seen = run(model, tokens, get=["z.*", "resid_post.*", "pattern.1"], grad=difference)
    assert torch.equal(seen.logits, plain(family))
    assert not seen.logits.requires_grad
    assert not seen["z.1"].requires_grad
    assert not seen.grad["z.1"].requires_grad


def test_a_site_that_the_score_does_not_see_has_a_zero_gradient() -> None:
    seen = run(shared("gpt2"), some_tokens(), get="resid_post.2", grad=lambda logits: logits[0, 3, 5])
    assert seen.grad["resid_post.2@4:"].eq(0).all()
    assert seen.grad["resid_post.2@3"][0].abs().sum() > 0


def test_a_run_stopped_at_its_last_site_reads_the_same() -> None:
    model, tokens = shared("llama"), some_tokens()
    whole, stopped = (run(model, tokens, get=["z.0", "mlp_act.1"], stop=stop) for stop in (False, True))
    assert torch.equal(whole["z.0"], stopped["z.0"])
    assert torch.equal(whole["mlp_act.1"], stopped["mlp_act.1"])
    with pytest.raises(BadInput, match="This run stopped at its last site, before the logits"):
        _ = stopped.logits


def test_a_stopped_run_does_not_compute_what_comes_after() -> None:
    model = opened("llama")
    calls: list[int] = []
    assert model.sites()  # the probe has run
    model.hf.model.layers[2].register_forward_pre_hook(lambda *_: calls.append(2))  # pyright: ignore
    run(model, some_tokens(), get="resid_post.1", stop=True)
    assert calls == []
    run(model, some_tokens(), get="resid_post.1")
    assert calls == [2]


def test_a_run_keeps_only_what_was_asked_for() -> None:
    model, tokens = shared("llama"), some_tokens()
    seen = run(model, tokens, get=["z.1.2@-1", "q.0.1", "resid_post.2"])
    for site in seen.sites:
        tensor = seen[site]
        assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size(), site


def hooks(model: Model) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.hf.modules())


@pytest.mark.parametrize("grad", [None, difference])
def test_nothing_is_left_of_a_run_once_it_is_let_go(grad: Callable[[Tensor], Tensor] | None) -> None:
    model = opened("gpt2")
    before = {name: weight.clone() for name, weight in model.hf.state_dict().items()}
    seen = run(
        model, some_tokens(), get=["z.1", "pattern.1", "resid_post.*"], do=scale("z.0.1", 2.0), grad=grad
    )
    references = [weakref.ref(seen[site]) for site in seen.sites] + [weakref.ref(seen.logits)]
    assert hooks(model) == 0
    del seen
    gc.collect()
    assert [reference() for reference in references] == [None] * len(references)
    after = model.hf.state_dict()
    assert all(torch.equal(weight, after[name]) for name, weight in before.items())
    assert not any(weight.grad is not None for weight in model.hf.parameters())


def test_an_error_in_the_middle_of_a_run_leaves_nothing() -> None:
    model, tokens = opened("llama"), some_tokens()
    with pytest.raises(BadInput, match="has a value of shape"):
        run(model, tokens, get=["pattern.*", "mlp_act.0"], do=put("z.1", torch.zeros(5)))
    assert hooks(model) == 0
    assert torch.equal(run(model, tokens).logits, plain("llama"))


def test_what_was_read_stands_though_the_model_writes_over_it() -> None:
    model = opened("gpt2")

    def overwrite(module: Any, args: Any, output: Tensor) -> None:
        output.mul_(2.0)

    read, tokens = "module.transformer.h.1.mlp.dropout:out", some_tokens()
    before = run(model, tokens, get=read)
    hook = model.hf.transformer.h[1].mlp.register_forward_hook(overwrite)  # pyright: ignore
    after = run(model, tokens, get=read)
    graph = run(model, tokens, get=[read], grad=difference)
    hook.remove()
    assert torch.equal(after[read], before[read])
    assert torch.equal(graph[read], before[read])
    assert not torch.equal(after.logits, before.logits)


def test_a_reading_that_was_changed_in_place_is_no_longer_given_out() -> None:
    model, tokens = shared("gpt2"), some_tokens()
    seen = run(model, tokens, get=["z.1", "z.2"])
    seen["z.1.2@-1"].mul_(2.0)
    said = "The reading of z.1 was changed in place after the run: change a clone() of it instead."
    for use in (lambda: seen["z.1"], lambda: put("z.1.2", seen)):
        with pytest.raises(BadInput) as refusal:
            use()
        assert str(refusal.value) == said
    seen["z.2"].clone().mul_(2.0)
    assert torch.equal(seen["z.2"], run(model, tokens, get="z.2")["z.2"])


def test_a_model_in_training_mode_is_refused() -> None:
    model = opened("gpt2")
    model.hf.transformer.h[1].mlp.dropout.train()  # pyright: ignore
    with pytest.raises(BadInput, match="The model is in training mode, where dropout adds noise"):
        run(model, some_tokens())


def test_a_module_that_never_runs_is_reported() -> None:
    model: Any = opened("gpt2")
    model.hf.transformer.spare = torch.nn.Identity().eval()
    with pytest.raises(
        BadInput, match=r"module\.transformer\.spare:out was never reached in the forward pass"
    ):
        run(model, some_tokens(), get="module.transformer.spare:out")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"get": "z.7"}, "z.7 is out of range: layers run from 0 to 2; the nearest is z.2."),
        ({"get": "zz.1"}, "There is no site 'zz'; did you mean 'z'?"),
        ({"get": "z.1@9"}, "z.1@9 is out of range: the prompt has 9 positions, from 0 to 8."),
        ({"get": "z.1@5:2"}, "z.1@5:2 picks no token: the prompt has 9 positions"),
        ({"get": "mlp_up.1"}, "gpt2 has no mlp_up"),
        ({"do": zero("mlp_up.1")}, "gpt2 has no mlp_up"),
        ({"do": zero("z.7")}, "z.7 is out of range"),
        ({"do": zero("z.1@-10")}, "z.1@-10 is out of range"),
        ({"do": zero("z.1", rows=2)}, "names rows outside the batch: rows run from 0 to 1."),
        ({"do": put("z.1.2", torch.zeros(7))}, "has a value of shape [7], but the site holds [2, 9, 12]."),
        ({"get": "z.1", "do": zero("z.2"), "stop": True}, "z.2 comes after the last site read"),
        ({"grad": difference}, "A gradient needs a site to be taken at"),
        ({"get": "z.1", "grad": difference, "stop": True}, "cannot be asked together"),
        ({"get": "attn_norm.1", "grad": difference}, "attn_norm.1 is worked out beside the model"),
        ({"get": "z.1", "grad": lambda logits: logits[0, 0]}, "grad must take the logits to one number"),
        ({"get": "z.1", "grad": lambda logits: torch.zeros(1)}, "The score does not depend on the logits"),
    ],
)
def test_what_cannot_be_run_is_refused_in_one_sentence(options: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput) as refusal:
        run(shared("gpt2"), some_tokens(), **options)
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 200


def test_token_ids_come_as_lists_or_tensors() -> None:
    model = shared("gpt2")
    tokens = some_tokens()
    assert torch.equal(run(model, tokens.tolist()).logits, run(model, tokens).logits)
    torch.testing.assert_close(run(model, tokens[0]).logits, run(model, tokens).logits[:1])
    assert run(model, [5, 6, 7]).tokens.tolist() == [[5, 6, 7]]
    with pytest.raises(BadInput, match="Token ids are whole numbers"):
        run(model, torch.zeros(2, 3))
    with pytest.raises(BadInput, match="Token ids are whole numbers"):
        run(model, torch.zeros(2, 3, 4, dtype=torch.long))
    with pytest.raises(BadInput, match="The prompt is empty"):
        run(model, [])


def test_a_run_shows_itself_in_one_line() -> None:
    assert repr(run(shared("gpt2"), some_tokens(), get="z.*")) == "Run(2 x 9 tokens, 3 sites)"


def test_a_run_without_a_score_says_that_it_has_no_gradients() -> None:
    with pytest.raises(BadInput, match="This run took no gradients: give it grad="):
        _ = run(shared("gpt2"), some_tokens(), get="z.1").grad
