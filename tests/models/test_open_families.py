"""Families beyond causal language models, saved and opened by the class that their configuration names."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from torch import Tensor

from neuronscope.instruments import run
from neuronscope.models import open as opening
from neuronscope.models import open_model
from neuronscope.words import BadInput

SIZES: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "vocab_size": 40,
    "max_position_embeddings": 20,
}
IMAGE: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "image_size": 8,
    "patch_size": 4,
}
T5: dict[str, Any] = {"d_model": 16, "d_kv": 8, "d_ff": 24, "num_layers": 2, "num_heads": 2, "vocab_size": 40}
TEXT = torch.tensor([[5, 9, 13, 2], [7, 8, 30, 1]])
PIXELS = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def clip() -> Any:
    text = SIZES | {"eos_token_id": 39, "bos_token_id": 38}
    return transformers.CLIPConfig(text_config=text, vision_config=IMAGE, projection_dim=6)


FAMILIES: dict[str, tuple[Callable[[], Any], dict[str, Tensor]]] = {
    "BertForMaskedLM": (lambda: transformers.BertConfig(**SIZES), {"input_ids": TEXT}),
    "BertModel": (lambda: transformers.BertConfig(**SIZES), {"input_ids": TEXT}),
    "RobertaForMaskedLM": (lambda: transformers.RobertaConfig(**SIZES), {"input_ids": TEXT}),
    "DistilBertForMaskedLM": (
        lambda: transformers.DistilBertConfig(dim=16, n_layers=2, n_heads=2, hidden_dim=24, vocab_size=40),
        {"input_ids": TEXT},
    ),
    "T5ForConditionalGeneration": (
        lambda: transformers.T5Config(**T5),
        {"input_ids": TEXT, "decoder_input_ids": TEXT},
    ),
    "ViTForImageClassification": (lambda: transformers.ViTConfig(**IMAGE), {"pixel_values": PIXELS}),
    "CLIPModel": (clip, {"input_ids": TEXT, "pixel_values": PIXELS}),
    "BitNetForCausalLM": (
        lambda: transformers.BitNetConfig(**SIZES, num_key_value_heads=1),
        {"input_ids": TEXT},
    ),
    "GPT2LMHeadModel": (
        lambda: transformers.GPT2Config(n_embd=16, n_layer=2, n_head=2, vocab_size=40, n_positions=20),
        {"input_ids": TEXT},
    ),
}  # fmt: skip


def saved(folder: Path, family: str) -> Any:
    torch.manual_seed(0)
    network: Any = getattr(transformers, family)._from_config(
        FAMILIES[family][0](), attn_implementation="eager"
    )
    network.eval().save_pretrained(folder)
    return network


def tensors(output: Any) -> list[Tensor]:
    return [value for value in output.values() if isinstance(value, Tensor)]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_saved_family_opens_as_its_own_class_with_the_same_numbers(tmp_path: Path, family: str) -> None:
    network, inputs = saved(tmp_path, family), FAMILIES[family][1]
    model = open_model(str(tmp_path))
    assert type(model.hf) is type(network)
    with torch.no_grad():
        found, expected = tensors(model.hf(**inputs)), tensors(network(**inputs))
    assert found
    for ours, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-6)


def test_images_go_in_as_a_tensor(tmp_path: Path) -> None:
    network = saved(tmp_path, "ViTForImageClassification")
    with torch.no_grad():
        expected = network(pixel_values=PIXELS).logits
    torch.testing.assert_close(run(open_model(str(tmp_path)), PIXELS).logits, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16", "float64"])
def test_weights_open_in_other_formats(tmp_path: Path, dtype: str) -> None:
    saved(tmp_path, "GPT2LMHeadModel")
    model = open_model(str(tmp_path), dtype=dtype)
    assert model.dtype == opening.DTYPES[dtype]
    assert run(model, TEXT).logits.dtype == opening.DTYPES[dtype]


def test_a_folder_that_names_no_class_opens_as_a_causal_model(tmp_path: Path) -> None:
    saved(tmp_path, "GPT2LMHeadModel")
    config = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    (tmp_path / "config.json").write_text(json.dumps(config | {"architectures": ["Mine"]}), encoding="utf-8")
    assert type(open_model(str(tmp_path)).hf).__name__ == "GPT2LMHeadModel"


def test_what_is_not_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, "GPT2LMHeadModel")
    monkeypatch.setattr(opening, "find_spec", lambda name: None)
    with pytest.raises(
        BadInput, match="device_map needs the package accelerate: pip install accelerate, or leave"
    ):
        open_model(str(tmp_path), device_map="auto")
    monkeypatch.setattr(opening, "find_spec", lambda name: None if name == "bitsandbytes" else name)
    with pytest.raises(BadInput, match="quantised='bitsandbytes-4bit' needs the package bitsandbytes"):
        open_model(str(tmp_path), quantised="bitsandbytes-4bit")
    with pytest.raises(
        BadInput, match="There is no quantised '3bit': choose bitsandbytes-8bit, bitsandbytes-4bit"
    ):
        open_model(str(tmp_path), quantised="3bit")
    with pytest.raises(BadInput, match="device and device_map both say where the weights go"):
        open_model(str(tmp_path), device="mps", device_map="auto")


def test_what_is_asked_of_from_pretrained_reaches_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path, "GPT2LMHeadModel")
    asked: dict[str, Any] = {}
    plain = transformers.GPT2LMHeadModel.from_pretrained

    def noted(*folder: Any, **options: Any) -> Any:
        asked.update(options)
        options.pop("device_map")
        return plain(*folder, **options)

    monkeypatch.setattr(opening, "find_spec", lambda name: name)
    monkeypatch.setattr(transformers.GPT2LMHeadModel, "from_pretrained", noted)
    model = open_model(str(tmp_path), device_map={"": "cpu"}, dtype="bfloat16")
    assert asked["device_map"] == {"": "cpu"}
    assert asked["dtype"] == model.dtype == torch.bfloat16


def test_a_trained_bitnet_opens_and_reads(test_data: Callable[[str], Path]) -> None:
    model = open_model(str(test_data("bitstories1m/hf")))
    tokens = model.tokenize("Once upon a time, there was a little")
    done = run(model, tokens, get=["resid_post.3", "z.2"])
    with torch.no_grad():
        assert torch.equal(done.logits, model.hf(tokens[None]).logits)
    assert done["z.2"].shape == (1, len(tokens), 8, 16)
