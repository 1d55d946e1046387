"""The metric as a function of a layer's neurons, held to runs of the whole network."""

import pytest
import torch

from neuronscope.instruments import put, run
from neuronscope.instruments.attributing.patched import PatchedNeurons
from neuronscope.models.shortcuts import _KNOWN, Shortcuts, shortcuts
from neuronscope.words import BadInput
from tests.models.tiny import FAMILIES, LAYERS, N_TOKENS, WIDER, opened, shared, some_tokens


@pytest.mark.parametrize("positions", ["last", "all"])
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_given_is_what_a_run_with_a_patch_gives(family: str, positions: str) -> None:
    model, tokens = shared(family), some_tokens(rows=2)
    neurons = PatchedNeurons(model, tokens, layers=range(LAYERS), positions=positions)
    for layer in range(LAYERS):
        held = torch.randn_like(neurons.actual(layer))[[1, 0, 1]]
        rows = [1, 0, 1]
        at, value = ("@-1", held[:, -1]) if positions == "last" else ("@1:", held[:, 1:])
        whole = run(model, tokens[rows], do=put(f"mlp_act.{layer}{at}", value)).logits[:, -1]
        torch.testing.assert_close(neurons.after(layer, held, rows), whole, rtol=0, atol=2e-5)


@pytest.mark.parametrize("family", [*FAMILIES, *WIDER])
def test_giving_what_was_there_changes_nothing(family: str) -> None:
    model, tokens = shared(family), some_tokens(rows=2)
    layers = model.layers("mlp_act")
    neurons = PatchedNeurons(model, tokens, layers=layers)
    torch.testing.assert_close(neurons.logits, run(model, tokens).logits[:, -1])
    for layer in layers:
        after = neurons.after(layer, neurons.actual(layer), [0, 1])
        torch.testing.assert_close(
            after, neurons.logits, rtol=0, atol=2e-5 * float(neurons.logits.abs().max())
        )


def test_shortcuts_change_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    model, tokens = opened("llama"), some_tokens(rows=2)
    assert shortcuts(model.anatomy).drops
    short = PatchedNeurons(model, tokens, layers=[1])
    assert short.actual(1).shape[1] == 1
    monkeypatch.setitem(_KNOWN, model.anatomy, Shortcuts(grows=False, drops=False, trims=False))
    long = PatchedNeurons(model, tokens, layers=[1])
    assert long.actual(1).shape[1] == N_TOKENS
    zeros = torch.zeros_like(long.actual(1))
    torch.testing.assert_close(
        short.after(1, zeros[:, -1:], [0, 1]), long.after(1, zeros, [0, 1]), rtol=0, atol=1e-5
    )


def test_padding_is_never_given_and_changes_no_number() -> None:
    model, tokens = shared("gpt2"), some_tokens(rows=1)[0]
    for positions in ("last", "all"):
        alone = PatchedNeurons(model, tokens[:4], layers=[1], positions=positions)
        padded = PatchedNeurons(model, [tokens, tokens[:4]], layers=[1], positions=positions)
        assert padded.given.sum(1).tolist() == ([1, 1] if positions == "last" else [N_TOKENS - 1, 3])
        after = padded.after(1, torch.ones_like(padded.actual(1)), [0, 1])[1]
        torch.testing.assert_close(
            after, alone.after(1, torch.ones_like(alone.actual(1)), [0])[0], rtol=0, atol=2e-5
        )


def test_gradients_are_those_of_the_whole_network() -> None:
    model, tokens = shared("gpt_neox parallel"), some_tokens(rows=2)
    neurons = PatchedNeurons(model, tokens, layers=[1])
    held = neurons.actual(1).clone().requires_grad_()
    with torch.enable_grad():
        score = neurons.after(1, held, [0, 1])[:, 7].sum()
    (slope,) = torch.autograd.grad(score, held)
    whole = run(model, tokens, get="mlp_act.1@-1", grad=lambda logits: logits[:, -1, 7].sum())
    torch.testing.assert_close(slope[:, -1], whole.grad["mlp_act.1@-1"], rtol=1e-3, atol=1e-5)


def test_a_layer_that_is_not_there_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="layers run from 0 to 2"):
        PatchedNeurons(shared("gpt2"), some_tokens(rows=1), layers=[3])
