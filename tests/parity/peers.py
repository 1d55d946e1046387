"""Compute with the peer libraries, in their own environment, what ``compare.py`` compares.

Called with the folder of a model and its two prompts; writes ``peers.npz`` into it.
"""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from captum.attr import LayerActivation
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.patching import get_act_patch_resid_pre
from transformers import AutoModelForCausalLM


def main(folder: Path) -> None:
    """Run the peers on the question in the folder and write their numbers beside it."""
    asked = json.loads((folder / "question.json").read_text(encoding="utf-8"))
    clean, corrupt = torch.tensor([asked["clean"]]), torch.tensor([asked["corrupt"]])
    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu").eval()
    with torch.no_grad():
        _, cache = bridge.run_with_cache(clean)
        _, corrupt_cache = bridge.run_with_cache(corrupt)
        layers = range(bridge.cfg.n_layers)
        streams = torch.stack(
            [cache[f"blocks.{layer}.hook_resid_pre"][0] for layer in layers]
            + [cache[f"blocks.{layers[-1]}.hook_resid_post"][0]]
        )
        said = bridge.unembed(bridge.ln_final(streams)).softmax(-1)
        pattern = torch.stack([cache[f"blocks.{layer}.attn.hook_pattern"][0] for layer in layers])
        neurons = torch.stack([cache[f"blocks.{layer}.mlp.hook_post"][0].T for layer in layers])
        effects = [
            patched(bridge, corrupt, cache, asked),
            patched(bridge, clean, corrupt_cache, asked),
        ]
        plain = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
        reader = [
            LayerActivation(plain, block.mlp.act).attribute(clean)[0].T for block in plain.transformer.h
        ]
    np.savez(
        folder / "peers.npz",
        probability=said.numpy(),
        pattern=pattern.numpy(),
        activation=neurons.numpy(),
        captum_activation=torch.stack(reader).numpy(),
        metric=torch.stack(effects).numpy(),
    )
    peers = {
        name: version(name) for name in ("transformer-lens", "nnsight", "captum", "transformers", "torch")
    }
    (folder / "peers.json").write_text(json.dumps(peers), encoding="utf-8")


def patched(
    bridge: TransformerBridge, base: torch.Tensor, cache: object, asked: dict[str, int]
) -> torch.Tensor:
    """Put the cached stream into the base run, place by place; logit difference over layer and position."""
    return get_act_patch_resid_pre(
        bridge,
        base,
        cache,
        lambda logits: logits[0, -1, asked["target"]] - logits[0, -1, asked["distractor"]],
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
