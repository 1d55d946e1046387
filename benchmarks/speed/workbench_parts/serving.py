"""A server in a process of its own with an empty store, and a random model of the size of GPT-2 small."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from benchmarks.speed.subjects import FULL, Size, subject
from neuronscope.words import BadInput

SMALL = Size(layers=2, width=32, heads=4, vocab=300)
ROOT = Path(__file__).resolve().parents[3]
WORKBENCH = ROOT / "workbench"
_START = 180
_PROGRAM = "import sys; from neuronscope.doors.command_line.entry import main; sys.exit(main())"


@dataclass(frozen=True)
class Server:
    """A running server: where it is and the key to it."""

    url: str
    token: str
    pid: int

    def processor_seconds(self) -> float:
        """Return the processor time that it has used so far, NaN where the system does not tell."""
        facts = Path(f"/proc/{self.pid}/stat")
        if not facts.exists():
            return float("nan")
        words = facts.read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def bearer(self) -> dict[str, str]:
        """Return the headers that every request carries."""
        return {"authorization": f"Bearer {self.token}"}

    def connection(self) -> http.client.HTTPConnection:
        """Open a connection that stays open from one request to the next."""
        place = urlsplit(self.url)
        return http.client.HTTPConnection(str(place.hostname), place.port, timeout=600)

    def asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send one request and return its answer; raises ``BadInput`` with the server's sentence."""
        connection = self.connection()
        try:
            text = None if body is None else json.dumps(body)
            headers = {**self.bearer, "content-type": "application/json"}
            connection.request(method, f"/api/v1{path}", body=text, headers=headers)
            reply = connection.getresponse()
            answer = json.loads(reply.read() or "null")
        finally:
            connection.close()
        if reply.status >= 400:
            raise BadInput(f"The server refused {method} {path}: {answer['detail']}")
        return answer


@contextmanager
def running(folder: Path, pages: Path | None) -> Iterator[Server]:
    """Start a server with its store in a folder and stop it afterwards.

    Raises ``BadInput`` where it does not answer.
    """
    ready, log = folder / "ready.json", folder / "server.log"
    settings = {**os.environ, "NEURONSCOPE_HOME": str(folder / "home")}
    settings.pop("NEURONSCOPE_TOKEN", None)
    if pages is not None:
        settings["NEURONSCOPE_PAGES"] = str(pages)
    words = ["open", "--no-browser", "--port", "0", "--ready-file", str(ready)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, *words], cwd=ROOT, env=settings, stdout=file, stderr=file
        )
    try:
        told = _awaited(process, ready, log)
        yield Server(url=told["url"], token=told["token"], pid=told["pid"])
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _awaited(process: subprocess.Popen[bytes], ready: Path, log: Path) -> dict[str, Any]:
    until = time.monotonic() + _START
    while time.monotonic() < until and process.poll() is None:
        try:
            return json.loads(ready.read_text())
        except (OSError, ValueError):
            time.sleep(0.05)
    raise BadInput(f"The server did not start; it said: {log.read_text(errors='replace')[-2000:]}")


def write_model(folder: Path, *, quick: bool = False) -> Path:
    """Write a random GPT-2 whose prompts are bytes, of the size of GPT-2 small unless ``quick``."""
    size = SMALL if quick else FULL
    subject("gpt2", size).usual.save_pretrained(folder)
    _tokenizer(size.vocab).save_pretrained(folder)
    return folder


def _tokenizer(vocab: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer of bytes, with a word for every id beyond them, which no text is split into."""
    words = sorted(pre_tokenizers.ByteLevel.alphabet())
    words += [f"w{number}" for number in range(vocab - len(words))]
    table = {word: number for number, word in enumerate(words)}
    tokenizer = Tokenizer(models.BPE(vocab=table, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer)
