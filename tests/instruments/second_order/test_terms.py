"""Nine terms sum to the answer, and every way of cutting the second order gives the same numbers."""

from typing import Any

import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from torch import Tensor

from neuronscope.instruments import Linearised, linearise, logit_direction
from neuronscope.instruments.second_order import (
    TERMS,
    all_orders,
    captured_sites,
    later_heads,
    neuron_effects,
    nine_terms,
    term_sites,
)
from neuronscope.instruments.second_order.effects import kept_layers
from neuronscope.models import Model
from neuronscope.models.parts.towers import specimen
from tests.instruments.linear.drawn import drawn_network
from tests.instruments.second_order.frozen import again
from tests.models.tiny import opened, shared, some_tokens

EXACT = ["gpt2", "gpt_neox parallel", "gpt_neox sequential", "opt", "phi", "bloom", "falcon", "gptj"]
SINGLE_PRECISION_INSIDE = ["llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "granite"]
SINGLE_PRECISION_INSIDE += ["olmo2", "gpt_oss", "mixtral"]
ENCODERS = [("vit", None, 0), ("clip", "vision", 0), ("clip", "text", -1)]


def rounding(family: str) -> float:
    """How far sums may differ in float64: some families compute norms or softmaxes in float32."""
    return 1e-10 if family in EXACT else 1e-6


def held(model: Model, inputs: Any, *, at: int = -1, stack: str | None = None) -> Linearised:
    """Keep all that any question here needs; the frozen forward needs the first layer's attention besides."""
    sites = [*term_sites(model, stack=stack), *captured_sites(model, stack=stack)]
    first = linearise(model, inputs, at=at, order=2, stack=stack).parts
    sites += [first.address("pattern.0")]
    sites += [first.address("attn_out.0")] if first.layers[0].attention_after.module is not None else []
    return linearise(model, inputs, at=at, order=2, keep=sites, stack=stack)


def reading(model: Model, rows: int = 2) -> Any:
    first = torch.arange(rows) * 7 % 40 + 3
    return logit_direction(model, first, first + 11)


def drawn_direction(seen: Linearised) -> Tensor:
    draw = torch.Generator().manual_seed(3)
    return torch.randn(2, seen.parts.width, dtype=torch.float64, generator=draw)


@pytest.mark.parametrize("family", EXACT + SINGLE_PRECISION_INSIDE)
def test_nine_terms_sum_to_the_logit_difference(family: str) -> None:
    model = opened(family, dtype=torch.float64)
    seen = held(model, some_tokens())
    found = nine_terms(seen, reading(model))
    rows, target = torch.arange(2), torch.arange(2) * 7 % 40 + 3
    logits = seen.logits[rows, target] - seen.logits[rows, target + 11]
    torch.testing.assert_close(found.total, logits, rtol=0, atol=1e-10)
    assert found.remainder.abs().max() < rounding(family)
    assert found.value.shape == (2, len(TERMS))


@pytest.mark.parametrize(("family", "stack", "at"), ENCODERS)
def test_nine_terms_sum_to_what_is_read_off_an_encoder(family: str, stack: str | None, at: int) -> None:
    model = shared(family, torch.float64)
    seen = held(model, specimen(model.hf), at=at, stack=stack)
    found = nine_terms(seen, drawn_direction(seen))
    assert found.remainder.abs().max() < 1e-10
    assert found.value[:, TERMS.index("neurons through heads")].abs().min() > 1e-3


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "opt", "llama", "gemma2", "olmo2"])
def test_a_layers_neurons_and_bias_are_its_whole_mlp_through_later_heads(family: str) -> None:
    model = shared(family, torch.float64)
    seen = held(model, some_tokens())
    found, heads = nine_terms(seen, reading(model)), later_heads(seen, reading(model))
    for layer in range(model.n_layers - 1):
        read = heads.after(layer).together
        whole = (seen.everywhere(f"mlp_add.{layer}") * read).sum((1, 2))
        own = found.through[:, layer] + found.through_bias[:, layer]
        torch.testing.assert_close(own, whole, rtol=0, atol=rounding(family))
        neurons = neuron_effects(seen, reading(model))[:, layer].sum(-1)
        torch.testing.assert_close(found.through[:, layer], neurons, rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "llama", "gemma2"])
def test_heads_sum_and_positions_sum_to_the_effect(family: str) -> None:
    model = shared(family, torch.float64)
    seen = held(model, some_tokens())
    effect = neuron_effects(seen, reading(model))
    for layer in range(model.n_layers - 1):
        active, vectors = seen.neuron_writers(layer)
        heads = seen.second_order(active, vectors, layer, reading(model))
        torch.testing.assert_close(heads.by_head.sum(1), effect[:, layer], rtol=0, atol=1e-12)
        by_position = active * (later_heads(seen, reading(model)).after(layer).together @ vectors.T)
        torch.testing.assert_close(by_position.sum(1), effect[:, layer], rtol=0, atol=1e-12)


