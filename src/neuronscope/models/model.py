"""What is a model, once opened? A native Hugging Face network with names for its parts."""

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, final

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import PreTrainedModel

from neuronscope.models.anatomy import Anatomy, head_rows, n_heads
from neuronscope.models.attention import KEY
from neuronscope.models.certificate import REFUSED, Certificate
from neuronscope.models.probe import certify
from neuronscope.models.sites import SITES, Site
from neuronscope.words import BadInput

_VOLATILE = ("_name_or_path", "transformers_version", "torch_dtype", "dtype", "architectures", "use_cache")


@final
class Model:
    """A causal language model and the names of its parts.

    ``hf`` is the native Hugging Face module, in evaluation mode, its weights frozen and its attention
    dispatched through the registry under our key; nothing is wrapped, renamed or folded. ``card`` holds
    what its folder says.
    """

    def __init__(
        self,
        hf: PreTrainedModel,
        *,
        name: str = "",
        tokenizer: Any = None,
        card: Mapping[str, Any] | None = None,
    ) -> None:
        self.hf = hf.eval().requires_grad_(False)
        self.hf.set_attn_implementation(KEY)
        self.name = name or type(hf).__name__
        self.tokenizer = tokenizer
        self.card: dict[str, Any] = dict(card or {})
        self.anatomy = Anatomy(hf)

    def __repr__(self) -> str:
        return f"Model({self.name!r}, {self.family}, {self.n_layers} layers, width {self.width})"

    @property
    def family(self) -> str:
        """Return the family as Hugging Face calls it: gpt2, gpt_neox, llama, mistral, qwen2, qwen3."""
        return str(self.hf.config.model_type)

    @property
    def device(self) -> torch.device:
        """Return where the weights are."""
        return next(self.hf.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Return the number format of the weights."""
        return next(self.hf.parameters()).dtype

    @property
    def n_layers(self) -> int:
        """Return the number of blocks."""
        return len(self.anatomy.blocks)

    @property
    def n_heads(self) -> int:
        """Return the number of query heads of a layer."""
        return n_heads(self.hf)

    @property
    def n_key_heads(self) -> int:
        """Return the number of key and value heads of a layer; fewer than `n_heads` in grouped attention."""
        return int(getattr(self.hf.config, "num_key_value_heads", None) or self.n_heads)

    @property
    def width(self) -> int:
        """Return the width of the residual stream."""
        return int(self.hf.config.hidden_size)

    @property
    def head_width(self) -> int:
        """Return the width of one head's vectors."""
        output = self.anatomy.output(0)
        return self.width // self.n_heads if output is None else head_rows(output, self.n_heads).shape[1]

    @property
    def n_neurons(self) -> int:
        """Return the number of neurons of a layer's MLP."""
        config = self.hf.config
        stated = getattr(config, "intermediate_size", None) or getattr(config, "n_inner", None)
        return int(stated or 4 * self.width)

    @property
    def vocab_size(self) -> int:
        """Return the number of tokens that the model scores."""
        return int(self.hf.config.vocab_size)

    @property
    def n_positions(self) -> int:
        """Return how many tokens the context holds; the largest number where the model states no limit."""
        return int(getattr(self.hf.config, "max_position_embeddings", None) or sys.maxsize)

    @property
    def n_parameters(self) -> int:
        """Return the number of weights, tied ones counted once."""
        return sum(parameter.numel() for parameter in self.hf.parameters())

    @property
    def config_facts(self) -> dict[str, Any]:
        """Return the configuration as plain data, without what only says how it was saved."""
        stated = json.loads(self.hf.config.to_json_string(use_diff=False))
        return {key: value for key, value in sorted(stated.items()) if key not in _VOLATILE}

    @cached_property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits over the configuration and every weight, its bytes included."""
        digest = hashlib.sha256(json.dumps(self.config_facts, sort_keys=True).encode())
        for name, weight in sorted(self.hf.state_dict().items()):
            digest.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
            digest.update(weight.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        return digest.hexdigest()[:16]

    @cached_property
    def words_fingerprint(self) -> str:
        """Return 16 hexadecimal digits over tokenizer and card, where models of equal weights may differ."""
        rules = _rules(self.tokenizer)
        said = json.dumps(self.card, sort_keys=True, default=str)
        return hashlib.sha256(f"{rules}\n{said}".encode()).hexdigest()[:16]

    @cached_property
    def certificate(self) -> Certificate:
        """Return which sites are exact, reduced or refused, found by a probe on first use."""
        return certify(self.anatomy, self.n_positions)

    def sites(self) -> list[str]:
        """Return the site names that this model has, in the order in which a token passes them."""
        refused = self.certificate.of(REFUSED)
        return [name for name in SITES if name not in refused]

    def check(self, site: Site) -> Site:
        """Return the site if this model has it.

        Raises `BadInput` that names the reason and the nearest site, for a name that this model lacks and
        for a layer, head or neuron out of range.
        """
        if site.stack is not None:
            raise BadInput(
                f"{site} names a stack, but this model has only one: write {str(site).partition('/')[2]}."
            )
        if site.module:
            self.anatomy.module_tap(site)
            return site
        row = self.certificate.row(site.name)
        if row.status == REFUSED:
            near = f"; the nearest site is {row.instead}" if row.instead else ""
            raise BadInput(f"{self.name} has no {site.name}: {row.reason}{near}.")
        if isinstance(site.layer, int) and site.layer >= self.n_layers:
            nearest = f"{site.name}.{self.n_layers - 1}"
            raise BadInput(
                f"{site} is out of range: layers run from 0 to {self.n_layers - 1}; the nearest is {nearest}."
            )
        sizes = {"head": self.n_heads, "key_head": self.n_key_heads, "neuron": self.n_neurons}
        unit = site.kind.unit
        if unit and site.unit is not None and site.unit >= sizes[unit]:
            raise BadInput(
                f"{site} is out of range: its {unit.replace('_', ' ')}s run from 0 to {sizes[unit] - 1}."
            )
        return site

    def tokenize(self, prompt: str | Sequence[int] | Tensor) -> Int[Tensor, " position"]:
        """Return the token ids of a prompt, on the model's device.

        Text goes through the tokenizer with its own default for special tokens, so a beginning-of-text
        token is there exactly when the tokenizer adds one. Ids are taken as they are. Raises `BadInput` for
        an empty prompt, one longer than the context, an id out of range, and text without a tokenizer.
        """
        ids = self._ids(prompt)
        if not ids:
            raise BadInput("The prompt is empty: give at least one token of text.")
        if len(ids) > self.n_positions:
            raise BadInput(
                f"The prompt has {len(ids)} tokens, but this model reads {self.n_positions} at most."
            )
        wrong = [token for token in ids if not 0 <= token < self.vocab_size]
        if wrong:
            raise BadInput(
                f"Token {wrong[0]} is out of range: this model's tokens run from 0 to {self.vocab_size - 1}."
            )
        return torch.tensor(ids, dtype=torch.long, device=self.device)

    def _ids(self, prompt: str | Sequence[int] | Tensor) -> list[int]:
        if not isinstance(prompt, str):
            try:
                return [int(token) for token in prompt]
            except (TypeError, ValueError) as error:
                raise BadInput(f"A prompt is text or a list of token ids, not {prompt!r:.60}.") from error
        if prompt == "":
            return []
        if self.tokenizer is None:
            raise BadInput(
                f"{self.name} has no tokenizer: give token ids from 0 to {self.vocab_size - 1}, not text."
            )
        return list(self.tokenizer(prompt, add_special_tokens=True, verbose=False)["input_ids"])

    def token_text(self, token: int) -> str:
        """Return the exact text of one token, leading space kept; the id itself without a tokenizer."""
        if self.tokenizer is None:
            return str(int(token))
        # Some decoders strip the first space, so the text is what a second copy of the token adds.
        once, twice = (self._decoded([int(token)] * copies) for copies in (1, 2))
        return twice[len(once) :]

    def token_texts(self, tokens: Iterable[int] | Tensor) -> list[str]:
        """Return the surface text of each token."""
        return [self.token_text(int(token)) for token in tokens]

    def _decoded(self, tokens: list[int]) -> str:
        return self.tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)

    def unembed(self, stream: Float[Tensor, "*axes width"]) -> Float[Tensor, "*axes vocab"]:
        """Return the logits of any residual stream: the model's own last norm, then its own output head."""
        norm, head = self.anatomy.final_norm, self.anatomy.head
        assert head is not None
        stream = stream.to(device=self.device, dtype=self.dtype)
        with torch.set_grad_enabled(stream.requires_grad):
            return head(stream if norm is None else norm(stream))


def _rules(tokenizer: Any) -> str:
    """Return all that a tokenizer goes by, as text."""
    if hasattr(tokenizer, "backend_tokenizer"):
        return tokenizer.backend_tokenizer.to_str()
    vocabulary = getattr(tokenizer, "numbers", None) or ({} if tokenizer is None else tokenizer.get_vocab())
    return json.dumps(vocabulary, sort_keys=True)
