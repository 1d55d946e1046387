"""Read every site here and under its translated name in TransformerLens and in nnsight, on equal weights."""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from neuronscope.instruments import run
from neuronscope.models import SITES, Model, Site, open_model, to_nnsight, to_transformerlens
from neuronscope.words import BadInput

HERE = Path(__file__).resolve().parent
MASKED = -100.0


def make_llama(folder: Path, like: Path, vocab: int) -> None:
    """Write a random Llama with shared key heads beside the tokenizer of another model."""
    torch.manual_seed(20261122)
    config = LlamaConfig(
        vocab_size=vocab,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=48,
        max_position_embeddings=32,
    )
    network = LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for weight in network.parameters():
            weight.add_(torch.randn_like(weight), alpha=0.2)
    network.save_pretrained(folder)
    AutoTokenizer.from_pretrained(like).save_pretrained(folder)


def sites_of(model: Model) -> list[Site]:
    """Name every site of a model in its second block."""
    return [Site(name, 1 if SITES[name].layered else None) for name in model.sites()]


def by_name(folder: Path, tokens: list[int], peers: Path) -> dict[str, tuple[int, np.ndarray, np.ndarray]]:
    """Return for each peer how many names were read, and all tensors under them: ours, then the peer's."""
    model = open_model(str(folder))
    sites = sites_of(model)
    hooks = {site: to_transformerlens(site, model=model) for site in sites}
    paths = {site: path for site in sites if (path := path_of(model, site))}
    asked = {"tokens": tokens, "hooks": list(hooks.values()), "paths": list(paths.values())}
    (folder / "names.json").write_text(json.dumps(asked), encoding="utf-8")
    quiet = {**os.environ, "TQDM_DISABLE": "1"}
    subprocess.run([str(peers), str(HERE / "hooks.py"), str(folder)], env=quiet, check=True)
    theirs = dict(np.load(folder / "hooks.npz"))
    seen = run(model, tokens, get=sites)
    return {
        peer: (
            len(names),
            in_a_row([seen[site].numpy() for site in names]),
            in_a_row([theirs[f"{kind} {name}"] for name in names.values()]),
        )
        for peer, kind, names in (("transformer-lens", "hook", hooks), ("nnsight", "path", paths))
    }


def path_of(model: Model, site: Site) -> str | None:
    """Return the path of a site in nnsight, or None where no module takes or returns it."""
    try:
        return to_nnsight(model, site)
    except BadInput:
        return None


def in_a_row(tensors: list[np.ndarray]) -> np.ndarray:
    """Lay tensors end to end; masked scores, the lowest number or minus infinity, count as one number."""
    return np.maximum(np.concatenate([tensor.ravel() for tensor in tensors]), MASKED)
