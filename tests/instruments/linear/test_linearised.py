"""Once patterns and norm scales are held, every part has a share of the answer, and the shares sum to it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from neuronscope.instruments import Linearised, linearise, logit_direction, run
from neuronscope.instruments.linear.fixed import head_weights
from neuronscope.models import Model, open_model
from neuronscope.models.parts.taps import Absence
from neuronscope.models.parts.towers import specimen
from neuronscope.words import BadInput
from tests.instruments.linear.drawn import VOCAB, drawn_network
from tests.models.tiny import opened, shared, some_tokens

EXACT = ["gpt2", "gpt_neox parallel", "gpt_neox sequential", "opt", "phi", "bloom", "falcon", "gptj"]
SINGLE_PRECISION_INSIDE = ["llama", "qwen3", "gemma", "gemma2", "gemma3", "granite", "olmo2", "gpt_oss"]
SITES = ["mlp_act.*", "mlp_out.*", "resid_pre.0", "attn_add.*", "mlp_add.*"]


def rounding(family: str) -> float:
    """How far sums may differ in float64: some families compute norms or softmaxes in float32."""
    return 1e-10 if family in EXACT else 1e-6


def answers(rows: int) -> tuple[Tensor, Tensor]:
    """Draw a target and a distractor for each prompt."""
    first = torch.arange(rows) * 7 % 40 + 3
    return first, first + 11


@pytest.mark.parametrize("family", EXACT + SINGLE_PRECISION_INSIDE)
def test_first_order_shares_sum_to_the_logit_difference(family: str) -> None:
    model = opened(family, dtype=torch.float64)
    target, distractor = answers(3)
    seen = linearise(model, some_tokens(rows=3))
    found = seen.direct(logit_direction(model, target, distractor))
    rows = torch.arange(3)
    difference = seen.logits[rows, target] - seen.logits[rows, distractor]
    torch.testing.assert_close(found.sum, difference, rtol=0, atol=rounding(family))
    torch.testing.assert_close(found.total, difference, rtol=0, atol=1e-10)
    assert found.remainder.abs().max() < rounding(family)


@pytest.mark.parametrize("family", EXACT + SINGLE_PRECISION_INSIDE)
def test_heads_and_bias_are_attention_and_neurons_and_bias_are_the_mlp(family: str) -> None:
    model = opened(family, dtype=torch.float64)
    found = linearise(model, some_tokens()).direct(logit_direction(model, 3, 5))
    heads = found.head.sum(-1) + found.attention_bias
    torch.testing.assert_close(heads, found.attention, rtol=0, atol=rounding(family))
    if family != "gpt_oss":
        neurons = found.neuron.sum(-1) + found.mlp_bias
        torch.testing.assert_close(neurons, found.mlp, rtol=0, atol=rounding(family))


@pytest.mark.parametrize("family", ["gpt2", "opt", "gpt_neox parallel", "llama"])
def test_heads_results_are_what_attention_adds_without_its_bias(family: str) -> None:
    model = shared(family, torch.float64)
    seen = run(model, some_tokens(), get=["result.1", "attn_add.1"])
    bias = getattr(model.anatomy.output(1), "bias", None)
    added = seen["attn_add.1"] - (0 if bias is None else bias)
    torch.testing.assert_close(seen["result.1"].sum(2), added, rtol=0, atol=1e-10)


def constants(seen: Linearised, direction: Tensor, layer: int) -> Tensor:
    """Work out what a layer's heads add whatever they attend to: pattern sums times biases."""
    part, rows = seen.parts.layers[layer], head_weights(seen.parts.layers[layer])
    values = part.values
    assert not isinstance(values, Absence)
    assert not isinstance(part.before, Absence)
    bias = torch.zeros(values.key_heads, values.head_width, dtype=rows.dtype)
    if part.before.bias is not None:
        bias = bias + torch.einsum("w,gwk->gk", part.before.bias, values.rows)
    if values.bias is not None:
        bias = bias + values.bias
    bias = bias.repeat_interleave(part.heads // values.key_heads, 0)
    back = part.attention_after.back(seen.parts.final.back(direction))
    written = torch.einsum("hk,hkw,pw->ph", bias, rows, back)
    own = seen.final_scale
    if part.attention_after.module is not None:
        own = own * part.attention_after.scale(seen.seen[f"attn_out.{layer}@-1"])
    return seen.seen[f"pattern.{layer}@-1"].sum(-1) * written / own[:, None]


@pytest.mark.parametrize("family", EXACT[:7] + SINGLE_PRECISION_INSIDE)
def test_each_heads_share_is_all_that_it_reads_from_earlier_writers_and_its_biases(family: str) -> None:
    model = opened(family, dtype=torch.float64)
    reading = logit_direction(model, *answers(2))
    seen = linearise(model, some_tokens(), order=2, keep=SITES)
    found = seen.direct(reading).head
    whole = torch.eye(model.width, dtype=torch.float64)
    writers = {-1: seen.seen["resid_pre.0"]}
    for layer in range(model.n_layers):
        writers[layer] = seen.seen[f"attn_add.{layer}"] + seen.seen[f"mlp_add.{layer}"]
    read = torch.stack([constants(seen, reading.vectors, layer) for layer in range(model.n_layers)], 1)
    for layer, written in writers.items():
        onward = seen.second_order(written, whole, layer, reading)
        for path, (later, head) in enumerate(onward.paths):
            read[:, later, head] += onward.by_head[:, path].sum(-1)
    atol = 1e-10 if family in ("gpt2", "falcon") else 1e-6  # the others take the softmax in float32
    torch.testing.assert_close(read, found, rtol=0, atol=atol)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "opt", "llama", "gemma2"])
