"""What kind of network is this, in facts and in the equations of its blocks?"""

from dataclasses import dataclass
from typing import Any

from torch import nn

from neuronscope.models.model import Model
from neuronscope.models.parts.anatomy import Anatomy

_FAMILIES = ("gpt2", "gpt_neox", "llama", "mistral", "qwen2", "qwen3")
_ACTIVATIONS = {
    "gelu": "GELU",
    "gelu_new": "GELU_tanh",
    "gelu_fast": "GELU_tanh",
    "gelu_pytorch_tanh": "GELU_tanh",
    "silu": "SiLU",
    "swish": "SiLU",
    "relu": "ReLU",
}
_FORMULAS = {
    "GELU": "GELU(a) = a Φ(a), with Φ the distribution function of the normal distribution",
    "GELU_tanh": "GELU_tanh(a) = a/2 (1 + tanh(√(2/π) (a + 0.044715 a³)))",
    "SiLU": "SiLU(a) = a / (1 + exp(−a))",
    "ReLU": "ReLU(a) = max(a, 0)",
}


@dataclass(frozen=True)
class Description:
    """A model in words and equations: facts by term, and its equations in the order of computation."""

    facts: dict[str, Any]
    equations: list[str]


def describe(model: Model) -> Description:
    """Return the facts and the equations of a model, read off its own modules and configuration.

    In the equations a row vector x(l) is the residual stream that enters block l, h counts heads, i and j
    are the query and the key position, and ⊙ multiplies entry by entry. A family whose equations are not
    known here has none.
    """
    if model.family not in _FAMILIES:
        return Description(_facts(model), [])
    equations = [*_embedding(model), *_attention(model), *_mlp(model), *_output(model)]
    return Description(_facts(model), equations)


def _facts(model: Model) -> dict[str, Any]:
    anatomy = model.anatomy
    dtype = str(model.dtype).removeprefix("torch.")
    known = {
        "architecture": type(model.hf).__name__,
        "family": model.family,
        "parameters": model.n_parameters,
    }
    if not anatomy.blocks:
        reads = {"reads": model.hf.main_input_name, "width": model.width}
        return {**known, **reads, "dtype": dtype, "fingerprint": model.fingerprint}
    return {
        **known,
        "layers": model.n_layers,
        "width": model.width,
        "query heads": model.n_heads,
        "key heads": model.n_key_heads,
        "head width": model.head_width,
        "neurons a layer": model.n_neurons,
        "vocabulary": model.vocab_size,
        "context": model.n_positions,
        "positions": f"rotary, {2 * ((_rotary_width(model) + 1) // 2)} entries of a head"
        if _rotary(model)
        else "learned embedding",
        "attention": _attention_kind(model),
        "block": "attention and MLP in parallel" if anatomy.parallel else "attention, then MLP",
        "norm": _norm_name(anatomy.final_norm),
        "activation": _activation(model),
        "gated MLP": anatomy.gated(0),
        "tied embedding": _tied(anatomy),
        "dtype": dtype,
        "fingerprint": model.fingerprint,
    }


def _embedding(model: Model) -> list[str]:
    learned = "" if _rotary(model) else " + W_pos[i]"
    return [f"x(0)_i = W_E[token_i]{learned}", _norm_equation(model.anatomy.final_norm)]


def _attention(model: Model) -> list[str]:
    anatomy, norm = model.anatomy, _norm_name(model.anatomy.first_norm(0))
    module: Any = anatomy.attention[0]
    fused = getattr(module, "c_attn", None) or getattr(module, "query_key_value", None)
    rows = [f"u = {norm}₁(x(l))"]
    for letter in "QKV":
        small, group = letter.lower(), "h" if letter == "Q" else _group(model)
        maker = fused if fused is not None else getattr(module, f"{small}_proj", None)
        made = f"u W_{letter}({group})" + (f" + b_{letter}({group})" if _biased(maker) else "")
        if hasattr(module, f"{small}_norm"):
            made = f"RMSNorm_{letter}({made})"
        if _rotary(model) and letter != "V":
            made = f"R_i ({made})"
        rows.append(f"{small}({group}) = {made}")
    if _rotary(model):
        rows.append(_rotation(model))
    products = f"q(h)_i · k({_group(model)})_j"
    rows.append(f"A(h)_ij = softmax over j of {products}{_scaling(model)}, for {_mask(model)}")
    rows.append(f"z(h)_i = Σ_j A(h)_ij v({_group(model)})_j")
    rows.append("a = Σ_h z(h) W_O(h)" + (" + b_O" if _biased(anatomy.output(0)) else ""))
    return rows


