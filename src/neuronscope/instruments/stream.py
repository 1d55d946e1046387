"""What happens inside a model while it writes, and what would it write if I changed some of it?"""

import inspect
from collections.abc import Generator, Iterable, Mapping, Sequence
from typing import Any, cast, final

import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.ops import Op
from neuronscope.instruments.readings import Readings
from neuronscope.instruments.run import check_fired, wanted
from neuronscope.instruments.streaming.moment import READ_ONCE, Moment, moment_visits
from neuronscope.instruments.streaming.sampling import Sampling
from neuronscope.models.attention import Place, Visit
from neuronscope.models.forward import Pass, holding
from neuronscope.models.model import Model
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
        self.token, self.text = token, model.token_text(token)
        self.computed, self.position = computed, computed.stop
        self.logits: Float[Tensor, " vocab"] = logits

    @property
    def log_probability(self) -> float:
        """Return the model's own natural logarithm of the token's probability, at temperature 1."""
        return float(self.logits.double().log_softmax(-1)[self.token])

    def __repr__(self) -> str:
        return f"Step({self.text!r} at {self.position}, {len(self.sites)} sites)"


def stream(  # noqa: PLR0913 - how a token is chosen takes four
    model: Model,
    prompt: str | Sequence[int] | Tensor,
    n_tokens: int,
    *,
    get: str | Site | Iterable[str | Site] = (),
    do: Op | Iterable[Op] = (),
    temperature: float | None = None,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    stop: int | Iterable[int] | None = None,
) -> Generator[Step, None, None]:
    """Let a model go on from a prompt and yield a `Step` for each new token, with what was read on the way.

    The likeliest token is taken; with a ``temperature`` one is drawn, after ``top_k`` and ``top_p``, the same
    again for the same ``seed``. ``stop`` names tokens that end the text once written; left out, the model's
    own. Keys and values are kept from pass to pass, so each pass after the first computes one position.

    Positions of ``get`` and ``do`` count from the beginning of the text: ``resid_post.3@20`` is read or
    changed when position 20 is computed, be it in the prompt or while writing; ``@-1`` is the newest token of
    every pass, and an address without a position every position that a pass computes. Keys and values (``k``,
    ``v``) and the key axis of ``scores`` and ``pattern`` cover all positions so far that the model still
    attends to, in every pass; a changed key is changed for the pass, not in what is kept.

    Hooks stay on the model while the stream is open, seen by its own passes alone; they go when it ends or is
    closed. Raises `BadInput` as `run` does, for a text longer than the context, and for a position that the
    stream never reaches.
    """
    if any(module.training for module in model.hf.modules()):
        raise BadInput("The model is in training mode, where dropout adds noise: call model.hf.eval() first.")
    reads, ops = wanted(model, get), [do] if isinstance(do, Op) else list(do)
    sampling = Sampling(temperature, top_k, top_p, seed)
    tokens = _prompt(model, prompt, n_tokens)
    sites = [*reads, *(op.site for op in ops)]
    for site in sites:
        model.check(site)
        if isinstance(site.position, str):
            raise BadInput(
                f"{site} names a span, but a text that grows has none: write a position, as in @3."
            )
        _check_reachable(
            site, len(tokens) if site.stack in READ_ONCE else _begun(model, tokens) + n_tokens - 1
        )
    moment = Moment({site for site in sites if site.position is not None})
    visits = moment_visits(reads, ops, moment)
    return _steps(
        model, tokens, n_tokens, visits, moment, sampling, _options(model, sites), _ends(model, stop)
    )


def _steps(
    model: Model,
    prompt: Tensor,
    n_tokens: int,
    visits: Mapping[Place, Visit],
    moment: Moment,
    sampling: Sampling,
    options: Mapping[str, Any],
    ends: frozenset[int],
) -> Generator[Step, None, None]:
    fed, new, chance = _opening(model, prompt), _begun(model, prompt), sampling.generator()
    with holding(model.anatomy, visits) as one_pass:
        for number in range(n_tokens):
            computed = moment.begin(new)
            with torch.no_grad():
                done = one_pass(fed, use_cache=True, **options)
            if number == 0:
                check_fired(visits, done.fired, stopped=False)
            logits = _last(done)
            token, new = sampling.choice(logits, chance), 1
            fed = _following(model, token, done)
            step = Step(model, token, computed, logits, moment.readings())
            del done, logits
            yield step
            del step
            if token in ends:
                break
    if moment.waiting:
        missed = min(map(str, moment.waiting))
        raise BadInput(f"{missed} was never reached: the text ended after position {moment.length - 1}.")


def _prompt(model: Model, prompt: str | Sequence[int] | Tensor, n_tokens: int) -> Tensor:
    tokens = model.tokenize(prompt)
    if n_tokens < 1:
        raise BadInput(f"n_tokens is {n_tokens}, but a stream writes at least 1 token.")
    room = model.n_positions - _begun(model, tokens) + 1
    if n_tokens > room:
        raise BadInput(
            f"n_tokens is {n_tokens}, but after a prompt of {len(tokens)} this model has room for {room}."
        )
    return tokens


def _begun(model: Model, prompt: Tensor) -> int:
    """Return how many positions of the text that grows stand before the first new token."""
    return 1 if model.hf.config.is_encoder_decoder else len(prompt)


def _check_reachable(site: Site, n_computed: int) -> None:
    asked = site.position
    assert not isinstance(asked, str)
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


def _opening(model: Model, prompt: Tensor) -> dict[str, Any]:
    if not model.hf.config.is_encoder_decoder:
        return {"input_ids": prompt[None]}
    start = model.hf.generation_config.decoder_start_token_id
    if start is None:
        raise BadInput(
            f"{model.name} does not say which token its decoder starts from: set it in hf.generation_config."
        )
    return {"input_ids": prompt[None], "decoder_input_ids": torch.tensor([[start]], device=model.device)}


def _following(model: Model, token: int, done: Pass) -> dict[str, Any]:
    kept = {name: done.output[name] for name in _CACHES if done.output.get(name) is not None}
    if not kept:
        raise BadInput(f"{model.name} keeps nothing from one pass to the next, so it cannot stream: use run.")
    fed = torch.tensor([[token]], device=model.device)
    if not model.hf.config.is_encoder_decoder:
        return {"input_ids": fed, **kept}
    return {"encoder_outputs": (done.output.encoder_last_hidden_state,), "decoder_input_ids": fed, **kept}


def _last(done: Pass) -> Tensor:
    logits = cast(Tensor, done.logits)
    last = logits[0, -1]
    return last if logits.shape[1] == 1 else last.clone()
