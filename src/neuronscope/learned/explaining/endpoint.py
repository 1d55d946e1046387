"""How is a large model asked to explain and to simulate? Over HTTP, at any endpoint that speaks OpenAI's way.

What is sent are the excerpts and the activations on them, nothing else of the machine. Whoever runs the
program says where to: the address is read from the environment variable `NEURONSCOPE_EXPLAINER_URL`, so that
nobody who may only ask can send texts or the key elsewhere. The key is read from `NEURONSCOPE_EXPLAINER_KEY`;
without it none is sent, as local servers like it.
"""

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import numpy as np
from jaxtyping import Float

from neuronscope.learned.explaining.protocols import Excerpt, Explanation
from neuronscope.words import BadInput

ADDRESS = "NEURONSCOPE_EXPLAINER_URL"
KEY = "NEURONSCOPE_EXPLAINER_KEY"
LEVELS = 10
_LONGEST = 300
_MOST_BYTES = 2**20
_AGAIN = (408, 409, 429, 500, 502, 503, 504)

_EXPLAIN = (
    "You study one neuron of a language model. You see excerpts, a token a line, each followed by a tab and "
    "the neuron's activation from 0 to 10. Say in one short phrase what the neuron responds to. "
    "Answer with the phrase alone."
)
_SIMULATE = (
    "You are told what one neuron of a language model responds to, and see the numbered tokens of a text. "
    "Answer with one JSON object that gives the number of each token on which the neuron is active its "
    'activation from 1 to 10, such as {"3": 8}; leave the others out. Answer with the object alone.'
)


class _NoRedirect(HTTPRedirectHandler):
    """Refuse to be sent elsewhere, where the key would go too."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return nothing, so that the answer counts as an error."""


@dataclass(frozen=True)
class Endpoint:
    """An address that answers chats: ``url`` is its base, such as `http://localhost:8000/v1`.

    A question waits ``timeout`` seconds at most and is put ``tries`` times where the endpoint is busy or not
    reached; an answer has ``max_tokens`` tokens at most.
    """

    url: str
    model: str
    timeout: float = 60.0
    tries: int = 3
    max_tokens: int = 400
    pause: float = 1.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput(
                f"{self.url!r} is no address of an endpoint: set {ADDRESS}, to http://localhost:8000/v1, say."
            )
        if not self.model:
            raise BadInput("An endpoint serves several models: name the one that shall explain.")

    def ask(self, instruction: str, content: str) -> str:
        """Return the answer to one message; raises `BadInput` that says in one sentence what went wrong."""
        body = {
            "model": self.model,
            "messages": [{"role": "system", "content": instruction}, {"role": "user", "content": content}],
            "temperature": 0,
            "max_tokens": self.max_tokens,
        }
        answer = self._sent(json.dumps(body).encode())
        try:
            said = json.loads(answer)["choices"][0]["message"]["content"]
        except (ValueError, LookupError, TypeError) as error:
            raise BadInput(
                f"{self._name} answered in a way that is not OpenAI's: check its address and model."
            ) from error
        if not isinstance(said, str) or not said.strip():
            raise BadInput(
                f"{self._name} gave an empty answer: raise its limit of tokens or change the model."
            )
        return said.strip()

    @property
    def _name(self) -> str:
        return f"The endpoint at {urlsplit(self.url).hostname}"

    def _sent(self, body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY):
            headers["Authorization"] = f"Bearer {key}"
        request = Request(f"{self.url.rstrip('/')}/chat/completions", body, headers)
        opener, trouble = build_opener(_NoRedirect), ""
        for attempt in range(self.tries):
            if attempt:
                time.sleep(self.pause * 2 ** (attempt - 1))
            try:
                with opener.open(request, timeout=self.timeout) as answer:
                    return answer.read(_MOST_BYTES)
            except HTTPError as error:
                trouble = f"answered with HTTP {error.code}"
                if error.code not in _AGAIN:
                    break
            except (URLError, HTTPException, OSError) as error:
                trouble = f"could not be reached ({getattr(error, 'reason', error)})"
        hint = f"; check the key in {KEY}" if "401" in trouble or "403" in trouble else "; check its address"
        raise BadInput(f"{self._name} {trouble}{hint} and that it serves {self.model!r}.")


@dataclass(frozen=True)
class EndpointExplainer:
    """Let a large model put into words what a neuron did, from at most ``most`` excerpts."""

    endpoint: Endpoint
    most: int = 10

    def explain(self, examples: Sequence[Excerpt]) -> Explanation:
        """Return the model's phrase; raises `BadInput` as the endpoint does, and without an example."""
        if not examples:
            raise BadInput("An explanation needs examples, but there is none: give at least one excerpt.")
        highest = max(float(np.max(example.activations)) for example in examples)
        shown = "\n\n".join(_excerpt(example, highest) for example in examples[: self.most])
        said = self.endpoint.ask(_EXPLAIN, shown)
        return Explanation(" ".join(said.split())[:_LONGEST])


@dataclass(frozen=True)
class EndpointSimulator:
    """Let a large model say, from the explanation alone, where the neuron should be active."""

    endpoint: Endpoint

    def simulate(self, explanation: Explanation, tokens: Sequence[str]) -> Float[np.ndarray, " position"]:
        """Return a level from 0 to 10 for each token; raises `BadInput` where the answer cannot be read."""
        numbered = "\n".join(f"{place}\t{token!r}" for place, token in enumerate(tokens))
        said = self.endpoint.ask(_SIMULATE, f"The neuron responds to: {explanation.text}\n\n{numbered}")
        expected = np.zeros(len(tokens))
        for place, level in _levels(said).items():
            if 0 <= place < len(tokens):
                expected[place] = min(max(level, 0.0), LEVELS)
        return expected


def discretised(activations: np.ndarray, highest: float) -> list[int]:
    """Return activations as whole numbers from 0 to 10, nothing below zero (Bills et al. 2023).

    >>> discretised(np.array([-1.0, 0.0, 1.9, 2.0]), 2.0)
    [0, 0, 9, 10]
    """
    if not highest > 0:
        return [0] * len(activations)
    return np.minimum(LEVELS, np.floor(LEVELS * np.maximum(activations, 0) / highest)).astype(int).tolist()


def _excerpt(example: Excerpt, highest: float) -> str:
    levels = discretised(example.activations, highest)
    return "\n".join(f"{token!r}\t{level}" for token, level in zip(example.tokens, levels, strict=True))


def _levels(said: str) -> dict[int, float]:
    start, end = said.find("{"), said.rfind("}")
    try:
        found: Any = json.loads(said[start : end + 1])
        pairs: Mapping[Any, Any] = found if isinstance(found, dict) else {}
        return {int(place): float(level) for place, level in pairs.items()}
    except (ValueError, TypeError) as error:
        raise BadInput(
            f"The simulator did not answer with levels of tokens but with {said!r:.80}: choose another model."
        ) from error
