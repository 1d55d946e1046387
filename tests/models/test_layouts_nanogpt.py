"""A checkpoint as nanoGPT writes it, against a forward pass written out from nanoGPT's own `model.py`."""

import math
import pickle  # noqa: TID251 - nanoGPT keeps its alphabet in a pickle, which these tests write
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from neuronscope.models import open_model
from neuronscope.words import BadInput

N_LAYER, N_HEAD, N_EMBD, BLOCK, VOCAB = 2, 3, 24, 16, 64
ALPHABET = "abcdefgh ."


def weights(*, bias: bool) -> dict[str, Tensor]:
    """Draw a state dict in nanoGPT's names, its linear maps stored as [out, in]."""
    seeded = torch.Generator().manual_seed(3)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=seeded) * 0.3

    state = {"transformer.wte.weight": draw(VOCAB, N_EMBD), "transformer.wpe.weight": draw(BLOCK, N_EMBD)}
    shapes = {
        "ln_1": (N_EMBD,),
        "attn.c_attn": (3 * N_EMBD, N_EMBD),
        "attn.c_proj": (N_EMBD, N_EMBD),
        "ln_2": (N_EMBD,),
        "mlp.c_fc": (4 * N_EMBD, N_EMBD),
        "mlp.c_proj": (N_EMBD, 4 * N_EMBD),
    }
    names = {
        f"transformer.h.{layer}.{part}": shape for layer in range(N_LAYER) for part, shape in shapes.items()
    }
    for name, shape in {**names, "transformer.ln_f": (N_EMBD,)}.items():
        state[f"{name}.weight"] = draw(*shape)
        if bias:
            state[f"{name}.bias"] = draw(shape[0])
    state["lm_head.weight"] = state["transformer.wte.weight"]
    return state


def nanogpt_logits(state: dict[str, Tensor], tokens: Tensor) -> Tensor:
    """Compute the logits [batch position vocab] as nanoGPT's `GPT.forward` does."""

    def linear(x: Tensor, name: str) -> Tensor:
        return F.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))

    def norm(x: Tensor, name: str) -> Tensor:
        return F.layer_norm(x, (N_EMBD,), state[f"{name}.weight"], state.get(f"{name}.bias"), 1e-5)

    batch, length = tokens.shape
    x = state["transformer.wte.weight"][tokens] + state["transformer.wpe.weight"][:length]
    for layer in range(N_LAYER):
        block = f"transformer.h.{layer}"
        q, k, v = linear(norm(x, f"{block}.ln_1"), f"{block}.attn.c_attn").split(N_EMBD, dim=2)
        q, k, v = (part.view(batch, length, N_HEAD, -1).transpose(1, 2) for part in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(k.size(-1))
        scores = scores.masked_fill(torch.ones(length, length).tril() == 0, float("-inf"))
        y = (F.softmax(scores, dim=-1) @ v).transpose(1, 2).reshape(batch, length, N_EMBD)
        x = x + linear(y, f"{block}.attn.c_proj")
        neurons = F.gelu(linear(norm(x, f"{block}.ln_2"), f"{block}.mlp.c_fc"))
        x = x + linear(neurons, f"{block}.mlp.c_proj")
    return F.linear(norm(x, "transformer.ln_f"), state["lm_head.weight"])


def checkpoint(state: dict[str, Tensor], **changes: Any) -> dict[str, Any]:
    arguments = {
        "n_layer": N_LAYER,
        "n_head": N_HEAD,
        "n_embd": N_EMBD,
        "block_size": BLOCK,
        "bias": False,
        "vocab_size": VOCAB,
        "dropout": 0.2,
    }
    saved = {
        "model": state,
        "optimizer": {},
        "model_args": arguments,
        "iter_num": 250,
        "best_val_loss": torch.tensor(1.5),
        "config": {"dataset": "letters"},
    }
    return saved | changes


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., str]:
    def written(state: dict[str, Tensor], **changes: Any) -> str:
        torch.save(checkpoint(state, **changes), tmp_path / "ckpt.pt")
        return str(tmp_path / "ckpt.pt")

    return written