@pytest.mark.parametrize("layer", [0, 1, 2])
def test_neurons_second_order_and_the_bias_are_the_mlp_through_later_heads(family: str, layer: int) -> None:
    model = shared(family, torch.float64)
    reading = logit_direction(model, *answers(2))
    seen = linearise(model, some_tokens(), order=2, keep=SITES)
    active, vectors = seen.neuron_writers(layer)
    written, whole = seen.seen[f"mlp_add.{layer}"], torch.eye(model.width, dtype=torch.float64)
    neurons = seen.second_order(active, vectors, layer, reading)
    rest = seen.second_order(written - active @ vectors, whole, layer, reading)
    together = seen.second_order(written, whole, layer, reading)
    total = neurons.effect.sum(-1) + rest.effect.sum(-1)
    torch.testing.assert_close(total, together.effect.sum(-1), rtol=0, atol=1e-10)
    torch.testing.assert_close(neurons.by_head.sum(1), neurons.effect, rtol=0, atol=1e-12)
    assert bool(neurons.effect.any()) == (layer < model.n_layers - 1)


def test_silencing_a_neuron_of_the_last_but_one_layer_moves_held_parts_by_its_two_shares() -> None:
    model = shared("gpt2", torch.float64)
    layer, neuron, reading = model.n_layers - 2, 5, logit_direction(model, 3, 5)
    seen = linearise(model, some_tokens(), order=2, keep=SITES)
    active, vectors = seen.neuron_writers(layer)
    second = seen.second_order(active, vectors, layer, reading).effect[:, neuron]
    first = seen.direct(reading).neuron[:, layer, neuron]
    part, last = seen.parts.layers[layer + 1], model.n_layers - 1
    lost = active[..., neuron, None] * vectors[neuron]
    assert not isinstance(part.before, Absence)
    assert not isinstance(part.values, Absence)
    scale = seen.seen[f"attn_norm.{last}"]
    read = part.before.forth(lost) / scale[..., None]
    values = torch.einsum("bpw,gwk->bgpk", read, part.values.rows)
    z = (seen.seen[f"pattern.{last}@-1"][:, :, None] @ values)[:, :, 0]
    change = torch.einsum("bhk,hkw->bw", z, head_weights(part)) + lost[:, -1]
    moved = seen.parts.final.forth(change) / seen.final_scale[:, None]
    torch.testing.assert_close((moved * reading.vectors).sum(-1), first + second, rtol=0, atol=1e-12)


