"""The laws that hold on every family: what a run reads is what is there, and nothing of it stays behind."""

import gc
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from neuronscope.instruments import add, fn, project_out, put, run, scale, zero
from neuronscope.models import SITES, Model
from neuronscope.models.certificate import REFUSED
from neuronscope.models.parts.towers import specimen
from neuronscope.results import Cancelled
from tests.models.tiny import FAMILIES, OTHERS, eager, opened, plain_logits, shared, some_tokens

MANY = [
    *FAMILIES,
    "gemma",
    "gemma2",
    "gemma3",
    "granite",
    "olmo2",
    "mixtral",
    "gpt_oss",
    "bloom",
    "falcon",
    "gptj",
    "gpt_neo",
    "opt",
    "mpt",
    "phi",
    "bitnet",
]
# Left out: one that refuses double precision, and one that rounds what its matrices read.
SMOOTH = [family for family in MANY if family not in ("gpt2 upcast", "bitnet")]
ORDINARY = ("resid_pre", "resid_post", "z", "v", "attn_add", "mlp_act", "pattern")


def present(model: Model, names: tuple[str, ...] = ORDINARY) -> list[str]:
    there = model.sites()
    return [f"{name}.1" for name in names if name in there]


def difference(logits: Tensor) -> Tensor:
    return (logits[:, -1, 7] - logits[:, -1, 8] + 0.3 * logits[:, 3, 5]).sum()


def hooks(model: Model) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.hf.modules())


