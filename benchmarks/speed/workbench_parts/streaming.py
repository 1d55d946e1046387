"""Does a stream of every neuron keep up with the model, and how large is a token of it?"""

import json
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from benchmarks.speed.workbench_parts.serving import Server
from neuronscope.doors.server.live.frames import EndFrame, ErrorFrame, FrameReader, TokenFrame

PROMPT = "The capital of France is"


def streamed(server: Server, model: str, n_tokens: int, *, record: bool = False) -> dict[str, Any]:
    """Stream a text over HTTP and return its seconds from first to last written token, bytes, and digest."""
    body = {"model": model, "prompt": PROMPT, "n_tokens": n_tokens, "detail": "int8", "record": record}
    connection, reader = server.connection(), FrameReader()
    headers = {**server.bearer, "content-type": "application/json"}
    moments: list[float] = []
    sizes: list[int] = []
    digest: str | None = None
    try:
        connection.request("POST", "/api/v1/streams", body=json.dumps(body), headers=headers)
        reply = connection.getresponse()
        while piece := reply.read1(1 << 20):
            for header, payload in reader.push(piece):
                if isinstance(header, ErrorFrame):
                    raise RuntimeError(header.detail)
                if isinstance(header, EndFrame):
                    digest = header.digest
                if isinstance(header, TokenFrame):
                    sizes.append(_bytes(header, payload))
                    if header.written:
                        moments.append(time.perf_counter())
    finally:
        connection.close()
    return {"seconds": moments[-1] - moments[0], "bytes": statistics.median(sizes), "digest": digest}


def _bytes(header: TokenFrame, payload: bytes) -> int:
    words = len(header.model_dump_json())
    return 8 + words + -words % 8 + len(payload)


def generated(network: Any, ids: torch.Tensor, n_tokens: int) -> float:
    """Return the seconds that Hugging Face's own generation takes from first to last new token."""
    moments = _Moments()
    network.generate(
        ids,
        max_new_tokens=n_tokens,
        min_new_tokens=n_tokens,
        do_sample=False,
        attention_mask=torch.ones_like(ids),
        pad_token_id=0,
        streamer=moments,
    )
    return moments.taken[-1] - moments.taken[1]


class _Moments:
    """Notes when each token came; the first call brings the prompt."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    def put(self, value: torch.Tensor) -> None:
        self.taken.append(time.perf_counter())

    def end(self) -> None:
        pass


def paces(server: Server, folder: Path, n_tokens: int, turns: int) -> dict[str, Any]:
    """Return tokens a second of the stream and of plain generation by turn, taken one after the other."""
    network = AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = torch.arange(len(PROMPT))[None]
    streamed(server, str(folder), 4)
    generated(network, ids, 4)
    told: dict[str, Any] = {"stream": [], "generate": [], "bytes": []}
    with torch.no_grad():
        for turn in range(turns):
            for name in ("stream", "generate") if turn % 2 == 0 else ("generate", "stream"):
                if name == "stream":
                    found = streamed(server, str(folder), n_tokens)
                    told["bytes"].append(found["bytes"])
                    seconds = found["seconds"]
                else:
                    seconds = generated(network, ids, n_tokens)
                told[name].append((n_tokens - 1) / seconds)
    return told
