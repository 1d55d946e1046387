"""What is a model, once opened? A native Hugging Face network with names for its parts."""

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, cast, final

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from transformers import PreTrainedModel

from neuronscope.models.attention import route
from neuronscope.models.certificate import REFUSED, Certificate
from neuronscope.models.parts.anatomy import Anatomy, n_heads
from neuronscope.models.parts.experts import suit_experts
from neuronscope.models.parts.matrices import n_inputs
from neuronscope.models.parts.stacks import Stack
from neuronscope.models.parts.standing import Interventions, Standing
from neuronscope.models.parts.taps import Absence
from neuronscope.models.parts.towers import context, vocabulary_size
from neuronscope.models.parts.unembedding import unembedded
from neuronscope.models.probe import certify
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

_VOLATILE = ("_name_or_path", "transformers_version", "torch_dtype", "dtype", "architectures", "use_cache")
_LEARNED = ("certificate", "fingerprint", "words_fingerprint")
"""What is worked out on first use and holds of every twin."""


@final
class Model:
    """A causal language model and the names of its parts.

    ``hf`` is the native Hugging Face module, in evaluation mode, its weights frozen and its attention
    dispatched through the registry under our key; nothing is wrapped, renamed or folded. ``card`` holds
    what its folder says. ``bare`` is the same model without the interventions that it is `under`.
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
        route(self.hf)
        suit_experts(self.hf)
        self.name = name or type(hf).__name__
        self.tokenizer = tokenizer
        self.card: dict[str, Any] = dict(card or {})
        self.anatomy = Anatomy(hf)
        self.bare = self
        self._counted: dict[str | None, dict[str, int]] = {}

    def __repr__(self) -> str:
        do = f", under {'; '.join(self.do)}" if self.do else ""
        return f"Model({self.name!r}, {self.family}, {self.n_layers} layers, width {self.width}{do})"

    def under(self, interventions: Interventions) -> "Model":
        """Return the same model, weights shared, which makes these changes first in every pass.

        They come from `neuronscope.interventions`, and take the place of those that it was under. Each is
        made in every pass at every position that it names, in the order of the list where several are made
        at one site; everything else, other ops included, sees what they leave. A model under none is the
        bare one.
        Raises `BadInput` for a site that the model lacks and a direction that it has no words for.

        >>> from neuronscope import interventions, open_model
        >>> open_model("builtin:scribe").under(interventions.read("mlp_act.3.17 zero")).do
        ('mlp_act.3.17 zero',)
        """
        if not hasattr(interventions, "standing"):
            raise BadInput(
                "under takes interventions: make them with neuronscope.interventions.read, "
                'such as read("mlp_act.3.17 scale=0"), or load a file of them.'
            )
        standing = interventions.standing(self.bare)
        if standing is None:
            return self.bare
        changed = copy.copy(self.bare)
        vars(changed).pop("fingerprint", None)
        changed.anatomy = self.bare.anatomy.under(standing)
        return changed

    def twin(self, *, known: "Model | None" = None) -> "Model":
        """Return the same bare model in modules of its own, every weight shared, to run beside this one.

        Hooks are held by modules, so two threads that run two twins never meet, nor wait for each other. Make
        it while no pass or stream runs on this one, whose hooks it would take along. Certificate and
        fingerprints are taken over from ``known``, a twin as well, or from this one, where they are known.

        >>> from neuronscope import open_model
        >>> model = open_model("builtin:scribe")
        >>> twin = model.twin()
        >>> twin.anatomy.blocks[0] is model.anatomy.blocks[0]
        False
        >>> next(twin.hf.parameters()) is next(model.hf.parameters())
        True
        """
        twin = copy.copy(self.bare)
        held = (*self.hf.parameters(), *self.hf.buffers())
        twin.hf = copy.deepcopy(self.hf, {id(tensor): tensor for tensor in held})
        twin.anatomy, twin.bare, twin._counted = Anatomy(twin.hf), twin, {}
        found = vars((known or self).bare)
        vars(twin).update({fact: found[fact] for fact in _LEARNED if fact in found})
        return twin

    @property
    def standing(self) -> Standing | None:
        """Return the changes that every pass makes first, None for a bare model."""
        return self.anatomy.standing

    @property
    def do(self) -> tuple[str, ...]:
        """Return the interventions that the model is under, as they are written, in their order."""
        return () if self.standing is None else self.standing.written

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
        """Return the number of query heads of a layer, 0 where no layer attends."""
        return n_heads(self.hf) or self._sizes(self.anatomy.main)["head"]

    @property
    def n_key_heads(self) -> int:
        """Return the number of key and value heads of a layer; fewer than `n_heads` in grouped attention."""
        stated = getattr(self._config, "num_key_value_heads", None)
        return stated if isinstance(stated, int) else self._sizes(self.anatomy.main)["key_head"]

    @property
    def width(self) -> int:
        """Return the width of the residual stream."""
        return self.anatomy.width

    @property
    def head_width(self) -> int:
        """Return the width of one head's vectors."""
        output = self.anatomy.output(0) if self.anatomy.blocks else None
        heads = max(1, self.n_heads)
        return self.width // heads if output is None else n_inputs(output) // heads

    @property
    def n_neurons(self) -> int:
        """Return the number of neurons of a layer, with those of all its experts; the most of any layer."""
        return self._sizes(self.anatomy.main)["neuron"]

    @property
    def n_experts(self) -> int:
        """Return the number of experts that a layer chooses among, 0 where there are none."""
        return self._sizes(self.anatomy.main)["expert"]

    @cached_property
    def vocab_size(self) -> int:
        """Return the number of tokens that the model scores."""
        return vocabulary_size(self.hf)

    @property
    def _config(self) -> Any:
        return self.hf.config.get_text_config()

    def _sizes(self, stack: Stack) -> dict[str, int]:
        """Return how many units of each sort a layer of a stack has."""
        if stack.name not in self._counted:
            self._counted[stack.name] = stack.sizes(self.hf.config)
        return self._counted[stack.name]

    @property
    def n_positions(self) -> int:
        """Return how many tokens the context holds; the largest number where the model states no limit."""
        return context(self.hf)

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
        """Return 16 hexadecimal digits over the configuration and every weight, its bytes included.

        Under interventions they are those of the bare model and of what is done to it.
        """
        if self.standing is not None:
            both = f"{self.bare.fingerprint} under {self.standing.digest}"
            return hashlib.sha256(both.encode()).hexdigest()[:16]
        digest = hashlib.sha256(json.dumps(self.config_facts, sort_keys=True).encode())
        held = self.hf.state_dict()
        for name, weight in sorted((name, held[name]) for name in held if isinstance(held[name], Tensor)):
            digest.update(f"{name} {tuple(weight.shape)} {weight.dtype}".encode())
            for numbers in _unpacked(weight):
                digest.update(numbers.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
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
        if self.bare is not self:
            return self.bare.certificate
        return certify(self.anatomy, self.n_positions)

    def sites(self) -> list[str]:
        """Return the site names that this model has, with their stack where there are several, in order."""
        return [row.site for row in self.certificate.rows if row.status != REFUSED]

    def layers(self, name: str, stack: str | None = None) -> list[int]:
        """Return the layers that have a site, in order."""
        count = len(self.anatomy.stacks[stack].blocks)
        return [
            layer for layer in range(count) if not isinstance(self.anatomy.tap(name, layer, stack), Absence)
        ]

    def check(self, site: Site) -> Site:
        """Return the site if this model has it.

        Raises `BadInput` that names the reason and the nearest site, for a name that this model lacks, a
        stack that it has not, and for a layer, head or neuron out of range.
        """
        if site.module:
            self.anatomy.module_tap(site)
            return site
        stack = self._stack(site)
        name = site.name if stack.name is None or site.name == "logits" else f"{stack.name}/{site.name}"
        row = self.certificate.row(name)
        if row.status == REFUSED:
            near = f"; the nearest site is {row.instead}" if row.instead else ""
            raise BadInput(f"{self.name} has no {name}: {row.reason}{near}.")
        self._check_range(site, stack)
        return site

    def _stack(self, site: Site) -> Stack:
        stacks = self.anatomy.stacks
        if site.name == "logits" and site.stack is None:
            return self.anatomy.main
        if site.stack in stacks and not (site.name == "logits" and site.stack):
            return stacks[site.stack]
        bare = str(site).partition("/")[2] or str(site)
        if site.name == "logits" and site.stack in stacks:
            raise BadInput(f"{site} is there once for the whole model: write {bare}.")
        if None in stacks:
            raise BadInput(f"{site} names a stack, but this model has only one: write {bare}.")
        ways = " or ".join(f"{name}/{bare}" for name in stacks)
        raise BadInput(
            f"{site} leaves open which stack is meant, and this model has {len(stacks)}: write {ways}."
        )

    def _check_range(self, site: Site, stack: Stack) -> None:
        last = len(stack.blocks) - 1
        if isinstance(site.layer, int):
            if site.layer > last:
                near = Site(site.name, last, stack=site.stack)
                raise BadInput(f"{site} is out of range: layers run from 0 to {last}; the nearest is {near}.")
            found = self.anatomy.tap(site.name, site.layer, stack.name)
            if isinstance(found, Absence):
                there = ", ".join(map(str, self.layers(site.name, stack.name)))
                raise BadInput(f"There is no {site}: {found.reason}; layers with it are {there}.")
        unit = site.kind.unit
        if unit and site.unit is not None:
            count = stack.n_neurons(site.layer) if unit == "neuron" and isinstance(site.layer, int) else 0
            most = (count or self._sizes(stack)[unit]) - 1
            if site.unit > most:
                raise BadInput(f"{site} is out of range: its {unit.replace('_', ' ')}s run from 0 to {most}.")

    def tokenize(self, prompt: str | Sequence[int] | Tensor) -> Int[Tensor, " position"]:
        """Return the token ids of a prompt, on the model's device.

        Text goes through the tokenizer with its own default for special tokens, so a beginning-of-text
        token is there exactly when the tokenizer adds one. Ids are taken as they are. Raises `BadInput` for
        an empty prompt, one longer than the context, an id out of range, text without a tokenizer,
        and a network that reads no tokens.
        """
        main = self.hf.main_input_name
        if main != "input_ids" and not getattr(self._config, "vocab_size", None):
            raise BadInput(f"{self.name} reads {main} and no tokens: choose a model that reads text.")
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
        """Return the logits of any residual stream: the model's own last norm, head, caps and multipliers.

        Raises `BadInput` for a model without an output head, and for one under a change of its last norm or
        its logits, which this would leave out.
        """
        if self.standing is not None and (late := self.standing.names() & {"final", "logits"}):
            raise BadInput(
                f"A stream is read out by the bare output head, which leaves out the change at {min(late)}: "
                "change the stream before it, such as resid_post."
            )
        stream = stream.to(device=self.device, dtype=self.dtype)
        with torch.set_grad_enabled(stream.requires_grad):
            return unembedded(self.anatomy, stream)


def _unpacked(weight: Tensor) -> list[Tensor]:
    """Return the plain tensors that a weight is made of: itself, or those that quantisation packed."""
    if type(weight) in (Tensor, nn.Parameter):
        return [weight]
    names, _ = cast(Any, weight).__tensor_flatten__()
    return [plain for name in names for plain in _unpacked(getattr(weight, name))]


def _rules(tokenizer: Any) -> str:
    """Return all that a tokenizer goes by, as text."""
    if hasattr(tokenizer, "backend_tokenizer"):
        return tokenizer.backend_tokenizer.to_str()
    vocabulary = getattr(tokenizer, "numbers", None) or ({} if tokenizer is None else tokenizer.get_vocab())
    return json.dumps(vocabulary, sort_keys=True)
