"""What can be chosen about the plain transformer?"""

from typing import Any

from transformers import PreTrainedConfig

CHOICES = {
    "norm": ("layer", "rms", "none"),
    "final_norm": ("layer", "rms", "none"),
    "positions": ("learned", "rotary", "sinusoidal", "shortformer", "none"),
}
BIASES = (
    "attn.q_proj",
    "attn.k_proj",
    "attn.v_proj",
    "attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
    "mlp.act_fn.norm",
    "ln_1",
    "ln_2",
    "ln_f",
    "lm_head",
)


class PlainConfig(PreTrainedConfig):
    """The choices that make one plain transformer.

    Sizes are named as elsewhere in transformers; ``output_vocab_size`` is the vocabulary size where None.
    ``norm`` is layer, rms or none, ``final_norm`` likewise (as ``norm`` where None); without
    ``norm_weights`` the norms only normalise. ``positions`` is learned, rotary, sinusoidal, shortformer
    (learned, added to what queries and keys read) or none; ``rotary_width`` is the rotated part of each head
    and ``rotary_adjacent`` pairs neighbours rather than halves. Scores are divided by ``attention_scale``,
    the root of the head's width where None, and by the layer's number from 1 with
    ``scale_by_inverse_layer``. Attention is ``causal`` or sees everything; with ``mask_padding`` no key is
    a token ``pad_token_id``. ``attention_types`` says global or local layer by layer, local ones seeing
    ``window`` tokens. ``biases`` lists the maps and norms that have one, all of them where None.
    """

    model_type = "plain"
    keys_to_ignore_at_inference = ["past_key_values"]  # noqa: RUF012 - transformers declares it so

    def __init__(  # noqa: PLR0913 - each choice is one keyword
        self,
        *,
        vocab_size: int = 50,
        output_vocab_size: int | None = None,
        hidden_size: int = 32,
        num_hidden_layers: int = 1,
        num_attention_heads: int = 4,
        num_key_value_heads: int | None = None,
        head_dim: int | None = None,
        intermediate_size: int | None = None,
        max_position_embeddings: int = 32,
        norm: str = "layer",
        final_norm: str | None = None,
        norm_weights: bool = True,
        norm_eps: float = 1e-5,
        positions: str = "learned",
        rotary_width: int | None = None,
        rotary_base: float = 10000.0,
        rotary_adjacent: bool = True,
        attention_scale: float | None = None,
        scale_by_inverse_layer: bool = False,
        causal: bool = True,
        mask_padding: bool = False,
        attention_types: list[str] | None = None,
        window: int | None = None,
        attention_only: bool = False,
        parallel: bool = False,
        activation: str = "gelu",
        gated: bool = False,
        biases: list[str] | None = None,
        tie_word_embeddings: bool = False,
        **further: Any,
    ) -> None:
        self.vocab_size = vocab_size
        self.output_vocab_size = output_vocab_size or vocab_size
        self.hidden_size = hidden_size
        self.num_hidden_layers = num_hidden_layers
        self.num_attention_heads = num_attention_heads
        self.num_key_value_heads = num_key_value_heads or num_attention_heads
        self.head_dim = head_dim or hidden_size // num_attention_heads
        self.intermediate_size = intermediate_size or 4 * hidden_size
        self.max_position_embeddings = max_position_embeddings
        self.norm, self.final_norm = norm, final_norm or norm
        self.norm_weights, self.norm_eps = norm_weights, norm_eps
        self.positions, self.rotary_width = positions, rotary_width or self.head_dim
        self.rotary_base, self.rotary_adjacent = rotary_base, rotary_adjacent
        self.attention_scale, self.scale_by_inverse_layer = attention_scale, scale_by_inverse_layer
        self.causal, self.mask_padding = causal, mask_padding
        self.attention_types, self.window = attention_types, window
        self.attention_only, self.parallel = attention_only, parallel
        self.activation, self.gated = activation, gated
        self.biases = list(BIASES) if biases is None else list(biases)
        super().__init__(**further)
        self.tie_word_embeddings = tie_word_embeddings
