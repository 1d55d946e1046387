"""How does a stored generation become the frames that were seen live, with no model at hand?"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from neuronscope import results
from neuronscope.doors.server.live import frames
from neuronscope.instruments.streaming.generating import Instant
from neuronscope.instruments.streaming.packing import AXES_OF
from neuronscope.words import BadInput

NAME = "generation"


def token_frame(
    instant: Instant, *, text: str, given: float | None, candidates: list[frames.Candidate]
) -> bytes:
    """Return the frame of one token; ``given`` is what the model gave it beforehand."""
    blocks, payload = frames.laid_out(
        {name: (AXES_OF[name], values) for name, values in instant.arrays.items()}
    )
    header = frames.TokenFrame(
        position=instant.position,
        id=instant.token,
        text=text,
        written=instant.written,
        log_probability=given,
        entropy=instant.entropy,
        next=candidates,
        blocks=blocks,
    )
    return frames.encode(header, payload)


class Replay:
    """One stored generation, token by token."""

    def __init__(self, result: Any, *, digest: str) -> None:
        """Take the result; raises ``BadInput`` where it is no generation."""
        self._facts = results.provenance(result)
        if not isinstance(result, xr.Dataset) or self._facts.get("analysis") != NAME:
            raise BadInput(f"The result {digest!r} is no generation, so it has no frames to replay.")
        self._result, self._digest = result, digest
        self._arrays = {name: np.asarray(result[name]) for name in AXES_OF if name in result}
        self._plain = {
            name: np.asarray(result[name]).tolist()
            for name in ("token", "token_id", "written", "log_probability", "entropy")
        }
        self._next = [
            np.asarray(result[name]).tolist() for name in ("candidate_id", "candidate", "probability")
        ]

    def __len__(self) -> int:
        return int(self._result.sizes["position"])

    def start(self) -> bytes:
        """Return the frame that says what follows."""
        arguments, model = self._facts["arguments"], self._facts["models"]["model"]
        written, sizes = self._plain["written"], self._result.sizes
        attrs = self._result.attrs
        head = frames.StartFrame(
            stream="",
            label="",
            model=model["name"],
            fingerprint=model["fingerprint"],
            layers=sizes["layer"],
            neurons=attrs["n_neurons"],
            heads=attrs["n_heads"],
            sites=list(attrs["sites"]),
            detail=arguments["detail"],
            prompt=[
                frames.Piece(id=number, text=text)
                for number, text, own in zip(
                    self._plain["token_id"], self._plain["token"], written, strict=True
                )
                if not own
            ],
            n_tokens=arguments["n_tokens"],
            do=list(attrs["do"]),
            arguments={"model": model["name"], **arguments},
            recorded=True,
            replayed=self._digest,
        )
        return frames.encode(head)

    def tokens(self, positions: range) -> Iterator[bytes]:
        """Yield the frames of some positions."""
        for position in positions:
            candidates = [
                frames.Candidate(id=number, text=text, probability=probability)
                for number, text, probability in zip(*(told[position] for told in self._next), strict=True)
            ]
            given = self._plain["log_probability"][position - 1] if position else None
            yield token_frame(
                self._instant(position),
                text=self._plain["token"][position],
                given=given,
                candidates=candidates,
            )

    def end(self) -> bytes:
        """Return the frame that says how it ended."""
        written = sum(self._plain["written"])
        model = self._facts["models"]["model"]["name"]
        arguments = self._facts["arguments"]
        end = frames.EndFrame(
            reason="length" if written == arguments["n_tokens"] else "stop",
            written=written,
            seconds=None,
            digest=self._digest,
            arguments={"model": model, **arguments},
        )
        return frames.encode(end)

    def _instant(self, position: int) -> Instant:
        arrays = {name: values[position] for name, values in self._arrays.items()}
        if "pattern" in arrays:
            arrays["pattern"] = arrays["pattern"][..., : position + 1]
        return Instant(
            position=position,
            token=self._plain["token_id"][position],
            written=self._plain["written"][position],
            follows=-1,
            log_probability=self._plain["log_probability"][position],
            entropy=self._plain["entropy"][position],
            candidates=(),
            probabilities=(),
            arrays=arrays,
        )
