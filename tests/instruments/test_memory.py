"""Bytes are counted tensor by tensor, so these numbers are the same on every machine."""

import gc
import weakref
from collections.abc import Callable
from functools import cache

import pytest
import torch
from torch import Tensor

from benchmarks.speed.memory import SLICED, sliced_read, worst_extra
from benchmarks.speed.subjects import SHAPES, Size, Subject, subject
from neuronscope.instruments import add, run
from neuronscope.instruments.live_bytes import LiveBytes, held_bytes
from neuronscope.models import SITES, Model, prepare
from tests.models.tiny import FAMILIES, eager, plain_logits, shared, some_tokens

SMALL = Size(layers=3, width=256, heads=4, key_heads=2, vocab=301, positions=24)
STREAM = SMALL.width * 4


@cache
def small(shape: str) -> Subject:
    return subject(shape, SMALL)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("get", SLICED)
def test_a_sliced_read_takes_at_its_worst_what_was_asked_for_and_a_fifth(
    shape: str, get: tuple[str, ...]
) -> None:
    extra = sliced_read(small(shape), get)
    assert extra.asked > 0
    assert extra.worst <= 1.2 * extra.asked


def parts_of(model: Model, name: str) -> list[str]:
    """Name parts of a site: one position of every layer, a few of one, and one head or neuron."""
    kind = SITES[name]
    every, one = (".*", ".1") if kind.layered else ("", "")
    parts = [f"{name}{every}@-1", f"{name}{one}@2:5", f"{name}{one}@:-1"]
    return parts + ([f"{name}{one}.1", f"{name}{one}.0@-1"] if kind.unit else [])


@pytest.mark.parametrize("shape", SHAPES)
def test_a_part_of_any_site_takes_at_its_worst_what_was_asked_for_and_a_fifth(shape: str) -> None:
    model, tokens, forward = small(shape).model, small(shape).tokens, small(shape).forward
    assert len(model.sites()) == len(SITES) - 2 - (shape == "gpt2")  # no router, and no gate
    for part in (part for name in model.sites() for part in parts_of(model, name)):
        seen = run(model, tokens, get=part)
        asked = sum(seen[site].nbytes for site in seen.sites)
        # A run has its own copy of the token ids.
        worst = worst_extra(forward, lambda part=part: run(model, tokens, get=part)) - tokens.nbytes
        assert worst <= 1.2 * asked, part


@pytest.mark.parametrize("part", ["scores.*@-1", "pattern.1.2@1:3", "router.*@-1", "router.1.2"])
def test_a_part_beside_sinks_and_experts_takes_no_more_either(part: str) -> None:
    model, network, tokens = shared("gpt_oss"), eager("gpt_oss"), some_tokens()
    seen = run(model, tokens, get=part)
    asked = sum(seen[site].nbytes for site in seen.sites)
    worst = worst_extra(lambda: plain_logits(network, tokens), lambda: run(model, tokens, get=part))
    assert worst - tokens.nbytes <= 1.2 * asked


@pytest.mark.parametrize("get", ["result.*.1@-1", "attn_norm.1@2", "z.1.2@1", "resid_post.1@1:4", "q.0"])
def test_a_part_of_padded_prompts_takes_no_more_either(get: str) -> None:
    model = small("gpt2").model
    batch = prepare(model, [list(range(1, 25)), list(range(7, 24))])
    seen = run(model, batch, get=get)
    asked = sum(seen[site].nbytes for site in seen.sites)
    assert worst_extra(lambda: run(model, batch), lambda: run(model, batch, get=get)) <= 1.2 * asked


def test_the_count_sees_a_tensor_that_is_kept_whole_behind_a_slice() -> None:
    network, tokens = small("gpt2").plain, some_tokens(rows=1)
    kept: list[Tensor] = []

    def forward(keep: Callable[[Tensor], Tensor]) -> object:
        hook = network.transformer.h[0].register_forward_hook(
            lambda _, __, output: kept.append(keep(output[0] if isinstance(output, tuple) else output))
        )
        with torch.no_grad():
            logits = network(tokens, use_cache=False).logits
        hook.remove()
        return logits

    def plain() -> object:
        with torch.no_grad():
            return network(tokens, use_cache=False).logits

    whole = worst_extra(plain, lambda: forward(lambda stream: stream[:, -1]))
    kept.clear()
    sliced = worst_extra(plain, lambda: forward(lambda stream: stream[:, -1].clone()))
    assert (whole, sliced) == (tokens.shape[1] * STREAM, STREAM)


def test_a_read_that_leaves_out_operations_is_not_compared() -> None:
    one = small("gpt2")
    with pytest.raises(LookupError, match="which the plain pass does"):
        worst_extra(one.forward, lambda: run(one.model, one.tokens, get="resid_post.0", stop=True))


@pytest.mark.parametrize("family", FAMILIES)
def test_readings_hold_the_bytes_of_their_own_numbers_and_no_more(family: str) -> None:
    model = shared(family)
    parts = ["resid_post.*@-1", "z.1.2", "pattern.0@2:4", "mlp_act.2.3@0", "result.1.0@:3", "attn_norm.0@-1"]
    seen = run(model, some_tokens(), get=[*parts, "q.*", "v.0", "scores.1", "resid_post.1", "result.2"])
    for site in seen.sites:
        assert held_bytes(seen[site]) == seen[site].nbytes, site


@pytest.mark.parametrize("family", FAMILIES)
def test_values_and_gradients_of_a_slice_hold_no_more_than_the_slice(family: str) -> None:
    model = shared(family)
    _ = model.certificate
    with LiveBytes() as live:
        seen = run(model, some_tokens(), get="resid_post.*@-1", grad=lambda logits: logits[:, -1, 5].sum())
        gc.collect()
        after = live.now
    parts = [part[site] for site in seen.sites for part in (seen, seen.grad)]
    asked = sum(part.nbytes for part in parts)
    assert held_bytes(*parts) == asked
    assert after <= asked + held_bytes(seen.logits, seen.tokens) + 64


def _everything(model: Model) -> object:
    return run(model, some_tokens(), get=["resid_post.*", "pattern.*"])


def _a_change(model: Model) -> object:
    return run(model, some_tokens(), get="z.*@-1", do=add("resid_post.0", torch.ones(48)))


def _a_gradient(model: Model) -> object:
    return run(model, some_tokens(), get="resid_post.*@-1", grad=lambda logits: logits[:, -1, 5].sum())


def _a_stopped_run(model: Model) -> object:
    return run(model, some_tokens(), get="resid_post.1", stop=True)


@pytest.mark.parametrize("request_of", [_everything, _a_change, _a_gradient, _a_stopped_run])
@pytest.mark.parametrize("family", ["gpt2", "qwen3"])
def test_nothing_of_a_run_outlives_it(family: str, request_of: Callable[[Model], object]) -> None:
    model = shared(family)
    request_of(model)
    gc.collect()
    with LiveBytes() as live:
        seen = request_of(model)
        gone = weakref.ref(seen)
        assert live.now > 0
        del seen
        gc.collect()
        assert gone() is None
        assert live.now == 0
