"""Read with the peers, in their own environment, what stands under the names that ``names.py`` translated.

Called with the folder of a model, which holds ``names.json``; writes ``hooks.npz`` into it. A name that a
peer does not have ends this with its error.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from nnsight import NNsight
from transformer_lens.model_bridge import TransformerBridge
from transformers import AutoModelForCausalLM


def main(folder: Path) -> None:
    """Read every name on the inputs in the folder and write the tensors beside it."""
    asked = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    inputs = {name: torch.tensor(value) for name, value in asked["inputs"].items()}
    first, *rest = inputs.values()
    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu").eval()
    if any(name.endswith("hook_result") for name in asked["hook"]):
        bridge.set_use_attn_result(True)
    with torch.no_grad():
        _, cache = bridge.run_with_cache(first, **({"decoder_input": rest[0]} if rest else {}))
    read = {f"hook {name}": cache[name].numpy() for name in asked["hook"]}
    if asked["path"]:
        plain = NNsight(AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval())
        for path in asked["path"]:
            read[f"path {path}"] = at_path(plain, path, first).detach().numpy()
    np.savez(folder / "hooks.npz", **read)


def at_path(plain: NNsight, path: str, tokens: torch.Tensor) -> torch.Tensor:
    """Read one path of nnsight, written as one would write it in a trace."""
    with plain.trace(tokens):
        found = eval(f"plain.{path}", {"plain": plain}).save()
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
