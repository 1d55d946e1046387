"""What happens inside a model while it writes, and what would it write if I changed some of it?"""

import inspect
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast, final

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import Readings
from neuronscope.instruments.run import check_fired, wanted
from neuronscope.instruments.streaming.growing import make_room
from neuronscope.instruments.streaming.moment import Moment, moment_visits, waits
from neuronscope.instruments.streaming.sampling import Sampling
from neuronscope.models.attention import Place, Visit
from neuronscope.models.batch import Batch
from neuronscope.models.forward import Pass, holding
from neuronscope.models.hooks import check_evaluation_mode
from neuronscope.models.inputs import Inputs, Spans, prepare
from neuronscope.models.model import Model
from neuronscope.models.parts.standing import READ_ONCE
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

_CACHES = ("past_key_values", "cache_params")


@final
class Step(Readings):
    """One token of a stream, and what was read in the pass that chose it.

    ``position`` is the token's own place in the text, ``computed`` the positions that this pass worked out:
    the whole prompt at first, then one position a step. ``logits`` are the scores that the token was chosen
    from.
    """

    def __init__(
        self, model: Model, token: int, computed: range, logits: Tensor, values: Mapping[Site, Tensor]
    ) -> None:
        super().__init__(values, model.n_layers)
        self._model, self.token = model, token
        self.computed, self.position = computed, computed.stop
        self.logits: Float[Tensor, " vocab"] = logits

    @cached_property
    def text(self) -> str:
        """Return the exact text of the token, leading space kept."""
        return self._model.token_text(self.token)

    @property
    def log_probability(self) -> float:
        """Return the model's own natural logarithm of the token's probability, at temperature 1."""
        return float(self.logits.double().log_softmax(-1)[self.token])

    def __repr__(self) -> str:
        return f"Step({self.text!r} at {self.position}, {len(self.sites)} sites)"


@dataclass(frozen=True)
class _Course:
    """How a text goes on: how far, how tokens are chosen, which end it, and what the network is told besides.

    ``quick`` lets passes run in inference mode.
    """

    n_tokens: int
    sampling: Sampling
    ends: frozenset[int]
    options: Mapping[str, Any]
    quick: bool


def stream(  # noqa: PLR0913 - how a token is chosen takes four
    model: Model,
    prompt: Inputs,
    n_tokens: int,
    *,
    get: str | Site | Iterable[str | Site] = (),
    do: Op | Iterable[Op] = (),
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    stop: int | Iterable[int] | None = None,
    spans: Spans | None = None,
) -> Generator[Step, Model | None, None]:
    """Let a model go on from a prompt and yield a `Step` for each new token, with what was read on the way.

    The likeliest token is taken; with a ``temperature`` one is drawn, after ``top_k`` and ``top_p``, the same
    again for the same ``seed``. ``stop`` names tokens that end the text once written; left out, the model's
    own. Keys and values are kept from pass to pass, so each pass after the first computes one position. An
    encoder reads the prompt once, and the text that grows is the decoder's.

    Positions of ``get`` and ``do`` count from the beginning of the text: ``resid_post.3@20`` is read or
    changed when position 20 is computed, be it in the prompt or while writing; ``@-1`` is the newest token of
    every pass, and an address without a position every position that a pass computes. ``spans`` name parts of
    the prompt. Keys and values (``k``, ``v``) and the key axis of ``scores`` and ``pattern`` cover all
    positions so far that the model still attends to, in every pass; a changed key is changed for the pass,
    not in what is kept. The same model `under` other interventions, sent to the generator, makes the passes
    from then on.

    Hooks stay on the model while the stream is open, seen by its own passes alone; they go when it ends or is
    closed. Raises `BadInput` as `run` does, for several prompts, for a text longer than the context, and for
    a position that the stream never reaches.
    """
    check_evaluation_mode(model.hf)
    if not model.hf.can_generate():
        raise BadInput(f"{model.name} writes no text token after token, so it cannot stream: use run.")
    reads, ops = wanted(model, get), [do] if isinstance(do, Op) else list(do)
    sampling = Sampling(temperature, top_k, top_p, seed)
    batch = _prompt(model, prepare(model, prompt, spans=spans), n_tokens)
    sites = [*reads, *(op.site for op in ops)]
    for site in sites:
        model.check(site)
        _check_reachable(site, batch, n_tokens)
    named = {name: span for name, (span,) in batch.spans.items()}
    moment = Moment(set(filter(waits, sites)), named)
    # A function of the user may take gradients of its own, which torch denies to what inference mode made.
    quick = not any(op.kind == "fn" for op in ops)
    course = _Course(n_tokens, sampling, _ends(model, stop), _options(model, sites), quick)
    return _steps(model, batch, moment_visits(reads, ops, moment), moment, course)


@dataclass
class _Text:
    """Where the text stands: what the next pass reads, how many tokens may follow, and chance so far."""

    fed: dict[str, Any]
    new: int
    left: int
    chance: torch.Generator


