"""How fast is what is stored read, by one client and by fifty while a job runs?"""

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from benchmarks.speed.workbench_parts.serving import Server

MODEL = "builtin:scribe"
PROMPT = "When Mary and John went to the shop, John gave a drink to"
CLIENTS = 50
PAUSE = 0.2
"""Mean seconds that a client looks at what it got before it asks again."""


def stored_lens(server: Server) -> str:
    """Ask for one logit lens and return its digest."""
    asked = {"model": MODEL, "prompt": PROMPT, "top_k": 10}
    return server.asked("POST", "/analyses/logit_lens?wait=60", asked)["digest"]


def slice_costs(server: Server, digest: str, turns: int) -> dict[str, list[float]]:
    """Return milliseconds of a slice and of a bare reply, taken in turn over one open connection.

    The slice holds the probabilities of one depth at every position.
    """
    paths = {"bare": "/api/v1/health", "slice": f"/api/v1/results/{digest}/values?variable=probability"}
    depths = int(server.asked("GET", f"/results/{digest}")["dims"]["depth"])
    taken: dict[str, list[float]] = {name: [] for name in paths}
    connection = server.connection()
    try:
        for turn in range(-3, turns):
            for name, path in paths.items():
                wanted = path if name == "bare" else f"{path}&depth={turn % depths}"
                begun = time.perf_counter()
                connection.request("GET", wanted, headers=server.bearer)
                reply = connection.getresponse()
                reply.read()
                spent = 1000 * (time.perf_counter() - begun)
                if reply.status != 200:
                    raise RuntimeError(f"{wanted} answered {reply.status}.")
                if turn >= 0:
                    taken[name].append(spent)
    finally:
        connection.close()
    return taken


def processor_costs(server: Server, digest: str, requests: int) -> dict[str, float]:
    """Return the server's milliseconds of processor time for a slice and for a bare reply."""
    paths = {
        "bare": "/api/v1/health",
        "slice": f"/api/v1/results/{digest}/values?variable=probability&depth=1",
    }
    connection, spent = server.connection(), {}
    try:
        for name, path in paths.items():
            begun = server.processor_seconds()
            for _ in range(requests):
                connection.request("GET", path, headers=server.bearer)
                connection.getresponse().read()
            spent[name] = 1000 * (server.processor_seconds() - begun) / requests
    finally:
        connection.close()
    return spent


def read_by_many(server: Server, digest: str, model: str, seconds: float) -> dict[str, Any]:
    """Let 50 clients read while the server generates, and return their milliseconds and failures.

    Each keeps a connection, reads a slice, a description, the list of results or that of jobs, and pauses.
    """
    stop = time.monotonic() + seconds
    jobs = _jobs(server, model)
    next(jobs)
    return asyncio.run(_crowd(server, digest, stop, jobs))


def _jobs(server: Server, model: str) -> Iterator[None]:
    """Keep one generation running: at every step start another where the last has ended."""
    job: dict[str, Any] = {}
    try:
        for seed in itertools.count():
            asked = {"model": model, "prompt": PROMPT, "n_tokens": 512, "seed": seed, "temperature": 1.0}
            job = server.asked("POST", "/analyses/generation?wait=0", asked)
            while server.asked("GET", f"/jobs/{job['id']}")["state"] in ("queued", "running"):
                yield
    finally:
        if job:
            server.asked("DELETE", f"/jobs/{job['id']}")


async def _crowd(server: Server, digest: str, stop: float, jobs: Iterator[None]) -> dict[str, Any]:
    taken: list[float] = []
    failures: list[str] = []

    async def watch() -> None:
        while time.monotonic() < stop:
            await asyncio.to_thread(next, jobs)
            await asyncio.sleep(1)

    readers = [_reader(server, digest, stop, taken, failures, seed) for seed in range(CLIENTS)]
    await asyncio.gather(watch(), *readers)
    await asyncio.to_thread(jobs.close)  # type: ignore[attr-defined]
    return {"taken": taken, "failures": failures}


async def _reader(
    server: Server, digest: str, stop: float, taken: list[float], failures: list[str], seed: int
) -> None:
    place, dice = urlsplit(server.url), random.Random(seed)
    paths = [f"/results/{digest}/values?variable=probability&depth={depth}" for depth in range(4)]
    paths += [f"/results/{digest}", "/results?limit=20", "/jobs", "/models"]
    weights = [4, 4, 4, 4, 1, 1, 1, 1]
    await asyncio.sleep(dice.random() * PAUSE)
    source, sink = await asyncio.open_connection(place.hostname, place.port)
    try:
        while time.monotonic() < stop:
            [path] = dice.choices(paths, weights)
            begun = time.perf_counter()
            status = await _reply(source, sink, f"/api/v1{path}", server)
            taken.append(1000 * (time.perf_counter() - begun))
            if status != 200:
                failures.append(f"{path} answered {status}")
            await asyncio.sleep(dice.expovariate(1 / PAUSE))
    except (OSError, EOFError, ValueError) as error:
        failures.append(f"the connection broke: {error!r}")
    finally:
        sink.close()


async def _reply(source: asyncio.StreamReader, sink: asyncio.StreamWriter, path: str, server: Server) -> int:
    head = f"GET {path} HTTP/1.1\r\nhost: {urlsplit(server.url).netloc}\r\n"
    sink.write(f"{head}authorization: {server.bearer['authorization']}\r\n\r\n".encode())
    await sink.drain()
    first, *lines = (await source.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines if line)
    await source.readexactly(int(headers["content-length"]))
    return int(first.split()[1])


def percentile(values: list[float], share: float) -> float:
    """Return the number below which a share of the values lies."""
    return float(np.quantile(values, share))