@pytest.mark.parametrize("family", MANY)
def test_reading_every_site_leaves_the_logits_as_they_are(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    every = [f"{name}.*" if SITES[name].layered else name for name in model.sites()]
    seen = run(model, tokens, get=every)
    assert torch.equal(seen.logits, plain_logits(eager(family), tokens))
    backwards = run(model, tokens, get=every[::-1])
    assert all(torch.equal(seen[site], backwards[site]) for site in every)


@pytest.mark.parametrize("family", MANY)
def test_putting_back_what_was_read_changes_no_bit(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    sites = present(model)
    seen = run(model, tokens, get=sites)
    assert torch.equal(run(model, tokens, do=[put(site, seen) for site in sites]).logits, seen.logits)
    assert torch.equal(run(model, tokens, get="z.1.2@3")["z.1.2@3"], seen["z.1.2@3"])


@pytest.mark.parametrize("family", MANY)
def test_a_change_reaches_nothing_before_it(family: str) -> None:
    model, tokens = shared(family), some_tokens()
    before = run(model, tokens, get=["resid_post.0", "resid_post.1"])
    after = run(model, tokens, get=["resid_post.0", "resid_post.1"], do=add("z.1@5", 3.0))
    # Experts take their tokens together, so the last bits of one depend on which others come along.
    rounding = 1e-5 if "router" in model.sites() else 0.0
    same = partial(torch.testing.assert_close, rtol=rounding, atol=rounding)
    assert torch.equal(after["resid_post.0"], before["resid_post.0"])
    same(after["resid_post.1@:5"], before["resid_post.1@:5"])
    same(after.logits[:, :5], before.logits[:, :5])
    assert (after["resid_post.1@5"] - before["resid_post.1@5"]).abs().max() > 100 * rounding


@pytest.mark.parametrize("family", MANY)
def test_the_last_stream_of_a_prompt_gives_its_logits(family: str) -> None:
    model, clean, corrupt = shared(family), some_tokens(seed=1), some_tokens(seed=2)
    source = run(model, clean, get=f"resid_post.{model.n_layers - 1}")
    patched = run(model, corrupt, do=put(f"resid_post.{model.n_layers - 1}", source))
    assert torch.equal(patched.logits, source.logits)


def outcome(network: Any, inputs: dict[str, Tensor], given: Callable[[], Any] | None = None) -> Tensor:
    """What a network of any kind gives in the end: all its tensors, one after the other."""
    kept: list[Any] = []
    hook = network.register_forward_hook(lambda module, args, output: kept.append(output))
    try:
        with torch.no_grad():
            plain = {"use_cache": False} if "decoder_input_ids" in inputs else {}
            network(**inputs, **plain) if given is None else given()
    finally:
        hook.remove()
    return torch.cat([value.flatten() for value in kept[0].values() if isinstance(value, Tensor)])


@pytest.mark.parametrize("family", OTHERS)
def test_encoders_and_images_are_read_and_written_back_as_they_are(family: str) -> None:
    model, inputs = shared(family), specimen(eager(family))
    truth = outcome(eager(family), inputs)
    every = [row.site for row in model.certificate.rows if row.status != REFUSED]
    every = [site if not SITES[site.rpartition("/")[2]].layered else f"{site}.*" for site in every]
    seen: list[Any] = []
    assert torch.equal(outcome(model.hf, inputs, lambda: seen.append(run(model, inputs, get=every))), truth)
    stacks = [f"{name}/" if name else "" for name in model.anatomy.stacks]
    sites = [f"{stack}{name}.1" for stack in stacks for name in ORDINARY]
    again = [put(site, seen[0]) for site in sites]
    assert torch.equal(outcome(model.hf, inputs, lambda: run(model, inputs, do=again)), truth)
    for stack in stacks:
        before, after = (
            run(model, inputs, get=[f"{stack}resid_post.0", f"{stack}resid_post.1"], do=do)
            for do in ([], zero(f"{stack}z.1.2"))
        )
        assert torch.equal(before[f"{stack}resid_post.0"], after[f"{stack}resid_post.0"])
        assert not torch.equal(before[f"{stack}resid_post.1"], after[f"{stack}resid_post.1"])
        silent = [
            outcome(model.hf, inputs, partial(run, model, inputs, do=zero(f"{stack}{name}.1.2")))
            for name in ("pattern", "z")
        ]
        torch.testing.assert_close(*silent, rtol=1e-4, atol=1e-4)


class Doubled(TorchFunctionMode):
    """Let a family's own code use double precision where it asks for single.

    Most take norms and softmaxes in single precision whatever their weights are, which leaves a finite
    difference about 3e-4 of noise; in double it agrees with the gradient to 4e-10 in every family here.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") == "float":
            return args[0].double()
        options = {name: _wide(value) for name, value in (kwargs or {}).items()}
        return func(*map(_wide, args), **options)


def _wide(value: Any) -> Any:
    return torch.float64 if value is torch.float32 else value


@pytest.mark.parametrize("family", SMOOTH)
def test_gradients_of_several_sites_are_finite_differences_through_their_ops(family: str) -> None:
    model, tokens = shared(family, torch.float64), some_tokens()
    directions = torch.randn(2, model.width, generator=torch.Generator().manual_seed(2))
    ops: list[Any] = [
        scale("z.1.2", 1.7),
        *([add("mlp_act.1.3", 0.4)] if "mlp_act" in model.sites() else []),
        project_out("resid_post.0", directions),
        fn("resid_post.1", lambda stream: stream * stream.tanh()),
    ]
    sites = present(model, ("resid_pre", "q", "z", "attn_add", "mlp_act"))
    with Doubled():
        seen = run(model, tokens, get=sites, do=ops, grad=difference)
    for site in sites:
        value, step = seen[site], 1e-5
        way = torch.randn(value.shape, generator=torch.Generator().manual_seed(5)).to(value)
        with Doubled():  # the step is made after the ops at its site, where the gradient is taken
            ahead, behind = (
                difference(run(model, tokens, do=[*ops, add(site, size * way)]).logits)
                for size in (step, -step)
            )
        slope = (seen.grad[site] * way).sum()
        torch.testing.assert_close((ahead - behind) / (2 * step), slope, rtol=1e-7, atol=1e-7)


def test_two_runs_at_once_never_see_each_other() -> None:
    one, other = opened("llama"), opened("gpt2")
    jobs = [(model, seed, value) for seed in range(4) for model in (one, other) for value in (0.0, 2.0)]

    def outcome(job: tuple[Model, int, float]) -> tuple[Tensor, Tensor]:
        model, seed, value = job
        tokens = some_tokens(seed=seed)
        seen = run(model, tokens, get=["z.1", "pattern.1"], do=put("z.0.2", value))
        return seen.logits, seen["z.1"]

    alone = [outcome(job) for job in jobs]
    untouched = [plain_logits(model.hf, some_tokens()) for model in (one, other)]
    with ThreadPoolExecutor(4) as threads:
        bare = [threads.submit(plain_logits, model.hf, some_tokens()) for model in (one, other) * 8]
        together = list(threads.map(outcome, jobs))
    for (logits, z), (expected, expected_z) in zip(together, alone, strict=True):
        assert torch.equal(logits, expected)
        assert torch.equal(z, expected_z)
    for number, future in enumerate(bare):
        assert torch.equal(future.result(), untouched[number % 2])
    assert hooks(one) == hooks(other) == 0


def raising(error: BaseException) -> Any:
    def raised(tensor: Tensor) -> Tensor:
        raise error

    return raised


@pytest.mark.parametrize("error", [Cancelled(), KeyboardInterrupt(), RuntimeError("out of memory")])
@pytest.mark.parametrize("family", ["gpt2", "llama", "bloom", "falcon"])
def test_nothing_stays_on_the_model_however_a_run_ends(family: str, error: BaseException) -> None:
    model, tokens = opened(family), some_tokens()
    expected = run(model, tokens).logits
    parts = {name: dict(part.__dict__) for name, part in model.hf.named_modules()}
    with pytest.raises(type(error)):
        run(model, tokens, get=["pattern.*", "z.*"], do=[zero("z.0"), fn("resid_post.1", raising(error))])
    assert hooks(model) == 0
    assert all("forward" not in part.__dict__ for part in model.hf.modules())
    assert {name: set(part.__dict__) for name, part in model.hf.named_modules()} == {
        name: set(held) for name, held in parts.items()
    }
    assert torch.equal(run(model, tokens).logits, expected)


@pytest.fixture
def collected() -> Iterator[None]:
    gc.collect()
    yield
    gc.collect()


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize("family", ["gpt2", "mixtral", "bloom", "falcon"])
def test_nothing_of_a_padded_run_outlives_it(family: str) -> None:
    model = shared(family)
    seen = run(model, [[1, 2, 3], [4, 5]], get=["resid_post.*", "pattern.1"], do=add("z.1", 1.0))
    held = [weakref.ref(seen[site]) for site in seen.sites]
    held += [weakref.ref(seen.logits), weakref.ref(seen.tokens), weakref.ref(seen.batch)]  # pyright: ignore
    del seen
    gc.collect()
    assert [reference() for reference in held] == [None] * len(held)


@pytest.mark.parametrize("family", ["gpt2", "llama", "falcon"])
def test_a_sliced_reading_holds_no_more_memory_than_was_asked_for(family: str) -> None:
    seen = run(
        shared(family), some_tokens(), get=["resid_post.1@-1", "z.1.2", "pattern.1.0@2", "mlp_act.1.3"]
    )
    for site in seen.sites:
        value = seen[site]
        assert value.untyped_storage().nbytes() == value.numel() * value.element_size()


def test_readings_come_in_the_format_asked_for() -> None:
    model, tokens = shared("llama", torch.float64), some_tokens()
    exact = run(model, tokens, get=["z.1", "pattern.1.2@-1"])
    half = run(model, tokens, get=["z.1", "pattern.1.2@-1"], dtype=torch.float16, device="cpu")
    for site in exact.sites:
        assert half[site].dtype == torch.float16
        assert torch.equal(half[site], exact[site].half())
    assert torch.equal(half.logits, exact.logits)
    slopes = run(model, tokens, get="z.1", grad=difference, dtype=torch.float32)
    assert slopes.grad["z.1"].dtype == torch.float32


def test_falcon_adds_in_place_and_is_read_as_it_was() -> None:
    model, tokens = shared("falcon"), some_tokens()
    seen = run(
        model,
        tokens,
        get=["mlp_out.1", "mlp_act.1", "attn_add.1", "mlp_add.1", "resid_pre.1", "resid_post.1"],
    )
    total = seen["resid_pre.1"] + seen["attn_add.1"] + seen["mlp_add.1"]
    torch.testing.assert_close(total, seen["resid_post.1"], rtol=1e-5, atol=1e-5)
    down = model.hf.transformer.h[1].mlp.dense_4h_to_h  # pyright: ignore
    torch.testing.assert_close(down(seen["mlp_act.1"]), seen["mlp_out.1"], rtol=1e-5, atol=1e-5)
    graph = run(model, tokens, get=["mlp_out.1"], grad=difference)
    assert torch.equal(graph["mlp_out.1"], seen["mlp_out.1"])
