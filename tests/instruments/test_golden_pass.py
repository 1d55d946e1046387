"""A forward pass that others wrote down tensor by tensor, seen again through our sites from the token ids."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from neuronscope.instruments import Run, run
from neuronscope.models import Model, open_model

GOLDEN = {
    "tok_emb": lambda seen: seen["embed"],
    "pos_emb": lambda seen: seen["module.transformer.wpe:out"],
    "x": lambda seen: seen["resid_pre.0"],
    "ln1": lambda seen: seen["attn_in.0"],
    "qkv": lambda seen: seen["module.transformer.h.0.attn.c_attn:out"],
    "q": lambda seen: seen["q.0"].transpose(1, 2),
    "k": lambda seen: seen["k.0"].transpose(1, 2),
    "v": lambda seen: seen["v.0"].transpose(1, 2),
    "att": lambda seen: seen["scores.0"],
    "attSm": lambda seen: seen["pattern.0"],
    "y": lambda seen: seen["z.0"].flatten(2),
    "yProj": lambda seen: seen["attn_add.0"],
    "attnResid": lambda seen: seen["resid_mid.0"],
    "ln2": lambda seen: seen["mlp_in.0"],
    "fc": lambda seen: seen["mlp_pre.0"],
    "gelu": lambda seen: seen["mlp_act.0"],
    "mlp": lambda seen: seen["mlp_add.0"],
    "mlpResid": lambda seen: seen["resid_post.0"],
    "block0": lambda seen: seen["resid_post.0"],
    "block1": lambda seen: seen["resid_post.1"],
    "block2": lambda seen: seen["resid_post.2"],
    "ln_f": lambda seen: seen["final"],
    "lm_head": lambda seen: seen["logits"],
    "probs": lambda seen: seen.logits.softmax(-1),
}
SITES = [
    *("embed", "resid_pre.0", "attn_in.0", "q.0", "k.0", "v.0", "scores.0", "pattern.0", "z.0", "attn_add.0"),
    *("resid_mid.0", "mlp_in.0", "mlp_pre.0", "mlp_act.0", "mlp_add.0", "resid_post.*", "final", "logits"),
    *("module.transformer.wpe:out", "module.transformer.h.0.attn.c_attn:out"),
]


def decoded(entry: dict[str, object]) -> Tensor:
    """Read a tensor written as base64 little-endian single precision."""
    data = bytearray(base64.b64decode(str(entry["data"])))
    shape = entry["shape"]
    assert isinstance(shape, list)
    return torch.frombuffer(data, dtype=torch.float32).reshape(shape)


@pytest.fixture
def written(test_data: Callable[[str], Path]) -> dict[str, Tensor]:
    file = test_data("nano_sort_gpt2/gpt-nano-sort-t0-partials.json")
    entries = json.loads(file.read_text(encoding="utf-8"))
    return {name: decoded(entry) for name, entry in entries.items() if name != "config"}


@pytest.fixture
def model(test_data: Callable[[str], Path]) -> Model:
    return open_model(str(test_data("nano_sort_gpt2/hf")))


@pytest.fixture
def seen(model: Model, written: dict[str, Tensor]) -> Run:
    return run(model, written["idx"].long(), get=SITES)


def test_every_tensor_that_was_written_down_is_compared(written: dict[str, Tensor]) -> None:
    assert set(written) == {"idx", *GOLDEN}


@pytest.mark.parametrize("name", GOLDEN)
def test_the_golden_pass_is_seen_through_our_sites(written: dict[str, Tensor], seen: Run, name: str) -> None:
    expected, found = written[name], GOLDEN[name](seen)
    assert found.shape == expected.shape
    if name == "att":  # masked scores are written there as −∞, here as the lowest number
        allowed = torch.ones(expected.shape[-2:]).tril().bool().expand(expected.shape)
        assert (seen["pattern.0"] > 0).equal(allowed)
        expected, found = expected[allowed], found[allowed]
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_the_model_sorts_as_it_was_trained_to(model: Model) -> None:
    prompt = [2, 0, 1, 1, 2, 0]
    for _ in range(6):
        prompt.append(int(run(model, prompt).logits[0, -1].argmax()))
    assert prompt[6:] == [0, 0, 1, 1, 2, 2]