TOKENS = torch.tensor([[5, 9, 63, 0, 17, 17, 40]])


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("prefix", ["", "_orig_mod."])
def test_a_checkpoint_computes_what_nanogpt_computes(
    write: Callable[..., str], bias: bool, prefix: str
) -> None:
    state = weights(bias=bias)
    file = write({prefix + name: weight for name, weight in state.items()})
    expected = nanogpt_logits(state, TOKENS)
    for name in (file, f"nanogpt:{file}"):
        model = open_model(name, dtype="float32")
        with torch.no_grad():
            found = model.hf(TOKENS, use_cache=False).logits
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_masks_that_older_checkpoints_carry_are_left_out(write: Callable[..., str]) -> None:
    state = weights(bias=True)
    masks = {
        f"transformer.h.{layer}.attn.bias": torch.ones(1, 1, BLOCK, BLOCK).tril() for layer in range(N_LAYER)
    }
    model = open_model(write(state | masks))
    with torch.no_grad():
        found = model.hf(TOKENS, use_cache=False).logits
    torch.testing.assert_close(found, nanogpt_logits(state, TOKENS), rtol=0, atol=1e-5)


def test_a_checkpoint_tells_its_sizes_and_its_training(write: Callable[..., str]) -> None:
    model = open_model(write(weights(bias=False)))
    assert (model.n_layers, model.n_heads, model.width) == (N_LAYER, N_HEAD, N_EMBD)
    assert (model.n_positions, model.vocab_size) == (BLOCK, VOCAB)  # rows that pad the vocabulary stay
    assert model.card == {"source": "nanoGPT checkpoint", "iterations": 250, "validation_loss": 1.5}
    assert model.tokenizer is None
    assert model.certificate.of("refused") == ["mlp_up", "router", "expert_weight"]


def test_the_alphabet_beside_a_checkpoint_becomes_its_tokenizer(
    write: Callable[..., str], tmp_path: Path
) -> None:
    stoi = {character: number for number, character in enumerate(ALPHABET)}
    meta = {"vocab_size": len(stoi), "stoi": stoi, "itos": {n: c for c, n in stoi.items()}}
    (tmp_path / "meta.pkl").write_bytes(pickle.dumps(meta))
    model = open_model(write(weights(bias=False)))
    tokens = model.tokenize("bad cab.")
    assert tokens.tolist() == [1, 0, 3, 8, 2, 0, 1, 9]
    assert "".join(model.token_texts(tokens)) == "bad cab."
    assert model.tokenizer.encode("bad") == [1, 0, 3]
    assert len(model.words_fingerprint) == 16
    assert model.token_text(VOCAB - 1) == "\N{REPLACEMENT CHARACTER}"
    with pytest.raises(BadInput, match="This model's alphabet has no 'z': use its 10 characters only"):
        model.tokenize("zebra")


class _Planted:
    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (exec, ("raise SystemExit('code in the alphabet was run')",))


@pytest.mark.parametrize(
    "planted", [_Planted(), {"stoi": {"ab": 1}}, {"itos": {}}, 7], ids=lambda p: type(p).__name__
)
def test_an_alphabet_that_is_more_than_plain_data_is_refused(
    write: Callable[..., str], tmp_path: Path, planted: object
) -> None:
    (tmp_path / "meta.pkl").write_bytes(pickle.dumps(planted))
    with pytest.raises(BadInput, match="move it away to go on by ids"):
        open_model(write(weights(bias=False)))


def test_a_checkpoint_with_code_in_it_is_refused(write: Callable[..., str]) -> None:
    file = write(weights(bias=False), config=_Planted())
    with pytest.raises(BadInput, match="is no checkpoint that can be read safely: it must hold tensors only"):
        open_model(file)


def test_a_missing_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"There is no file .*: give the path of a nanoGPT ckpt\.pt"):
        open_model(str(tmp_path / "ckpt.pt"))


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "other.pt")
    with pytest.raises(BadInput, match="is no nanoGPT checkpoint: it needs 'model' and 'model_args'"):
        open_model(str(tmp_path / "other.pt"))
    (tmp_path / "text.pt").write_text("not a checkpoint", encoding="utf-8")
    with pytest.raises(BadInput, match="is no checkpoint that can be read safely"):
        open_model(str(tmp_path / "text.pt"))


def test_weights_that_do_not_fit_their_sizes_are_refused(write: Callable[..., str]) -> None:
    state = weights(bias=False)
    del state["transformer.h.1.mlp.c_fc.weight"]
    with pytest.raises(BadInput, match="does not fit its own 'model_args'"):
        open_model(write(state))
