"""What goes on while a client watches a model write? Token by token, held and steered on the way."""

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from neuronscope import contract
from neuronscope.contract import Definition
from neuronscope.doors.server.live import frames
from neuronscope.doors.server.live.control import Control
from neuronscope.doors.server.live.outlet import Outlet
from neuronscope.doors.server.live.recording import token_frame
from neuronscope.instruments import interventions
from neuronscope.instruments.streaming.changes import course_of, written_changes
from neuronscope.instruments.streaming.generating import Course, Instant, followed, generate, sites_of
from neuronscope.models import Model
from neuronscope.results import Cancelled, Progress, digest, listening
from neuronscope.words import BadInput

Reason = Literal["length", "stop", "stopped"]


@dataclass
class Stream:
    """One model that writes for one client, a twin of the one that answers questions meanwhile.

    ``twin`` makes it. ``asked`` is the question to `generation` as it was asked. ``listen`` is told how far
    it is and raises ``Cancelled`` where the job is to stop; ``noted`` is told what the question has become.
    """

    label: str
    recorded: bool
    asked: Mapping[str, Any]
    twin: Callable[[Model], Model]
    listen: Callable[[Progress], None]
    noted: Callable[[Mapping[str, Any]], None]
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    control: Control = field(default_factory=Control)
    outlet: Outlet = field(default_factory=Outlet)

    def work(
        self,
        definition: Definition,
        arguments: Mapping[str, Any],
        *,
        store: Any,
        openers: Any,
        **machine: Any,
    ) -> Any:
        """Answer the question as ``contract.ask`` does, letting the client see each token as it comes.

        Raises ``Cancelled`` where nothing was recorded.
        """
        try:
            return self._worked(definition, arguments, store=store, openers=openers, **machine)
        except Cancelled:
            raise
        except BadInput as error:
            self.say(frames.ErrorFrame(detail=str(error), status=422))
            raise
        except BaseException:
            detail = "The stream broke off by a fault of the server; its log has the details."
            self.say(frames.ErrorFrame(detail=detail, status=500))
            raise
        finally:
            self.outlet.close()

    def _worked(
        self,
        definition: Definition,
        arguments: Mapping[str, Any],
        *,
        store: Any,
        openers: Any,
        **machine: Any,
    ) -> Any:
        words = definition.check({n: v for n, v in arguments.items() if n not in definition.subjects})
        opened = openers["Model"](arguments["model"], device=machine["device"], dtype=machine["dtype"])
        model = self.twin(opened.bare).under(interventions.read(machine.get("do") or ()))
        prompt = words.pop("prompt")
        writing = _Writing(self, model, prompt, course_of(model, **words))
        reason = writing.go()
        became, seconds = writing.became(reason), writing.seconds
        result, warning = None, None
        if self.recorded and writing.written:
            with followed(writing.kept), listening(_unheard):
                still = {**openers, "Model": lambda *_, **__: opened}
                result = contract.ask(
                    definition, {**arguments, **became}, store=store, openers=still, **machine
                )
            warning = store.warning(digest(result))
        elif self.recorded:
            warning = "Nothing was written, so there is nothing to keep."
        end = frames.EndFrame(
            reason=reason,
            written=writing.written,
            seconds=seconds,
            digest=None if result is None else digest(result),
            arguments={**self.asked, **became},
            warning=warning,
        )
        self.say(end)
        if result is None:
            raise Cancelled
        return result

    def say(self, header: frames.AnyFrame) -> None:
        """Send a frame without a payload."""
        self.outlet.put(frames.encode(header))


def _unheard(_: Progress) -> None:
    """Let what was seen be stored although its job was told to stop."""


class _Writing:
    """A text that grows: what was seen so far, and what was changed."""

    def __init__(self, stream: Stream, model: Model, prompt: str, course: Course) -> None:
        self._stream, self._model, self._prompt, self._course = stream, model, prompt, course
        self._tokens = model.tokenize(prompt).tolist()
        self._texts: dict[int, str] = {}
        self._changes: dict[int, tuple[str, ...]] = {}
        self._begun = time.perf_counter()
        self._before: float | None = None
        self._seen = 0
        self.kept: list[Instant] = []
        self.written = 0

    @property
    def seconds(self) -> float:
        """Return how long it took, pauses included."""
        return time.perf_counter() - self._begun

    def go(self) -> Reason:
        """Follow the text to its end and say why it ended."""
        stream, total = self._stream, len(self._tokens) + self._course.n_tokens
        stream.say(self._start())
        instants = generate(self._model, self._prompt, self._course)
        sent: Model | None = None
        try:
            while stream.control.wait():
                change = stream.control.take()
                sent = sent if change is None else self._changed(change)
                instant = instants.send(sent if self._seen else None)
                sent = sent if not self._seen else None
                stream.listen(Progress("tokens", self._seen, total))
                if not self._pass_on(instant):
                    break
        except StopIteration:
            return "stop" if self.written < self._course.n_tokens else "length"
        except Cancelled:
            return "stopped"
        finally:
            instants.close()
        return "stopped"

    def became(self, reason: Reason) -> dict[str, Any]:
        """Return what of the question is other than it was asked, so that it gives what was written."""
        changes = {"changes": list(written_changes(self._changes))} if self._changes else {}
        return changes | ({"n_tokens": self.written} if reason == "stopped" else {})

    def _pass_on(self, instant: Instant) -> bool:
        """Keep an instant where it is recorded, and return whether somebody is there to see it."""
        self._seen += 1
        self.written += instant.written
        if self._stream.recorded:
            self.kept.append(instant)
        candidates = [
            frames.Candidate(id=token, text=self._text(token), probability=probability)
            for token, probability in zip(instant.candidates, instant.probabilities, strict=True)
        ]
        given, self._before = self._before, instant.log_probability
        frame = token_frame(instant, text=self._text(instant.token), given=given, candidates=candidates)
        return self._stream.outlet.put(frame)

    def _changed(self, change: interventions.Interventions) -> Model:
        position = max(self._seen, len(self._tokens))
        self._changes[position] = change.texts
        self._stream.noted({**self._stream.asked, **self.became("length")})
        return self._model.bare.under(change)

    def _text(self, token: int) -> str:
        if token not in self._texts:
            self._texts[token] = self._model.token_text(token)
        return self._texts[token]

    def _start(self) -> frames.StartFrame:
        model, course = self._model, self._course
        return frames.StartFrame(
            stream=self._stream.id,
            label=self._stream.label,
            model=model.name,
            fingerprint=model.fingerprint,
            layers=model.n_layers,
            neurons=model.n_neurons,
            heads=model.n_heads,
            sites=sites_of(patterns=course.patterns),
            detail=course.detail,
            prompt=[frames.Piece(id=token, text=self._text(token)) for token in self._tokens],
            n_tokens=course.n_tokens,
            do=list(model.do),
            arguments=dict(self._stream.asked),
            recorded=self._stream.recorded,
            replayed=None,
        )
