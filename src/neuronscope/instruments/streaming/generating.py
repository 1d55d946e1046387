"""What does every neuron do while a model reads its prompt and writes on, token by token?"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuronscope.instruments.streaming.packing import Detail, bytes_each, packed
from neuronscope.instruments.streaming.sampling import Sampling
from neuronscope.instruments.streaming.stream import Step, stream
from neuronscope.models.model import Model
from neuronscope.words import BadInput

MOST_BYTES = 2**30
"""Most that the activations and patterns of one text may take."""


@dataclass(frozen=True)
class Course:
    """How a text goes on and what is kept of it.

    ``ends`` are tokens after which nothing is written, besides the model's own; ``candidates`` how many of
    the likeliest next tokens are told; ``patterns`` keeps whom each new token attends to. ``changes`` are the
    same model under other interventions, by the position that it computes first.
    """

    n_tokens: int
    sampling: Sampling = field(default_factory=Sampling)
    ends: frozenset[int] = frozenset()
    candidates: int = 5
    detail: Detail = "f16"
    patterns: bool = False
    changes: Mapping[int, Model] = field(default_factory=dict)


@dataclass(frozen=True)
class Instant:
    """One token of the text, what the model computed as it read it, and what it expects after it.

    ``follows`` is the token that was chosen next and ``log_probability`` what the model gave it, in nats;
    ``arrays`` are those of `packing.AXES_OF`, every number as it is kept.
    """

    position: int
    token: int
    written: bool
    follows: int
    log_probability: float
    entropy: float
    candidates: tuple[int, ...]
    probabilities: tuple[float, ...]
    arrays: Mapping[str, np.ndarray]


_FOLLOWED: ContextVar[Sequence[Instant] | None] = ContextVar("followed", default=None)


@contextmanager
def followed(instants: Sequence[Instant]) -> Iterator[None]:
    """Let what is generated inside the block be these instants, which were followed just before."""
    token = _FOLLOWED.set(instants)
    try:
        yield
    finally:
        _FOLLOWED.reset(token)


def generate(model: Model, prompt: str, course: Course) -> Generator[Instant, Model | None, None]:
    """Yield every token of a prompt, then every token that the model writes, each with what it computed.

    The same model under other interventions, sent to the generator, goes on from the next token computed.
    A token is computed when the one before it has been chosen, so that its own activations are there too;
    one more is chosen after the last and not written. Raises `BadInput` as `stream` does.
    """
    held = _FOLLOWED.get()
    if held is not None:
        if model.standing is not None:
            model.standing.claim()
        yield from held
        return
    tokens = model.tokenize(prompt)
    _check(model, len(tokens), course)
    ends = ends_of(model, course)
    sampling = course.sampling
    steps = stream(
        model,
        tokens,
        course.n_tokens + 1,
        get=[*sites_of(patterns=course.patterns), "logits"],
        temperature=sampling.temperature,
        top_k=sampling.top_k,
        top_p=sampling.top_p,
        seed=sampling.seed,
        stop=(),
    )
    text = tokens.tolist()
    sent: Model | None = None
    while True:
        try:
            step = steps.send(sent) if sent is not None else next(steps)
        except StopIteration:
            return
        sent = course.changes.get(step.computed.stop)
        text.append(step.token)
        moments = _Moments(step, course, text)
        for position in step.computed:
            written = position >= len(tokens)
            given = yield moments.at(position, written=written)
            sent = given if given is not None else sent
            if written and text[position] in ends:
                steps.close()
                return


class _Moments:
    """What one pass says about each of its positions; the softmax of all is taken at once."""

    def __init__(self, step: Step, course: Course, text: list[int]) -> None:
        self._step, self._course, self._text = step, course, text
        self._activation = step["mlp_act.*"][:, 0]
        streams = [step["resid_pre.0"][None], step["resid_post.*"]]
        self._norm = torch.cat(streams)[:, 0].float().norm(dim=-1).cpu().numpy()
        self._logits = step["logits"][0]

    def at(self, position: int, *, written: bool) -> Instant:
        row = position - self._step.computed.start
        log_probability = self._logits[row].float().log_softmax(-1)
        probability = log_probability.exp()
        best = probability.topk(min(self._course.candidates, len(probability)))
        arrays = packed(self._activation[:, row], self._course.detail)
        arrays["stream_norm"] = self._norm[:, row]
        if self._course.patterns:
            arrays["pattern"] = _row(self._step["pattern.*"][:, 0, :, row], position + 1)
        follows = self._text[position + 1]
        return Instant(
            position=position,
            token=self._text[position],
            written=written,
            follows=follows,
            log_probability=float(log_probability[follows]),
            entropy=float(-(probability * log_probability).nan_to_num().sum()),
            candidates=tuple(best.indices.tolist()),
            probabilities=tuple(best.values.tolist()),
            arrays=arrays,
        )


def _row(pattern: Float[Tensor, "layer head key"], length: int) -> np.ndarray:
    """Return one query's attention over the whole text so far, also where a window holds only its end."""
    shown = pattern[..., -length:] if pattern.shape[-1] < length else pattern[..., :length]
    whole = torch.zeros(*pattern.shape[:2], length)
    whole[..., length - shown.shape[-1] :] = shown.float().cpu()
    return whole.half().numpy()


def ends_of(model: Model, course: Course) -> frozenset[int]:
    """Return the tokens after which nothing is written: the model's own, and those of the course."""
    own = getattr(model.hf.generation_config, "eos_token_id", None)
    return course.ends | frozenset([own] if isinstance(own, int) else own or [])


def sites_of(*, patterns: bool) -> list[str]:
    """Return what is read at every token."""
    return ["mlp_act.*", "resid_pre.0", "resid_post.*", *(["pattern.*"] if patterns else [])]


def _check(model: Model, n_prompt: int, course: Course) -> None:
    if model.hf.config.is_encoder_decoder:
        raise BadInput(f"{model.name} writes from an encoder's reading, not on from its prompt: use stream.")
    room = model.n_positions - n_prompt
    if course.n_tokens > room:
        raise BadInput(
            f"n_tokens is {course.n_tokens}, but after a prompt of {n_prompt} tokens this model has room "
            f"for {max(room, 0)}: ask for fewer."
        )
    length = n_prompt + course.n_tokens
    most = length * bytes_each(course.detail, layers=model.n_layers, neurons=model.n_neurons)
    most += length * length * model.n_layers * model.n_heads * 2 if course.patterns else 0
    if most > MOST_BYTES:
        raise BadInput(
            f"{length} tokens would take {most / 2**30:.1f} GiB, and {MOST_BYTES / 2**30:.0f} is the most: "
            "ask for fewer tokens, for detail int8 or top, or for no patterns."
        )
    early = next((position for position in course.changes if position < n_prompt), None)
    if early is not None:
        raise BadInput(
            f"A change at position {early} lies in the prompt, whose {n_prompt} tokens are read in one pass."
        )
