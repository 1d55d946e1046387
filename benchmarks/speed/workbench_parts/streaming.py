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
    """Stream a text over HTTP and return its seconds from first to last written token, bytes, and digest.

    ``processor`` is the server's processor time between the same two moments.
    """
    body = {"model": model, "prompt": PROMPT, "n_tokens": n_tokens, "detail": "int8", "record": record}
    connection, reader = server.connection(), FrameReader()
    headers = {**server.bearer, "content-type": "application/json"}
    moments: list[float] = []
    spent: list[float] = []
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
                        spent.append(server.processor_seconds())
    finally:
        connection.close()
    return {
        "seconds": moments[-1] - moments[0],
        "processor": spent[-1] - spent[0],
        "bytes": statistics.median(sizes),
        "digest": digest,
    }


def _bytes(header: TokenFrame, payload: bytes) -> int:
    words = len(header.model_dump_json())
    return 8 + words + -words % 8 + len(payload)


def generated(network: Any, ids: torch.Tensor, n_tokens: int) -> dict[str, float]:
    """Return the seconds that Hugging Face's own generation takes from first to last new token.

    ``processor`` is the processor time of this process between the same two moments.
    """
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
    return {
        "seconds": moments.taken[-1] - moments.taken[1],
        "processor": moments.spent[-1] - moments.spent[1],
    }


class _Moments:
    """Notes when each token came; the first call brings the prompt."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.spent: list[float] = []

    def put(self, value: torch.Tensor) -> None:
        self.taken.append(time.perf_counter())
        self.spent.append(time.process_time())

    def end(self) -> None:
        pass


def paces(server: Server, folder: Path, n_tokens: int, turns: int) -> dict[str, dict[str, list[float]]]:
    """Return seconds and processor time a token, by turn, of the stream and of plain generation.

    ``generate`` is what Hugging Face does unless told otherwise, its attention fused; ``eager`` works out
    every attention pattern, as the stream does, and gives the same numbers. ``bytes`` are a token's, in the
    stream.
    """
    networks = {
        "generate": AutoModelForCausalLM.from_pretrained(folder).eval(),
        "eager": AutoModelForCausalLM.from_pretrained(folder, attn_implementation="eager").eval(),
    }
    ids = torch.arange(len(PROMPT))[None]

    def taken(name: str, many: int) -> dict[str, float]:
        if name == "stream":
            return streamed(server, str(folder), many)
        with torch.no_grad():
            return generated(networks[name], ids, many)

    names = ["stream", *networks]
    for name in names:
        taken(name, 4)
    told: dict[str, dict[str, list[float]]] = {
        name: {word: [] for word in ("seconds", "processor")} for name in names
    }
    told["stream"]["bytes"] = []
    for turn in range(turns):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            found = taken(name, n_tokens)
            for word in ("seconds", "processor"):
                told[name][word].append(found[word] / (n_tokens - 1))
            if name == "stream":
                told[name]["bytes"].append(found["bytes"])
    return told