def test_any_vectors_may_write_and_neurons_as_such_have_their_own_shares() -> None:
    model = shared("llama", torch.float64)
    seen = linearise(model, some_tokens(), order=2, keep=SITES)
    reading = logit_direction(model, 3, 5)
    active, vectors = seen.neuron_writers(1)
    written = seen.written(active[:, -1], vectors, reading)
    torch.testing.assert_close(written, seen.direct(reading).neuron[:, 1], rtol=0, atol=1e-12)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox parallel", "llama", "gemma2", "gpt_oss"])
def test_padding_changes_no_share(family: str) -> None:
    model = shared(family, torch.float64)
    tokens = some_tokens(rows=1)[0]
    ragged = [tokens[:5], tokens]
    reading = logit_direction(model, 3, 5)
    together = linearise(model, ragged, order=2, keep=["mlp_act.0", "resid_pre.0"])
    whole = torch.eye(model.width, dtype=torch.float64)
    for row, prompt in enumerate(ragged):
        alone = linearise(model, prompt, order=2, keep=["mlp_act.0", "resid_pre.0"])
        one, other = alone.direct(reading), together.direct(reading)
        for name in ("total", "token", "attention", "mlp", "head"):
            wanted = getattr(one, name)[0]
            torch.testing.assert_close(getattr(other, name)[row], wanted, rtol=0, atol=2e-6)
        onward = [
            seen.second_order(seen.seen["resid_pre.0"].nan_to_num(), whole, -1, reading).effect
            for seen in (alone, together)
        ]
        torch.testing.assert_close(onward[1][row], onward[0][0], rtol=0, atol=2e-6)


def test_an_earlier_position_is_read_out_as_if_the_prompt_ended_there() -> None:
    model = shared("gpt2", torch.float64)
    tokens, reading = some_tokens(), logit_direction(model, 3, 5)
    inside = linearise(model, tokens, at=4).direct(reading)
    ended = linearise(model, tokens[:, :5]).direct(reading)
    torch.testing.assert_close(inside.head, ended.head, rtol=0, atol=1e-12)
    torch.testing.assert_close(inside.sum, ended.sum, rtol=0, atol=1e-12)


def test_embeddings_are_told_apart_where_the_place_alone_makes_the_rest() -> None:
    gpt2, llama = (shared(family, torch.float64) for family in ("gpt2", "llama"))
    seen = linearise(gpt2, some_tokens())
    found = seen.direct(logit_direction(gpt2, 3, 5))
    first, second = found.position * seen.final_scale
    assert float(first) == pytest.approx(float(second), abs=1e-12)
    assert float(first) != 0
    assert not linearise(llama, some_tokens()).direct(logit_direction(llama, 3, 5)).position.any()


def test_a_model_without_norms_or_mlps_is_linear_too() -> None:
    model = open_model("builtin:handmade-induction")
    tokens = torch.tensor([[1, 2, 3, 4, 1, 2]])
    seen = linearise(model, tokens)
    found = seen.direct(logit_direction(model, 3, 4))
    torch.testing.assert_close(found.sum.float(), seen.logits[:, 3] - seen.logits[:, 4], rtol=1e-5, atol=1e-5)
    assert found.neuron.numel() == 0


def test_what_cannot_be_split_keeps_its_whole_share() -> None:
    model = shared("mixtral", torch.float64)
    found = linearise(model, some_tokens()).direct(logit_direction(model, 3, 5))
    assert found.neuron.isnan().all()
    assert found.mlp.isfinite().all()
    assert found.remainder.abs().max() < 1e-6