def test_one_direction_for_all_and_one_for_each_give_the_same_effects() -> None:
    model = shared("gpt2", torch.float64)
    seen, one = held(model, some_tokens()), logit_direction(model, 3, 5)
    each = logit_direction(model, torch.tensor([3, 3]), torch.tensor([5, 5]))
    torch.testing.assert_close(neuron_effects(seen, one), neuron_effects(seen, each), rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "opt", "llama", "qwen3", "gemma2", "olmo2"])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_zeroing_a_neuron_in_a_frozen_forward_takes_all_orders_away(family: str, layer: int) -> None:
    model = shared(family, torch.float64)
    seen, direction = held(model, some_tokens()), reading(model)
    last = seen.everywhere(f"resid_post.{model.n_layers - 1}@-1")
    kept = again(seen)[:, -1]
    torch.testing.assert_close(kept, last, rtol=0, atol=rounding(family))
    active, vectors = seen.neuron_writers(layer)
    everything = all_orders(seen, direction)
    first = seen.direct(direction).neuron
    both = first + neuron_effects(seen, direction)
    for neuron in (0, 17, 41):
        lost = active[..., neuron, None] * vectors[neuron]
        moved = seen.parts.final.forth(kept - again(seen, layer=layer, lost=lost)[:, -1])
        moved = (moved / seen.final_scale[:, None] * direction.vectors).sum(-1)
        torch.testing.assert_close(everything[:, layer, neuron], moved, rtol=0, atol=1e-12)
        if layer >= model.n_layers - 2:
            torch.testing.assert_close(both[:, layer, neuron], moved, rtol=0, atol=1e-12)
        else:
            assert (both[:, layer, neuron] - moved).abs().max() > 1e-9


@pytest.mark.parametrize(("family", "stack", "at"), ENCODERS)
def test_zeroing_a_neuron_of_an_encoder_takes_all_orders_away(
    family: str, stack: str | None, at: int
) -> None:
    model = shared(family, torch.float64)
    seen = held(model, specimen(model.hf), at=at, stack=stack)
    direction, kept = drawn_direction(seen), again(seen)[:, at]
    everything = all_orders(seen, direction)
    for layer in range(3):
        active, vectors = seen.neuron_writers(layer)
        lost = active[..., 5, None] * vectors[5]
        moved = seen.parts.final.forth(kept - again(seen, layer=layer, lost=lost)[:, at])
        moved = (moved / seen.final_scale[:, None] * direction).sum(-1)
        torch.testing.assert_close(everything[:, layer, 5], moved, rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "opt", "llama", "gemma2"])
def test_padding_changes_no_term_no_effect_and_no_higher_order(family: str) -> None:
    model = shared(family, torch.float64)
    tokens = some_tokens(rows=1)[0]
    ragged, direction = [tokens[:5], tokens], logit_direction(model, 3, 5)
    together = held(model, ragged)
    for row, prompt in enumerate(ragged):
        alone = held(model, prompt)
        for of in (neuron_effects, all_orders):
            torch.testing.assert_close(
                of(together, direction)[row], of(alone, direction)[0], rtol=0, atol=2e-6
            )
        one, other = nine_terms(alone, direction).value[0], nine_terms(together, direction).value[row]
        torch.testing.assert_close(other, one, rtol=0, atol=2e-6)
    assert nine_terms(together, direction).remainder.abs().max() < 1e-6


def test_padding_on_the_right_with_a_place_of_each_prompt_changes_nothing() -> None:
    model = shared("gpt2", torch.float64)
    tokens, direction = some_tokens(rows=2), logit_direction(model, 3, 5)
    mask = torch.ones_like(tokens)
    mask[0, 5:] = 0
    padded = held(model, {"input_ids": tokens, "attention_mask": mask})
    alone = held(model, tokens[0, :5])
    assert padded.seen.batch.lengths == (5, 9)
    one, other = neuron_effects(alone, direction)[0], neuron_effects(padded, direction)[0]
    torch.testing.assert_close(other, one, rtol=0, atol=1e-10)
    torch.testing.assert_close(
        all_orders(padded, direction)[0], all_orders(alone, direction)[0], rtol=0, atol=1e-10
    )


@settings(max_examples=12, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(
    family=st.sampled_from(["gpt2", "opt", "llama", "parallel", "sequential"]),
    layers=st.integers(1, 4),
    heads=st.sampled_from([1, 2, 3, 6]),
    half_width=st.integers(1, 4),
    length=st.integers(1, 9),
    seed=st.integers(0, 10**6),
)
def test_nine_terms_sum_at_any_shape(
    family: str, layers: int, heads: int, half_width: int, length: int, seed: int
) -> None:
    model = Model(drawn_network(family, layers, heads, 2 * half_width, seed))
    tokens = torch.randint(model.vocab_size, (2, length), generator=torch.Generator().manual_seed(seed))
    seen, direction = held(model, tokens), reading(model)
    found = nine_terms(seen, direction)
    scale = max(1.0, float(found.value.abs().max()))
    assert found.remainder.abs().max() < (1e-6 if family == "llama" else 1e-10) * scale
    for layer in kept_layers(seen):
        active, vectors = seen.neuron_writers(layer)
        heads_apart = seen.second_order(active, vectors, layer, direction).effect
        effect = neuron_effects(seen, direction)[:, layer]
        torch.testing.assert_close(effect, heads_apart, rtol=1e-9, atol=1e-12 * scale)
