"""What runs a checkpoint that no Hugging Face class covers? One transformer whose every part is a choice."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import AutoConfig, AutoModelForCausalLM, DynamicCache, GenerationMixin, PreTrainedModel
from transformers.activations import ACT2FN
from transformers.modeling_outputs import CausalLMOutputWithPast
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from neuronscope.models.layouts.configuration import CHOICES, PlainConfig
from neuronscope.words import BadInput, nearest

Stream = Float[Tensor, "batch position width"]
Turn = Callable[[Tensor], Tensor]


def eager_attention_forward(
    module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **_: Any
) -> tuple[Tensor, Tensor]:
    """Return the averaged values [batch position head head_width] and the pattern, one softmax between."""
    shared = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(shared, dim=1), value.repeat_interleave(shared, dim=1)
    scores = query @ key.transpose(-1, -2) * module.scaling
    if attention_mask is not None:
        scores = scores + attention_mask
    pattern = nn.functional.softmax(scores, dim=-1)
    return (pattern @ value).transpose(1, 2).contiguous(), pattern


class SoLU(nn.Module):
    """Multiply each neuron by its share of a softmax over the neurons, then normalise where asked.

    Elhage et al., "Softmax Linear Units", 2022.
    """

    def __init__(self, norm: nn.Module | None = None) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, neurons: Tensor) -> Tensor:
        """Return the activated neurons, in the shape given."""
        active = neurons * neurons.softmax(-1)
        return active if self.norm is None else self.norm(active)


class PlainAttention(nn.Module):
    """Attention with separate maps for queries, keys, values and output, reached through the registry."""

    def __init__(self, config: PlainConfig, layer: int) -> None:
        super().__init__()
        self.config, self.layer_idx, self.is_causal = config, layer, config.causal
        self.head_dim = config.head_dim
        divisor = config.head_dim**0.5 if config.attention_scale is None else config.attention_scale
        self.scaling = 1 / (divisor * (layer + 1 if config.scale_by_inverse_layer else 1))
        own, shared = (
            heads * config.head_dim for heads in (config.num_attention_heads, config.num_key_value_heads)
        )
        self.q_proj = _linear(config, "attn.q_proj", config.hidden_size, own)
        self.k_proj = _linear(config, "attn.k_proj", config.hidden_size, shared)
        self.v_proj = _linear(config, "attn.v_proj", config.hidden_size, shared)
        self.o_proj = _linear(config, "attn.o_proj", own, config.hidden_size)

    def forward(
        self,
        hidden_states: Stream,
        *,
        attention_mask: Tensor | None = None,
        turn: Turn | None = None,
        place: Tensor | None = None,
        past_key_values: Any = None,
    ) -> Stream:
        """Return what attention adds to the stream."""
        addressed = hidden_states if place is None else hidden_states + place
        query, key, value = (
            linear(read).unflatten(-1, (-1, self.head_dim)).transpose(1, 2)
            for linear, read in (
                (self.q_proj, addressed),
                (self.k_proj, addressed),
                (self.v_proj, hidden_states),
            )
        )
        if turn is not None:
            query, key = turn(query), turn(key)
        if past_key_values is not None:
            key, value = past_key_values.update(key, value, self.layer_idx)
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(
            self.config._attn_implementation or "eager", eager_attention_forward
        )
        z, _ = attend(self, query, key, value, attention_mask, scaling=self.scaling, dropout=0.0)
        return self.o_proj(z.flatten(2))


class PlainMLP(nn.Module):
    """Two maps with an activation between, or three where a gate multiplies."""

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        if config.gated:
            self.gate_proj = _linear(config, "mlp.gate_proj", config.hidden_size, config.intermediate_size)
        self.up_proj = _linear(config, "mlp.up_proj", config.hidden_size, config.intermediate_size)
        self.down_proj = _linear(config, "mlp.down_proj", config.intermediate_size, config.hidden_size)
        self.act_fn = _activation(config)
        self.gated = config.gated

    def forward(self, hidden_states: Stream) -> Stream:
        """Return what the MLP adds to the stream."""
        up = self.up_proj(hidden_states)
        return self.down_proj(
            self.act_fn(self.gate_proj(hidden_states)) * up if self.gated else self.act_fn(up)
        )


class PlainBlock(nn.Module):
    """One block: norm, attention, norm, MLP, each adding to the stream; attention alone where so chosen."""

    def __init__(self, config: PlainConfig, layer: int) -> None:
        super().__init__()
        self.use_parallel_residual = config.parallel
        self.ln_1 = _norm(config, config.norm, "ln_1")
        self.attn = PlainAttention(config, layer)
        if not config.attention_only:
            self.ln_2 = _norm(config, config.norm, "ln_2")
            self.mlp = PlainMLP(config)

    def forward(self, hidden_states: Stream, **given: Any) -> Stream:
        """Return the stream that leaves the block."""
        attended = hidden_states + self.attn(self.ln_1(hidden_states), **given)
        if not hasattr(self, "mlp"):
            return attended
        read = hidden_states if self.use_parallel_residual else attended
        return attended + self.mlp(self.ln_2(read))


class PlainTransformer(PreTrainedModel, GenerationMixin):
    """A transformer of `PlainConfig`'s choices, run and read as any model of transformers.

    Raises `BadInput` when a choice is none of those there are.
    """

    config: PlainConfig  # pyright: ignore[reportIncompatibleVariableOverride]
    config_class = PlainConfig
    base_model_prefix = ""
    _input_embed_layer = "wte"
    _no_split_modules = ["PlainBlock"]  # noqa: RUF012 - transformers declares it so
    _supports_attention_backend = True
    _tied_weights_keys = {"lm_head.weight": "wte.weight"}  # noqa: RUF012

    def __init__(self, config: PlainConfig) -> None:
        super().__init__(config)
        for field, allowed in CHOICES.items():
            choice = getattr(config, field)
            if choice not in allowed:
                raise BadInput(f"{field} cannot be {choice!r}: choose {', '.join(allowed)}.")
        self.wte = nn.Embedding(config.vocab_size, config.hidden_size)
        if config.positions in ("learned", "shortformer"):
            self.wpe = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.h = nn.ModuleList(PlainBlock(config, layer) for layer in range(config.num_hidden_layers))
        self.ln_f = _norm(config, config.final_norm, "ln_f")
        self.lm_head = _linear(config, "lm_head", config.hidden_size, config.output_vocab_size)
        self.post_init()

    def forward(
        self,
        input_ids: Int[Tensor, "batch position"] | None = None,
        attention_mask: Int[Tensor, "batch key"] | None = None,
        position_ids: Int[Tensor, "batch position"] | None = None,
        past_key_values: Any = None,
        inputs_embeds: Stream | None = None,
        use_cache: bool | None = None,
        logits_to_keep: int | Tensor = 0,
        **_: Any,
    ) -> CausalLMOutputWithPast:
        """Return the logits [batch position vocab]; ``attention_mask`` is 1 for each key that may be seen."""
        stream = self.wte(input_ids) if inputs_embeds is None else inputs_embeds
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache()
        past = 0 if past_key_values is None else past_key_values.get_seq_length()
        if position_ids is None:
            position_ids = _positions(stream, attention_mask, past)
        if self.config.mask_padding and input_ids is not None:
            attention_mask = _unpadded(input_ids, attention_mask, self.config.pad_token_id, past)
        given, place = {"past_key_values": past_key_values}, None
        if self.config.positions == "learned":
            stream = stream + self.wpe(position_ids)
        elif self.config.positions == "sinusoidal":
            stream = stream + sinusoids(position_ids, self.config.hidden_size).to(stream)
        elif self.config.positions == "shortformer":
            place = self.wpe(position_ids)
        turn = (
            _rotation(self.config, position_ids, stream.dtype) if self.config.positions == "rotary" else None
        )
        for layer, block in enumerate(self.h):
            mask = visible(self.config, layer, attention_mask, stream, past)
            stream = block(stream, attention_mask=mask, turn=turn, place=place, **given)
        kept = slice(-logits_to_keep, None) if isinstance(logits_to_keep, int) else logits_to_keep
        logits = self.lm_head(self.ln_f(stream[:, kept]))
        return CausalLMOutputWithPast(logits=logits, past_key_values=past_key_values)


def visible(config: PlainConfig, layer: int, keys: Tensor | None, stream: Stream, past: int) -> Tensor | None:
    """Return what is added to a layer's scores: 0 where a query may see a key, the least number elsewhere.

    It is [batch, 1, query, key], alike for all heads.
    ``keys`` [batch key] is 1 for each key that may be seen; None is returned where every query sees all.
    """
    local = config.attention_types is not None and config.attention_types[layer] == "local"
    if keys is None and not (config.causal or local):
        return None
    n_new = stream.shape[1]
    key = torch.arange(past + n_new, device=stream.device)
    query = key[past:, None]
    seen = torch.ones(n_new, past + n_new, dtype=torch.bool, device=stream.device)
    if config.causal:
        seen = seen & (key <= query)
    if local and config.window is not None:
        seen = seen & (query - key < config.window)
    seen = seen[None, None]
    if keys is not None:
        seen = seen & keys.bool()[:, None, None, :]
    least = torch.finfo(stream.dtype).min
    return torch.zeros(seen.shape, dtype=stream.dtype, device=stream.device).masked_fill(~seen, least)


def sinusoids(positions: Int[Tensor, "batch position"], width: int) -> Float[Tensor, "batch position width"]:
    """Return sines and cosines of each position in turn, in float64.

    Vaswani et al., "Attention is all you need", 2017, section 3.5.
    """
    rate = 10000.0 ** (torch.arange(0, width, 2, dtype=torch.float64, device=positions.device) / width)
    angle = positions[..., None].double() / rate
    return torch.stack([angle.sin(), angle.cos()], dim=-1).flatten(-2)[..., :width]


def _positions(stream: Tensor, attention_mask: Tensor | None, past: int) -> Tensor:
    """Count positions from the first token that is no padding."""
    if attention_mask is not None and attention_mask.dim() == 2:
        return (attention_mask.long().cumsum(-1) - 1).clamp(min=0)[:, past:]
    return torch.arange(past, past + stream.shape[1], device=stream.device)[None]


def _unpadded(tokens: Tensor, keys: Tensor | None, pad: int, past: int) -> Tensor:
    if past:
        raise BadInput(
            "A model that masks its padding tokens reads a prompt at once: run it with use_cache=False."
        )
    own = (tokens != pad).long()
    return own if keys is None else own * keys


def _rotation(config: PlainConfig, positions: Tensor, dtype: torch.dtype) -> Turn:
    """Return the map that rotates queries or keys [batch head position head_width] by their positions."""
    width, fine = config.rotary_width, torch.float64 if dtype == torch.float64 else torch.float32
    rate = config.rotary_base ** (torch.arange(width // 2, dtype=fine, device=positions.device) / (width / 2))
    angle = positions[:, None, :, None].to(fine) / rate
    cos, sin = angle.cos().to(dtype), angle.sin().to(dtype)

    def turn(heads: Tensor) -> Tensor:
        rotated, rest = heads[..., :width], heads[..., width:]
        shape, pair = ((-1, 2), -1) if config.rotary_adjacent else ((2, -1), -2)
        first, second = rotated.unflatten(-1, shape).unbind(pair)
        turned = torch.stack([first * cos - second * sin, second * cos + first * sin], dim=pair)
        return torch.cat([turned.flatten(-2), rest], dim=-1)

    return turn


def _linear(config: PlainConfig, name: str, read: int, write: int) -> nn.Linear:
    return nn.Linear(read, write, bias=name in config.biases)


def _norm(config: PlainConfig, kind: str, name: str) -> nn.Module:
    size, weights = config.hidden_size, config.norm_weights
    if kind == "none":
        return nn.Identity()
    if kind == "rms":
        return nn.RMSNorm(size, eps=config.norm_eps, elementwise_affine=weights)
    return nn.LayerNorm(size, config.norm_eps, elementwise_affine=weights, bias=name in config.biases)


def _activation(config: PlainConfig) -> nn.Module:
    if config.activation == "solu":
        return SoLU()
    if config.activation == "solu_ln":
        weights, bias = config.norm == "layer" and config.norm_weights, "mlp.act_fn.norm" in config.biases
        return SoLU(nn.LayerNorm(config.intermediate_size, config.norm_eps, weights, bias))
    if config.activation not in ACT2FN:
        known = nearest(config.activation, ACT2FN) or "; solu, solu_ln and transformers' own are there."
        raise BadInput(f"There is no activation {config.activation!r}{known}")
    return ACT2FN[config.activation]


AutoConfig.register("plain", PlainConfig)
AutoModelForCausalLM.register(PlainConfig, PlainTransformer)
