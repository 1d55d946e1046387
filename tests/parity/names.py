"""Read every site here and under its translated name in TransformerLens and in nnsight, on equal weights."""

import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForImageClassification,
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    FalconConfig,
    GPTNeoConfig,
    GraniteConfig,
    LlamaConfig,
    T5Config,
    ViTConfig,
)

from neuronscope.instruments import run
from neuronscope.models import Model, Site, open_model, to_nnsight, to_transformerlens
from neuronscope.words import BadInput

HERE = Path(__file__).resolve().parent
MASKED = -100.0
SIZES: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
WIDER: dict[str, Any] = {**SIZES, "intermediate_size": 48, "max_position_embeddings": 32}
SEEN = np.random.default_rng(20261123).normal(size=(1, 3, 16, 16)).tolist()


def families(vocab: int) -> dict[str, tuple[Any, Any]]:
    """Return by title the opener and the configuration of a small model of each family that is compared."""
    text: dict[str, Any] = {"vocab_size": vocab, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    heads: dict[str, Any] = {"num_layers": 2, "num_heads": 4}
    begins: dict[str, Any] = {"decoder_start_token_id": 0}
    return {
        "Llama": (AutoModelForCausalLM, LlamaConfig(**text, **WIDER, num_key_value_heads=2)),
        "Falcon": (AutoModelForCausalLM, FalconConfig(**text, **SIZES, bias=True, parallel_attn=True)),
        "Granite": (
            AutoModelForCausalLM,
            GraniteConfig(
                **text, **WIDER, residual_multiplier=0.3, logits_scaling=1.7, embedding_multiplier=2.2
            ),
        ),
        "GPT-Neo": (
            AutoModelForCausalLM,
            GPTNeoConfig(
                **text, **heads, hidden_size=32, window_size=4, attention_types=[[["global", "local"], 1]]
            ),
        ),
        "T5": (
            AutoModelForSeq2SeqLM,
            T5Config(**text, **heads, d_model=32, d_kv=8, d_ff=48, **begins),
        ),
        "ViT": (AutoModelForImageClassification, ViTConfig(**SIZES, image_size=16, patch_size=4)),
    }


def inputs_of(title: str, tokens: list[int]) -> dict[str, Any]:
    """Return what a model of that title is given, by the names of its own arguments."""
    if title == "ViT":
        return {"pixel_values": SEEN}
    return {"input_ids": [tokens], **({"decoder_input_ids": [[0, *tokens[:3]]]} if title == "T5" else {})}


def make(folder: Path, like: Path, opener: Any, config: Any) -> None:
    """Write a random model of a configuration beside the tokenizer of another model."""
    torch.manual_seed(20261122)
    network = opener.from_config(config).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight), alpha=0.2)
    network.save_pretrained(folder)
    AutoTokenizer.from_pretrained(like).save_pretrained(folder)


def sites_of(model: Model) -> list[Site]:
    """Name every site of a model in its second block."""
    sites = []
    for row in model.sites():
        stack, _, name = row.rpartition("/")
        whole = Site(name, stack=stack or None)
        sites.append(whole.at(1) if whole.kind.layered else whole)
    return sites


def by_name(
    folder: Path, inputs: Mapping[str, Any], peers: Path, *, paths: bool
) -> dict[str, tuple[int, np.ndarray, np.ndarray]]:
    """Return for each peer how many names were read, and all tensors under them: ours, then the peer's."""
    model = open_model(str(folder))
    names: dict[str, dict[Site, str]] = {"hook": {}, "path": {}}
    for site in sites_of(model):
        with suppress(BadInput):
            names["hook"][site] = to_transformerlens(site, model=model)
        with suppress(BadInput):
            names["path"].update({site: to_nnsight(model, site)} if paths else {})
    asked = {"inputs": inputs, **{kind: list(read.values()) for kind, read in names.items()}}
    (folder / "names.json").write_text(json.dumps(asked), encoding="utf-8")
    quiet = {**os.environ, "TQDM_DISABLE": "1"}
    subprocess.run([str(peers), str(HERE / "hooks.py"), str(folder)], env=quiet, check=True)
    theirs = dict(np.load(folder / "hooks.npz"))
    seen = run(model, {name: torch.tensor(value) for name, value in inputs.items()}, get=sites_of(model))
    return {
        peer: (
            len(names[kind]),
            in_a_row([seen[site].numpy() for site in names[kind]]),
            in_a_row([theirs[f"{kind} {name}"] for name in names[kind].values()]),
        )
        for peer, kind in (("transformer-lens", "hook"), ("nnsight", "path"))
        if names[kind]
    }


def in_a_row(tensors: list[np.ndarray]) -> np.ndarray:
    """Lay tensors end to end; masked scores, the lowest number or minus infinity, count as one number."""
    return np.maximum(np.concatenate([tensor.ravel() for tensor in tensors]), MASKED)
