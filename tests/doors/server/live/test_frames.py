"""A frame comes back as it went, wherever its bytes were cut, and TypeScript reads the same fixture."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from neuronscope.doors.server.live import frames
from neuronscope.instruments.streaming.packing import AXES_OF, packed
from neuronscope.words import BadInput

FIXTURES = Path(__file__).parents[3] / "fixtures"
BYTES = (FIXTURES / "stream.frames").read_bytes()
TOLD: list[dict[str, Any]] = json.loads((FIXTURES / "stream.json").read_text(encoding="utf-8"))


def arrays(told: dict[str, Any]) -> dict[str, tuple[str, np.ndarray]]:
    return {
        name: (entry["axes"], np.array(entry["values"], dtype=entry["dtype"]))
        for name, entry in told.get("arrays", {}).items()
    }


def written(told: dict[str, Any]) -> bytes:
    blocks, payload = frames.laid_out(arrays(told))
    header = dict(told["header"])
    if header["kind"] == "token":
        header["blocks"] = [block.model_dump() for block in blocks]
    return frames.encode(frames.Frame.model_validate(header).root, payload)


def test_the_fixture_is_what_its_table_says() -> None:
    assert b"".join(map(written, TOLD)) == BYTES


def test_frames_come_back_as_they_went() -> None:
    read = list(frames.FrameReader().push(BYTES))
    assert [header.kind for header, _ in read] == [told["header"]["kind"] for told in TOLD]
    for (header, payload), told in zip(read, TOLD, strict=True):
        found = frames.arrays_of(header, payload)
        assert found.keys() == arrays(told).keys()
        for name, (_, values) in arrays(told).items():
            assert found[name].dtype == values.dtype
            np.testing.assert_array_equal(found[name], values)
        assert frames.encode(header, payload) == written(told)


def test_a_piece_may_end_after_any_byte() -> None:
    whole = list(frames.FrameReader().push(BYTES))
    for cut in range(len(BYTES) + 1):
        reader = frames.FrameReader()
        assert [*reader.push(BYTES[:cut]), *reader.push(BYTES[cut:])] == whole
    reader = frames.FrameReader()
    assert [frame for byte in BYTES for frame in reader.push(bytes([byte]))] == whole


def test_every_array_begins_at_a_multiple_of_eight_bytes() -> None:
    offset = 0
    for header, payload in frames.FrameReader().push(BYTES):
        frame = frames.encode(header, payload)
        assert (offset + len(frame) - len(payload)) % 8 == 0
        if isinstance(header, frames.TokenFrame):
            assert all(block.offset % 8 == 0 for block in header.blocks)
        offset += len(frame)
    assert offset == len(BYTES)


@pytest.mark.parametrize(
    "strange", [b"GET / HTTP/1.1\r\n\r\n", b"\x03\0\0\0\0\0\0\0{} ", b"\x08\0\0\0\0\0\0\0nonsense"]
)
def test_bytes_that_are_no_frames_are_refused(strange: bytes) -> None:
    with pytest.raises(BadInput, match="no frames"):
        list(frames.FrameReader().push(strange))


def test_a_token_of_gpt2_small_takes_less_than_forty_kilobytes() -> None:
    activation = torch.randn(12, 3072, generator=torch.Generator().manual_seed(0))
    kept = packed(activation, "int8") | {"stream_norm": np.ones(13, dtype=np.float32)}
    blocks, payload = frames.laid_out({name: (AXES_OF[name], values) for name, values in kept.items()})
    candidates = [
        frames.Candidate(id=50_000 + rank, text=" extraordinary", probability=0.1234567890123)
        for rank in range(5)
    ]
    header = frames.TokenFrame(
        position=1023,
        id=50_256,
        text="<|endoftext|>",
        written=True,
        log_probability=-12.345678901234,
        entropy=3.4567890123456,
        next=candidates,
        blocks=blocks,
    )
    assert len(frames.encode(header, payload)) <= 40_000