@settings(max_examples=12, deadline=None)
@given(
    family=st.sampled_from(["gpt2", "opt", "llama", "parallel", "sequential"]),
    layers=st.integers(1, 4),
    heads=st.sampled_from([1, 2, 3, 6]),
    half_width=st.integers(1, 4),
    length=st.integers(1, 9),
    seed=st.integers(0, 10**6),
)
def test_shares_sum_and_neurons_recombine_at_any_shape(
    family: str, layers: int, heads: int, half_width: int, length: int, seed: int
) -> None:
    model = Model(drawn_network(family, layers, heads, 2 * half_width, seed))
    tokens = torch.randint(VOCAB, (2, length), generator=torch.Generator().manual_seed(seed))
    seen = linearise(model, tokens, order=2, keep=SITES)
    target, distractor = answers(2)
    reading = logit_direction(model, target, distractor)
    rows = torch.arange(2)
    difference = seen.logits[rows, target] - seen.logits[rows, distractor]
    scale = max(1.0, float(difference.abs().max()))
    atol = (1e-6 if family == "llama" else 1e-10) * scale
    torch.testing.assert_close(seen.direct(reading).sum, difference, rtol=0, atol=atol)
    active, vectors = seen.neuron_writers(0)
    whole = torch.eye(model.width, dtype=torch.float64)
    added = seen.seen["mlp_add.0"]
    parts = seen.second_order(active, vectors, 0, reading).effect.sum(-1)
    rest = seen.second_order(added - active @ vectors, whole, 0, reading).effect.sum(-1)
    together = seen.second_order(added, whole, 0, reading).effect.sum(-1)
    torch.testing.assert_close(parts + rest, together, rtol=1e-10, atol=1e-10)


TOWERS = [
    ("vit", None, 0, "final@0"),
    ("clip", "vision", 0, "module.vision_model.post_layernorm:out"),
    ("clip", "text", -1, "text/final@-1"),
]


@pytest.mark.parametrize(("family", "stack", "at", "last"), TOWERS)
def test_shares_in_an_encoder_sum_to_what_is_read_off_its_own_token(
    family: str, stack: str | None, at: int, last: str
) -> None:
    model = shared(family, torch.float64)
    seen = linearise(model, specimen(model.hf), at=at, keep=[last], stack=stack)
    draw = torch.Generator().manual_seed(0)
    reading = torch.randn(2, seen.parts.width, dtype=torch.float64, generator=draw)
    found, total = seen.direct(reading), (seen.seen[last] * reading).sum(-1)
    torch.testing.assert_close(found.total, total, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.sum, total, rtol=0, atol=1e-10)
    assert bool(found.position.any()) == (stack == "text")


def test_one_of_several_stacks_must_be_named() -> None:
    clip, gpt2 = shared("clip", torch.float64), shared("gpt2", torch.float64)
    with pytest.raises(BadInput, match="has 2 stacks of blocks, and the linearisation is of one: say stack="):
        linearise(clip, specimen(clip.hf))
    with pytest.raises(BadInput, match="has no stack 'sound', but these stacks: text, vision"):
        linearise(clip, specimen(clip.hf), stack="sound")
    with pytest.raises(BadInput, match="has no stack 'vision', but one stack of blocks: leave stack out"):
        linearise(gpt2, some_tokens(), stack="vision")
    with pytest.raises(BadInput, match="No token was read, so no logits belong to a position"):
        linearise(shared("vit", torch.float64), specimen(shared("vit", torch.float64).hf), at=0).logits  # noqa: B018


@pytest.mark.parametrize("family", ["opt after", "bert"])
def test_a_stream_that_is_normalised_after_each_addition_is_refused_in_words(family: str) -> None:
    model = opened(family, dtype=torch.float64)
    with pytest.raises(
        BadInput, match="is no sum of what attention and MLP add in block 0: it is normalised"
    ):
        linearise(model, some_tokens())


def test_what_cannot_be_read_out_is_refused_in_words() -> None:
    model = shared("gpt2", torch.float64)
    with pytest.raises(BadInput, match="order is 1, straight to the answer, or 2"):
        linearise(model, some_tokens(), order=3)
    with pytest.raises(BadInput, match="linearise it with order=2"):
        linearise(model, some_tokens()).weights_of(1)
    with pytest.raises(
        BadInput, match=r"A direction is \[width\] or \[prompt width\] with width 48, not \[7\]"
    ):
        linearise(model, some_tokens()).direct(torch.ones(7))
    with pytest.raises(BadInput, match="has 2 stacks"):
        linearise(opened("t5"), some_tokens())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("builtin:grokking", "reads token 59 and never writes it"),
        ("builtin:digits-vit", "has no direction for a token: it has no output head over a vocabulary"),
    ],
)
def test_models_whose_reading_and_writing_do_not_match_are_refused(name: str, words: str) -> None:
    model = open_model(name)
    with pytest.raises(BadInput, match=words):
        logit_direction(model, torch.arange(model.vocab_size or 1))