def _steps(
    model: Model, batch: Batch, visits: Mapping[Place, Visit], moment: Moment, course: _Course
) -> Generator[Step, Model | None, None]:
    text = _Text(dict(batch.inputs), _begun(batch), course.n_tokens, course.sampling.generator())
    while text.left:
        with holding(model.anatomy, visits) as one_pass, _lasting(model):
            other = yield from _until_changed(model, text, visits, one_pass, moment, course)
        if other is not None and other.bare is not model.bare:
            raise BadInput(f"A stream of {model.name} cannot go on in {other.name}: change the same model.")
        model = other or model
    if moment.waiting:
        missed = min(map(str, moment.waiting))
        raise BadInput(f"{missed} was never reached: the text ended after position {moment.length - 1}.")


def _until_changed(
    model: Model,
    text: _Text,
    visits: Mapping[Place, Visit],
    one_pass: Callable[..., Pass],
    moment: Moment,
    course: _Course,
) -> Generator[Step, Model | None, Model | None]:
    """Yield steps until the text ends, or until the model under other interventions is sent; return that."""
    while text.left:
        computed = moment.begin(text.new)
        with torch.inference_mode() if course.quick else torch.no_grad():
            done = one_pass(text.fed, use_cache=True, **course.options)
        if computed.start == 0:
            check_fired(visits, done.fired, stopped=False)
        logits = cast(Tensor, done.logits)[0, -1].clone()
        token = course.sampling.choice(logits, text.chance)
        text.fed, text.new = _following(model, token, done), 1
        text.left = 0 if token in course.ends else text.left - 1
        step = Step(model, token, computed, logits, moment.readings())
        del done, logits
        other = yield step
        del step
        if other is not None:
            return other
    return None


def _prompt(model: Model, batch: Batch, n_tokens: int) -> Batch:
    """Return the one prompt that a stream goes on from, without padding."""
    if len(batch) != 1:
        raise BadInput(f"A stream goes on from one prompt, but here are {len(batch)}: stream each by itself.")
    own = Batch({"input_ids": batch.tokens[:, batch.own(0)]}, batch.lengths, (0,), batch.spans)
    if "decoder_input_ids" in batch.inputs:
        own = replace(own, inputs={**own.inputs, "decoder_input_ids": batch.inputs["decoder_input_ids"]})
    usual = {"attention_mask", *own.inputs}
    if "position_ids" in batch.inputs:
        counted = batch.inputs["position_ids"][0, batch.own(0)].tolist()
        usual |= {"position_ids"} if counted == list(range(batch.lengths[0])) else set()
    strange = next((name for name in batch.inputs if name not in usual), None)
    if strange is not None:
        raise BadInput(f"A stream goes on from token ids, and takes no {strange} of yours: use run.")
    if n_tokens < 1:
        raise BadInput(f"n_tokens is {n_tokens}, but a stream writes at least 1 token.")
    room = model.n_positions - _begun(own) + 1
    if n_tokens > room:
        raise BadInput(
            f"n_tokens is {n_tokens}, but after a prompt of {_begun(own)} this model has room for {room}."
        )
    return own


def _begun(batch: Batch) -> int:
    """Return how many positions of the text that grows stand before the first new token."""
    return batch.inputs.get("decoder_input_ids", batch.tokens).shape[1]


def _check_reachable(site: Site, batch: Batch, n_tokens: int) -> None:
    asked, n_computed = site.position, _begun(batch) + n_tokens - 1
    if site.stack in READ_ONCE:
        n_computed = batch.width
    if isinstance(asked, str):
        if not batch.counts_tokens(site):
            raise BadInput(f"{site} names a part of the prompt, but {site.stack} does not read the prompt.")
        asked = batch.positions(site, 0)[0]
    first = asked.start or 0 if isinstance(asked, slice) else asked
    if first is not None and first >= n_computed:
        raise BadInput(
            f"{site} is never reached: this stream computes positions 0 to {n_computed - 1}; "
            "ask for more tokens."
        )


def _ends(model: Model, stop: int | Iterable[int] | None) -> frozenset[int]:
    if stop is None:
        stop = getattr(model.hf.generation_config, "eos_token_id", None)
    if stop is None:
        return frozenset()
    return frozenset([stop] if isinstance(stop, int) else stop)


def _options(model: Model, sites: Iterable[Site]) -> dict[str, Any]:
    """Ask for the last position's logits alone, where the network can and no address names others."""
    named = any(site.name == "logits" and site.position != -1 for site in sites)
    able = "logits_to_keep" in inspect.signature(model.hf.forward).parameters
    return {"logits_to_keep": 1} if able and not named else {}


def _following(model: Model, token: int, done: Pass) -> dict[str, Any]:
    kept = {name: done.output[name] for name in _CACHES if done.output.get(name) is not None}
    if not kept:
        raise BadInput(f"{model.name} keeps nothing from one pass to the next, so it cannot stream: use run.")
    make_room(kept.get("past_key_values"))
    fed = torch.tensor([[token]], device=model.device)
    if not model.hf.config.is_encoder_decoder:
        return {"input_ids": fed, **kept}
    return {"encoder_outputs": (done.output.encoder_last_hidden_state,), "decoder_input_ids": fed, **kept}


@contextmanager
def _lasting(model: Model) -> Iterator[None]:
    """Turn what a network made for itself in inference mode, such as a longer table, into plain tensors."""
    try:
        yield
    finally:
        with model.anatomy.lock:
            for module in model.hf.modules():
                for held in (module.__dict__, module._buffers):
                    for name, value in held.items():
                        if isinstance(value, Tensor) and value.is_inference():
                            held[name] = value.clone()
