"""How does a stream lie in bytes? Frames: two lengths, a JSON header, then arrays that are read in place.

A frame is ``u32 header length | u32 payload length | header | payload``, little-endian. The header is JSON,
padded with spaces so that the payload begins at a multiple of eight bytes; each array of the payload begins
at one too, so typed arrays lie on it without a copy. The header's shapes are in the OpenAPI description.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, Field, RootModel, TypeAdapter

from neuronscope.words import BadInput

MEDIA = "application/vnd.neuronscope.frames"
LARGEST_HEADER = 2**24
LARGEST_PAYLOAD = 2**28
_LENGTHS = struct.Struct("<II")
Dtype = Literal["int8", "uint16", "uint32", "float16", "float32"]
Arrays = Mapping[str, tuple[str, np.ndarray]]
"""Arrays of one moment by name, each with the words of its axes."""


class Block(BaseModel):
    """One array of a payload: its axes, its shape, and where it begins."""

    name: str
    axes: list[str]
    dtype: Dtype
    shape: list[int]
    offset: int = Field(description="First byte in the payload, a multiple of eight.")


class Piece(BaseModel):
    """One token of the text."""

    id: int
    text: str


class Candidate(BaseModel):
    """One token that might come next, and how probable the model finds it."""

    id: int
    text: str
    probability: float


class StartFrame(BaseModel):
    """What is about to be seen: the model, the prompt, and the question that gives the same once more."""

    kind: Literal["start"] = "start"
    stream: str = Field(description="Id for the control of the stream; empty in a replay.")
    label: str = Field(description="Which of several streams side by side this is.")
    model: str
    fingerprint: str
    layers: int
    neurons: int
    heads: int
    sites: list[str] = Field(description="What is read at every token.")
    detail: str
    prompt: list[Piece]
    n_tokens: int = Field(description="How many tokens the model may write.")
    do: list[str] = Field(description="Interventions in force at the start.")
    arguments: dict[str, object] = Field(description="The question to the analysis `generation`.")
    recorded: bool = Field(description="Whether every token is kept on disk as it comes.")
    replayed: str | None = Field(description="Digest of the result that is replayed.")


class TokenFrame(BaseModel):
    """One token that was read or written, and what the model computed as it read it."""

    kind: Literal["token"] = "token"
    position: int
    id: int
    text: str
    written: bool = Field(description="Whether the model wrote it; else it is of the prompt.")
    log_probability: float | None = Field(
        description="What the model gave it beforehand, in nats; null for the first."
    )
    entropy: float = Field(description="Uncertainty about the token that follows, in nats.")
    next: list[Candidate]
    blocks: list[Block]


class EndFrame(BaseModel):
    """How the stream ended, and where it is kept."""

    kind: Literal["end"] = "end"
    reason: Literal["length", "stop", "stopped"]
    written: int
    seconds: float | None = Field(description="How long the model wrote; null in a replay.")
    digest: str | None = Field(description="Digest of the stored result.")
    arguments: dict[str, object] = Field(description="What was really done, as a question to `generation`.")
    warning: str | None = Field(default=None, description="Why it could not be kept, where that is so.")


class ErrorFrame(BaseModel):
    """Why the stream broke off."""

    kind: Literal["error"] = "error"
    detail: str
    status: int


AnyFrame = StartFrame | TokenFrame | EndFrame | ErrorFrame


class Frame(RootModel[Annotated[AnyFrame, Field(discriminator="kind")]]):
    """The header of one frame, told apart by ``kind``."""


_HEADERS: TypeAdapter[AnyFrame] = TypeAdapter(Annotated[AnyFrame, Field(discriminator="kind")])


def laid_out(arrays: Arrays) -> tuple[list[Block], bytes]:
    """Return where each array lies in a payload, and the payload."""
    blocks, parts, offset = [], [], 0
    for name, (axes, values) in arrays.items():
        data = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<")).tobytes()
        dtype: Dtype = str(values.dtype)  # pyright: ignore[reportAssignmentType]
        blocks.append(
            Block(name=name, axes=axes.split(), dtype=dtype, shape=list(values.shape), offset=offset)
        )
        filled = data.ljust(_eights(len(data)), b"\0")
        parts.append(filled)
        offset += len(filled)
    return blocks, b"".join(parts)


def encode(header: AnyFrame, payload: bytes = b"") -> bytes:
    """Return a frame as bytes, a multiple of eight of them."""
    words = header.model_dump_json().encode()
    words = words.ljust(_eights(len(words)))
    return _LENGTHS.pack(len(words), len(payload)) + words + payload


def arrays_of(header: AnyFrame, payload: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of a payload by name, without a copy."""
    blocks = header.blocks if isinstance(header, TokenFrame) else []
    return {
        block.name: np.frombuffer(
            payload, dtype=np.dtype(block.dtype), count=int(np.prod(block.shape)), offset=block.offset
        ).reshape(block.shape)
        for block in blocks
    }


class FrameReader:
    """Put frames together from bytes that come in pieces, cut anywhere."""

    def __init__(self) -> None:
        self._held = bytearray()

    def push(self, piece: bytes) -> Iterator[tuple[AnyFrame, bytes]]:
        """Yield every frame that is whole now, as its header and its payload.

        Raises ``BadInput`` where the bytes are no frames.
        """
        self._held += piece
        while len(self._held) >= _LENGTHS.size:
            head, body = _LENGTHS.unpack_from(self._held)
            if head > LARGEST_HEADER or body > LARGEST_PAYLOAD or head % 8 or body % 8:
                raise BadInput(f"These bytes are no frames: lengths of {head} and {body} bytes are not ours.")
            begin, end = _LENGTHS.size + head, _LENGTHS.size + head + body
            if len(self._held) < end:
                return
            words, payload = bytes(self._held[_LENGTHS.size : begin]), bytes(self._held[begin:end])
            del self._held[:end]
            try:
                header = _HEADERS.validate_python(json.loads(words))
            except ValueError as error:
                raise BadInput("These bytes are no frames: a header is not what it should be.") from error
            yield header, payload


def _eights(length: int) -> int:
    return -(-length // 8) * 8
