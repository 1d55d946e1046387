"""Answer with the peers, in their own environment, what ``analyses.py`` asks of our analyses.

Called with the folder of a model, which holds ``analyses.json``; writes ``answers.npz`` into it.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from captum.attr import IntegratedGradients
from transformer_lens.model_bridge import TransformerBridge
from transformer_lens.patching import get_act_patch_attn_head_out_all_pos
from transformers import AutoModelForCausalLM

Asked = dict[str, Any]


def main(folder: Path) -> None:
    """Ask every peer and write their numbers beside the question."""
    asked = json.loads((folder / "analyses.json").read_text(encoding="utf-8"))
    plain = AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval()
    np.savez(
        folder / "answers.npz",
        **in_transformerlens(folder, asked),
        token_score=by_token(plain, asked),
        neuron_score=by_neuron(plain, asked),
    )


def in_transformerlens(folder: Path, asked: Asked) -> dict[str, np.ndarray]:
    """Return log-probabilities by depth, patched heads both ways, and direct shares."""
    clean, corrupt = torch.tensor([asked["clean"]]), torch.tensor([asked["corrupt"]])
    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu").eval()
    layers = range(bridge.cfg.n_layers)
    with torch.no_grad():
        _, cache = bridge.run_with_cache(clean)
        _, other = bridge.run_with_cache(corrupt)
        streams = torch.stack(
            [cache[f"blocks.{layer}.hook_resid_pre"][0] for layer in layers]
            + [cache[f"blocks.{layers[-1]}.hook_resid_post"][0]]
        )
        said = bridge.unembed(bridge.ln_final(streams)).log_softmax(-1)
        patched = [
            get_act_patch_attn_head_out_all_pos(bridge, base, source, partial(difference, asked=asked))
            for base, source in ((corrupt, cache), (clean, other))
        ]
    return {
        "log_probability": said.numpy(),
        "patched": torch.stack(patched).numpy(),
        **direct(folder, asked),
    }


def direct(folder: Path, asked: Asked) -> dict[str, np.ndarray]:
    """Return what heads, attention and MLPs write towards the answer, the last norm folded in."""
    bridge = TransformerBridge.boot_transformers(str(folder), device="cpu").eval()
    bridge.enable_compatibility_mode(
        disable_warnings=True, center_writing_weights=False, center_unembed=False, fold_value_biases=False
    )
    bridge.set_use_attn_result(True)
    n_layers, n_heads = bridge.cfg.n_layers, bridge.cfg.n_heads
    with torch.no_grad():
        _, cache = bridge.run_with_cache(torch.tensor([asked["clean"]]))
        found = {
            "head_share": cache.stack_head_results(pos_slice=-1).reshape(n_layers, n_heads, 1, -1),
            "attention_share": torch.stack(
                [cache[f"blocks.{layer}.hook_attn_out"][:, -1] for layer in range(n_layers)]
            ),
            "mlp_share": torch.stack(
                [cache[f"blocks.{layer}.hook_mlp_out"][:, -1] for layer in range(n_layers)]
            ),
        }
        return {
            name: cache.logit_attrs(
                parts.reshape(-1, 1, parts.shape[-1]),
                tokens=asked["target"],
                incorrect_tokens=asked["distractor"],
                pos_slice=-1,
            )
            .reshape(parts.shape[:-2])
            .numpy()
            for name, parts in found.items()
        }


def by_token(plain: Any, asked: Asked) -> np.ndarray:
    """Return integrated gradients of the embeddings of the clean prompt against zeros, summed by token."""
    looked_up = plain.get_input_embeddings()(torch.tensor([asked["clean"]])).detach()

    def score(embedded: torch.Tensor) -> torch.Tensor:
        return difference(plain(inputs_embeds=embedded).logits, asked=asked)

    return _integrated(score, looked_up, asked).sum(-1)[0].numpy()


def by_neuron(plain: Any, asked: Asked) -> np.ndarray:
    """Return integrated gradients of the neurons at the last token of one layer, all after it recomputed."""
    network = getattr(plain, "transformer", getattr(plain, "model", None))
    block = (network.h if hasattr(network, "h") else network.layers)[asked["layer"]]
    writer = block.mlp.c_proj if hasattr(block.mlp, "c_proj") else block.mlp.down_proj
    tokens = torch.tensor([asked["clean"]])
    seen: list[torch.Tensor] = []
    hook = writer.register_forward_pre_hook(lambda _, given: seen.append(given[0][:, -1].detach()))
    with torch.no_grad():
        plain(tokens)
    hook.remove()

    def score(neurons: torch.Tensor) -> torch.Tensor:
        def replaced(_: Any, given: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
            return (torch.cat([given[0][:, :-1], neurons[:, None]], dim=1),)

        held = writer.register_forward_pre_hook(replaced)
        try:
            return difference(plain(tokens.expand(len(neurons), -1)).logits, asked=asked)
        finally:
            held.remove()

    return _integrated(score, seen[0], asked)[0].numpy()


def difference(logits: torch.Tensor, *, asked: Asked) -> torch.Tensor:
    """Return target minus distractor after the last token, one number a row; one number for one row."""
    found = logits[:, -1, asked["target"]] - logits[:, -1, asked["distractor"]]
    return found[0] if len(found) == 1 and not logits.requires_grad else found


def _integrated(
    score: Callable[[torch.Tensor], torch.Tensor], actual: torch.Tensor, asked: Asked
) -> torch.Tensor:
    method = IntegratedGradients(score)
    return method.attribute(
        actual, torch.zeros_like(actual), n_steps=asked["steps"], method="riemann_middle"
    ).detach()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
