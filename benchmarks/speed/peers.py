"""The same work done by TransformerLens and nnsight, where they are installed."""

from collections.abc import Collection
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from benchmarks.speed.rows import Work
from benchmarks.speed.subjects import Subject

PEERS = {"TransformerLens": "transformer_lens", "nnsight": "nnsight"}


def missing() -> list[str]:
    """Return a sentence for every peer that is not installed."""
    return [
        f"{name} is not installed, so nothing of it stands beside: install {module} to compare."
        for name, module in PEERS.items()
        if find_spec(module) is None
    ]


def beside(subject: Subject, rows: Collection[str], folder: Path) -> Work:
    """Return the peers' work for those rows that they can do, named ``peer row``."""
    work: Work = {}
    if find_spec(PEERS["TransformerLens"]):
        work |= {f"TransformerLens {key}": done for key, done in _lens(subject, rows, folder).items()}
    if find_spec(PEERS["nnsight"]):
        work |= {f"nnsight {key}": done for key, done in _nnsight(subject, rows).items()}
    return work


def _lens(subject: Subject, rows: Collection[str], folder: Path) -> Work:
    wanted = {"read.one", "read.residuals", "sweep.residual", "sweep.heads"} & set(rows)
    if not wanted:
        return {}
    subject.plain.save_pretrained(folder / "peer")
    _tokenizer().save_pretrained(folder / "peer")  # it opens no model without one
    bridges: Any = import_module("transformer_lens.model_bridge")
    patching: Any = import_module("transformer_lens.patching")
    bridge = bridges.TransformerBridge.boot_transformers(
        str(folder / "peer"), device="cpu", load_weights=True
    ).eval()
    tokens, middle = subject.tokens, subject.size.layers // 2
    with torch.no_grad():
        _, cache = bridge.run_with_cache(subject.other_tokens)

    def read(chosen: Any) -> object:
        with torch.no_grad():
            return bridge.run_with_cache(tokens, names_filter=chosen)

    def swept(patch: Any) -> object:
        with torch.no_grad():
            return patch(bridge, tokens, cache, lambda logits: logits[0, -1, 7] - logits[0, -1, 8])

    work: Work = {
        "read.one": lambda: read(f"blocks.{middle}.hook_resid_post"),
        "read.residuals": lambda: read(lambda name: name.endswith("hook_resid_post")),
        "sweep.residual": lambda: swept(patching.get_act_patch_resid_pre),
        "sweep.heads": lambda: swept(patching.get_act_patch_attn_head_out_all_pos),
    }
    return {key: work[key] for key in work if key in wanted}


def _tokenizer() -> PreTrainedTokenizerFast:
    """Return a tokenizer of two words, which nobody uses."""
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(WordLevel({"a": 0, "b": 1}, unk_token="a")), unk_token="a", bos_token="b"
    )


def _nnsight(subject: Subject, rows: Collection[str]) -> Work:
    wanted = {"read.one", "read.residuals"} & set(rows)
    if not wanted:
        return {}
    wrapped: Any = import_module("nnsight").NNsight(subject.plain)
    blocks = wrapped.transformer.h if subject.shape == "gpt2" else wrapped.model.layers
    tokens, layers = subject.tokens, subject.size.layers

    def read(chosen: Collection[int]) -> object:
        kept: list[Any] = []
        with torch.no_grad(), wrapped.trace(tokens, use_cache=False):
            for layer in chosen:
                kept.append(blocks[layer].output.save())
        return kept

    work: Work = {
        "read.one": lambda: read([layers // 2]),
        "read.residuals": lambda: read(range(layers)),
    }
    return {key: work[key] for key in work if key in wanted}