def _mlp(model: Model) -> list[str]:
    anatomy, norm, active = model.anatomy, _norm_name(model.anatomy.second_norm(0)), _activation(model)
    read = "x(l)" if anatomy.parallel else "y"
    rows = [] if anatomy.parallel else ["y = x(l) + a"]
    rows.append(f"w = {norm}₂({read})")
    if anatomy.gated(0):
        rows.append(
            f"n = {active}(w W_gate{_bias(anatomy.pre(0), 'gate')}) ⊙ (w W_up{_bias(_up(anatomy), 'up')})"
        )
    else:
        rows.append(f"n = {active}(w W_in{_bias(anatomy.pre(0), 'in')})")
    if active in _FORMULAS:
        rows.append(_FORMULAS[active])
    rows.append(f"m = n W_out{_bias(anatomy.down(0), 'out')}")
    rows.append("x(l+1) = x(l) + a + m" if anatomy.parallel else "x(l+1) = y + m")
    return rows


def _output(model: Model) -> list[str]:
    anatomy = model.anatomy
    head = "W_Eᵀ" if _tied(anatomy) else "W_U"
    norm = _norm_name(anatomy.final_norm)
    return [
        f"logits = {norm}_final(x({model.n_layers})) {head}{_bias(anatomy.head, 'U')}",
        "p = softmax(logits)",
    ]


def _norm_name(norm: nn.Module | None) -> str:
    if norm is None:
        return "identity"
    return "LayerNorm" if isinstance(norm, nn.LayerNorm) else "RMSNorm"


def _norm_equation(norm: nn.Module | None) -> str:
    if isinstance(norm, nn.LayerNorm):
        return f"LayerNorm(x) = γ ⊙ (x − mean(x)) / √(var(x) + {norm.eps:g}){_bias(norm, '', 'β')}"
    return f"RMSNorm(x) = γ ⊙ x / √(mean(x²) + {getattr(norm, 'variance_epsilon', 0.0):g})"


def _activation(model: Model) -> str:
    config = model.hf.config
    stated = getattr(config, "hidden_act", None) or getattr(config, "activation_function", None)
    return _ACTIVATIONS.get(str(stated), str(stated))


def _attention_kind(model: Model) -> str:
    shared = model.n_heads // model.n_key_heads
    kind = f"grouped, {shared} query heads share a key head" if shared > 1 else "multi-head"
    layers, span = _windows(model)
    return f"{kind}; window of {span} tokens in {len(layers)} of {model.n_layers} layers" if layers else kind


def _mask(model: Model) -> str:
    layers, span = _windows(model)
    if not layers:
        return "j ≤ i"
    if len(layers) == model.n_layers:
        return f"i − {span} < j ≤ i"
    return f"j ≤ i, and i − {span} < j in layers {', '.join(map(str, layers))}"


def _windows(model: Model) -> tuple[list[int], int | None]:
    """Return the layers that see a sliding window only, and how many tokens it holds."""
    span = getattr(model.hf.config, "sliding_window", None)
    kinds = getattr(model.hf.config, "layer_types", None) or ["sliding_attention"] * model.n_layers
    return [layer for layer, kind in enumerate(kinds) if span and kind == "sliding_attention"], span


def _scaling(model: Model) -> str:
    factors = {float(getattr(module, "scaling", 1.0)) for module in model.anatomy.attention}
    if factors == {model.head_width**-0.5}:
        return f" / √{model.head_width}"
    return f" · {factors.pop():g}" if len(factors) == 1 else " · a factor of the layer"


def _group(model: Model) -> str:
    shared = model.n_heads // model.n_key_heads
    return "h" if shared == 1 else f"⌊h/{shared}⌋"


def _rotary(model: Model) -> dict[str, Any]:
    return getattr(model.hf.config, "rope_parameters", None) or {}


def _rotary_width(model: Model) -> int:
    return int(model.head_width * float(_rotary(model).get("partial_rotary_factor", 1.0)))


def _rotation(model: Model) -> str:
    rotary, width = _rotary(model), _rotary_width(model)
    kind = rotary.get("rope_type", "default")
    scaled = "" if kind == "default" else f", frequencies rescaled as {kind!r}"
    half, base = (width + 1) // 2, rotary.get("rope_theta", 1e4)
    angle = f"i · {base:g}^(−2d/{width})"
    return f"R_i turns entries d and d + {half} of a head by the angle {angle} for d < {half}{scaled}"


def _tied(anatomy: Anatomy) -> bool:
    weight = getattr(anatomy.embedding, "weight", None)
    return anatomy.head is not None and weight is not None and anatomy.head.weight is weight


def _up(anatomy: Anatomy) -> nn.Module | None:
    return getattr(anatomy.mlp[0], "up_proj", None)


def _biased(module: nn.Module | None) -> bool:
    return getattr(module, "bias", None) is not None


def _bias(module: nn.Module | None, name: str, letter: str = "b") -> str:
    if not _biased(module):
        return ""
    return f" + {letter}_{name}" if name else f" + {letter}"
