"""State dicts in TransformerLens's names, against its formulas written out here in numpy, in float64."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from neuronscope.instruments import run
from neuronscope.models import open_model
from neuronscope.words import BadInput

Array = np.ndarray[Any, Any]
CFG: dict[str, Any] = {
    "n_layers": 2, "d_model": 12, "n_heads": 3, "d_head": 4, "d_mlp": 20, "d_vocab": 11, "n_ctx": 9,
    "act_fn": "relu", "normalization_type": "LN", "dtype": "torch.float32", "seed": 3, "model_name": "custom",
}  # fmt: skip
CHANGES: dict[str, dict[str, Any]] = {
    "as TransformerLens has it by itself": {},
    "without norm": {"normalization_type": None},
    "norms folded into the weights": {"normalization_type": "LNPre", "eps": 1e-3},
    "root mean square": {"normalization_type": "RMS"},
    "root mean square, folded": {"normalization_type": "RMSPre"},
    "last norm a root mean square": {"final_rms": True},
    "attention only": {"attn_only": True, "act_fn": None, "d_mlp": None},
    "bidirectional": {"attention_dir": "bidirectional"},
    "other words out than in": {"d_vocab_out": 5},
    "scale of its own": {"attn_scale": 3.0},
    "no scale": {"use_attn_scale": False, "attn_scale": 2.0},
    "scale by the layer": {"scale_attn_by_inverse_layer_idx": True, "attn_scale": -1.0},
    "shared keys": {"n_key_value_heads": 1, "d_vocab_out": -1},
    "heads wider than the stream allows": {"d_head": 6},
    "side by side": {"parallel_attn_mlp": True},
    "gated": {"gated_mlp": True, "act_fn": "silu"},
    "SoLU with its norm": {"act_fn": "solu_ln"},
    "SoLU with its norm folded": {"act_fn": "solu_ln", "normalization_type": "LNPre"},
    "SoLU": {"act_fn": "solu"},
    "GELU as GPT-2 has it": {"act_fn": "gelu_new"},
    "exact GELU": {"act_fn": "gelu"},
    "shortformer": {"positional_embedding_type": "shortformer"},
    "rotated by neighbours": {"positional_embedding_type": "rotary", "rotary_adjacent_pairs": True},
    "rotated in part, by halves": {
        "positional_embedding_type": "rotary",
        "rotary_adjacent_pairs": False,
        "rotary_dim": 2,
        "rotary_base": 100,
    },
    "local attention": {"use_local_attn": True, "attn_types": ["global", "local"], "window_size": 2},
}  # fmt: skip


def drawn(cfg: dict[str, Any]) -> dict[str, Array]:
    """Draw every tensor that a HookedTransformer of this configuration has, in its own layout."""
    rng = np.random.default_rng(0)
    d, h, w, m = cfg["d_model"], cfg["n_heads"], cfg["d_head"], cfg["d_mlp"]
    grouped = cfg.get("n_key_value_heads")
    k, hidden = (grouped, "_") if grouped else (h, "")
    norms = {"LN": "wb", "RMS": "w"}.get(cfg["normalization_type"], "")
    out = cfg.get("d_vocab_out", -1)
    shapes: dict[str, tuple[int, ...]] = {"embed.W_E": (cfg["d_vocab"], d)}
    if cfg.get("positional_embedding_type", "standard") != "rotary":
        shapes["pos_embed.W_pos"] = (cfg["n_ctx"], d)
    for layer in range(cfg["n_layers"]):
        at = f"blocks.{layer}."
        shapes |= {f"{at}attn.W_Q": (h, d, w), f"{at}attn.b_Q": (h, w)}
        shapes |= {f"{at}attn.{hidden}{n}": (k, d, w) for n in ("W_K", "W_V")}
        shapes |= {f"{at}attn.{hidden}{n}": (k, w) for n in ("b_K", "b_V")}
        shapes |= {f"{at}attn.W_O": (h, w, d), f"{at}attn.b_O": (d,)}
        shapes |= {f"{at}ln1.{n}": (d,) for n in norms}
        if not cfg.get("attn_only"):
            shapes |= {f"{at}ln2.{n}": (d,) for n in norms}
            shapes |= {f"{at}mlp.W_in": (d, m), f"{at}mlp.W_out": (m, d)}
            if cfg.get("gated_mlp"):
                shapes[f"{at}mlp.W_gate"] = (d, m)
            else:
                shapes |= {f"{at}mlp.b_in": (m,), f"{at}mlp.b_out": (d,)}
            if cfg["act_fn"] == "solu_ln" and norms == "wb":
                shapes |= {f"{at}mlp.ln.{n}": (m,) for n in norms}
    shapes |= {f"ln_final.{n}": (d,) for n in (norms[:1] if cfg.get("final_rms") else norms)}
    shapes |= {"unembed.W_U": (d, cfg["d_vocab"] if out == -1 else out)}
    shapes |= {"unembed.b_U": (shapes["unembed.W_U"][1],)}
    return {name: rng.normal(size=shape) * 0.4 for name, shape in shapes.items()}


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


class Formulas:
    """The forward pass as its formulas say, each head and query written out."""

    def __init__(self, cfg: dict[str, Any], state: dict[str, Array], hidden: Array | None) -> None:
        self.cfg, self.state, self.hidden = cfg, state, hidden
        self.eps, self.kind = cfg.get("eps", 1e-5), cfg["normalization_type"]
        self.place = cfg.get("positional_embedding_type", "standard")

    def norm(self, x: Array, name: str, kind: str | None) -> Array:
        if kind is None:
            return x
        if kind.startswith("LN"):
            x = x - x.mean(-1, keepdims=True)
        x = x / np.sqrt((x**2).mean(-1, keepdims=True) + self.eps)
        return x * self.state.get(f"{name}.w", 1.0) + self.state.get(f"{name}.b", 0.0)

    def active(self, x: Array, layer: int) -> Array:
        erf = np.vectorize(math.erf)
        if self.cfg["act_fn"].startswith("solu"):
            x = x * softmax(x)
            return self.norm(x, f"blocks.{layer}.mlp.ln", "LN") if self.cfg["act_fn"] == "solu_ln" else x
        return {
            "relu": lambda: np.maximum(x, 0),
            "silu": lambda: x / (1 + np.exp(-x)),
            "gelu": lambda: x * 0.5 * (1 + erf(x / np.sqrt(2))),
            "gelu_new": lambda: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
        }[self.cfg["act_fn"]]()

    def rotated(self, x: Array, position: int) -> Array:
        if self.place != "rotary":
            return x
        n, turned = self.cfg.get("rotary_dim", self.cfg["d_head"]), x.copy()
        for i in range(n // 2):
            a, b = (2 * i, 2 * i + 1) if self.cfg["rotary_adjacent_pairs"] else (i, i + n // 2)
            angle = position / self.cfg.get("rotary_base", 10000) ** (i / (n / 2))
            turned[a] = x[a] * np.cos(angle) - x[b] * np.sin(angle)
            turned[b] = x[b] * np.cos(angle) + x[a] * np.sin(angle)
        return turned

    def attention(self, x: Array, layer: int) -> Array:
        p = f"blocks.{layer}.attn."
        grouped = "_" if self.cfg.get("n_key_value_heads") else ""
        shared = self.cfg["n_heads"] // (self.cfg.get("n_key_value_heads") or self.cfg["n_heads"])
        scale = self.cfg.get("attn_scale", -1)
        scale = np.sqrt(self.cfg["d_head"]) if scale == -1 else scale
        scale = (scale if self.cfg.get("use_attn_scale", True) else 1.0) * (
            layer + 1 if self.cfg.get("scale_attn_by_inverse_layer_idx") else 1
        )
        addressed = x + self.state["pos_embed.W_pos"][: len(x)] if self.place == "shortformer" else x
        total = np.zeros_like(x) + self.state[p + "b_O"]
        for head in range(self.cfg["n_heads"]):
            own = head // shared
            q = addressed @ self.state[p + "W_Q"][head] + self.state[p + "b_Q"][head]
            k = addressed @ self.state[p + grouped + "W_K"][own] + self.state[p + grouped + "b_K"][own]
            v = x @ self.state[p + grouped + "W_V"][own] + self.state[p + grouped + "b_V"][own]
            for i in range(len(x)):
                seen = [j for j in range(len(x)) if self.sees(i, j, layer)]
                scores = np.array([self.rotated(q[i], i) @ self.rotated(k[j], j) / scale for j in seen])
                total[i] += softmax(scores) @ v[seen] @ self.state[p + "W_O"][head]
        return total

    def sees(self, query: int, key: int, layer: int) -> bool:
        if self.hidden is not None and self.hidden[key]:
            return False
        if self.cfg.get("attention_dir", "causal") == "causal" and key > query:
            return False
        local = self.cfg.get("use_local_attn") and self.cfg["attn_types"][layer] == "local"
        return not local or query - key < self.cfg["window_size"]

    def mlp(self, x: Array, layer: int) -> Array:
        p = f"blocks.{layer}.mlp."
        up = x @ self.state[p + "W_in"] + self.state.get(p + "b_in", 0.0)
        neurons = (
            self.active(x @ self.state[p + "W_gate"], layer) * up
            if self.cfg.get("gated_mlp")
            else self.active(up, layer)
        )
        return neurons @ self.state[p + "W_out"] + self.state.get(p + "b_out", 0.0)

    def logits(self, tokens: Array) -> Array:
        """Return the logits [batch position vocab]."""
        rows = []
        for row in tokens:
            x = self.state["embed.W_E"][row]
            x = x + self.state["pos_embed.W_pos"][: len(row)] if self.place == "standard" else x
            for layer in range(self.cfg["n_layers"]):
                before = x
                x = x + self.attention(self.norm(x, f"blocks.{layer}.ln1", self.kind), layer)
                if not self.cfg.get("attn_only"):
                    read = before if self.cfg.get("parallel_attn_mlp") else x
                    x = x + self.mlp(self.norm(read, f"blocks.{layer}.ln2", self.kind), layer)
            x = self.norm(x, "ln_final", "RMS" if self.cfg.get("final_rms") else self.kind)
            rows.append(x @ self.state["unembed.W_U"] + self.state["unembed.b_U"])
        return np.stack(rows)


def logits_of(
    cfg: dict[str, Any], state: dict[str, Array], tokens: Array, hidden: Array | None = None
) -> Array:
    """Compute the logits [batch position vocab]; no query sees the keys that are hidden."""
    return Formulas(cfg, state, hidden).logits(tokens)


def saved(folder: Path, cfg: dict[str, Any], state: dict[str, Array]) -> str:
    save_file({name: torch.from_numpy(value) for name, value in state.items()}, folder / "model.safetensors")
    (folder / "cfg.json").write_text(json.dumps(cfg), encoding="utf-8")
    return f"transformer_lens:{folder}"


TOKENS = np.array([[3, 1, 4, 1, 5, 9, 2], [6, 5, 3, 5, 8, 10, 0]])


@pytest.mark.parametrize("change", CHANGES)
def test_a_state_dict_computes_what_its_formulas_say(tmp_path: Path, change: str) -> None:
    cfg = CFG | CHANGES[change]
    state = drawn(cfg)
    model = open_model(saved(tmp_path, cfg, state), dtype="float64")
    found = run(model, torch.from_numpy(TOKENS)).logits.numpy()
    expected = logits_of(cfg, state, TOKENS)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() < 1e-10


def test_padding_is_hidden_from_a_bidirectional_model(tmp_path: Path) -> None:
    cfg = CFG | {"attention_dir": "bidirectional", "d_vocab_out": 2}
    state = drawn(cfg)
    saved(tmp_path, cfg, state)
    (tmp_path / "neuronscope-mapping.yaml").write_text(
        "extends: transformer_lens\nfacts: {mask_padding: true, pad_token_id: 1}\n", encoding="utf-8"
    )
    model = open_model(str(tmp_path), dtype="float64")
    row = np.array([3, 4, 0, 7, 1, 1])
    found = run(model, torch.from_numpy(row)).logits.numpy()
    assert np.abs(found - logits_of(cfg, state, row[None], hidden=row == 1)).max() < 1e-10
    assert np.abs(found - logits_of(cfg, state, row[None])).max() > 1e-3


def test_a_checkpoint_may_hold_its_configuration_inside(tmp_path: Path) -> None:
    state = drawn(CFG)
    tensors = {name: torch.from_numpy(value) for name, value in state.items()}
    tensors |= {
        "blocks.0.attn.mask": torch.ones(9, 9).tril().bool(),
        "blocks.0.attn.IGNORE": torch.tensor(-1.0),
    }
    torch.save({"state_dict": tensors, "cfg": CFG | {"dtype": torch.float32}}, tmp_path / "toy.pt")
    model = open_model(f"transformer_lens:{tmp_path / 'toy.pt'}", dtype="float64")
    found = run(model, torch.from_numpy(TOKENS)).logits.numpy()
    assert np.abs(found - logits_of(CFG, state, TOKENS)).max() < 1e-10
    assert model.tokenizer is None


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"normalization_type": None}, {"attn_norm", "mlp_norm", "final_norm"}),
        ({"attn_only": True, "act_fn": None}, {"mlp_pre", "mlp_act", "mlp_out", "mlp_add", "mlp_in"}),
        ({"normalization_type": "LNPre"}, set()),
        ({"attention_dir": "bidirectional", "d_vocab_out": 4}, set()),
    ],
)
def test_every_site_of_a_state_dict_is_certified_or_refused(
    tmp_path: Path, change: dict[str, Any], refused: set[str]
) -> None:
    cfg = CFG | change
    certificate = open_model(saved(tmp_path, cfg, drawn(cfg)), dtype="float64").certificate
    assert refused <= set(certificate.of("refused"))
    exact = {"embed", "resid_pre", "resid_post", "attn_add", "q", "k", "v", "pattern", "z", "logits"}
    assert exact <= set(certificate.of("exact"))
    if not refused:
        assert set(certificate.of("refused")) == {"mlp_up", "router", "expert_weight"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"positional_embedding_type": "alibi"},
            "positional_embedding_type = 'alibi' says nothing of positions",
        ),
        ({"attn_scores_soft_cap": 50.0}, "attn_scores_soft_cap = 50.0, for which the network has no part"),
        (
            {"use_magic": True},
            "does not know the configuration's use_magic = True: name it in facts, neutral",
        ),
        ({"positional_embedding_type": "rotary"}, "says nothing of rotary_adjacent here"),
        ({"act_fn": "wobble"}, "There is no activation 'wobble'"),
        ({"n_heads": 2}, r"W_O has shape \[3, 4, 12\], but \[head 2, head_width 4, width 12\] was expected"),
        ({"d_mlp": 21}, r"mlp.W_in has shape \[12, 20\], but \[width 12, neuron 21\] was expected"),
        ({"n_layers": 3}, r"hold the layers \[0, 1\], but 3 from 0 on were expected"),
        (
            {"attn_only": True},
            r"The network has no h.0.ln_2.bias for blocks.0.ln2.b \[12\]: correct the facts",
        ),
    ],
)
def test_a_configuration_that_does_not_fit_is_refused(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    name = saved(tmp_path, CFG | change, drawn(CFG))
    with pytest.raises(BadInput, match=said):
        open_model(name)


def test_modular_addition_as_published_adds(test_data: Callable[[str], Path]) -> None:
    model = open_model(f"transformer_lens:{test_data('rib_modadd/seed2')}")
    first, second = torch.meshgrid(torch.arange(113), torch.arange(113), indexing="ij")
    sums = torch.stack([first.flatten(), second.flatten(), torch.full((113 * 113,), 113)], dim=1)
    said = run(model, sums, get="logits@-1")["logits@-1"].reshape(len(sums), -1)[:, :113].argmax(-1)
    assert torch.equal(said, (first + second).flatten() % 113)
    assert model.n_neurons == 512
