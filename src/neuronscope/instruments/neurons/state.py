"""What has a pass over a corpus gathered so far, and how is it kept where a kill does not reach it?"""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from neuronscope.instruments.harvested.shards import write_shard
from neuronscope.instruments.neurons.block import Block, Plan
from neuronscope.instruments.neurons.distribution import Distribution
from neuronscope.instruments.neurons.examples import Sample, TopExamples
from neuronscope.instruments.neurons.ngrams import NgramIndex
from neuronscope.instruments.neurons.stretches import Stretch
from neuronscope.instruments.neurons.tables import NgramTable
from neuronscope.models.model import Model
from neuronscope.words import BadInput

_SHARE = 20  # of the time, one part goes to keeping what is done


@dataclass(frozen=True)
class Settings:
    """What is gathered: how many examples and samples, around which offsets, and how a corpus is cut.

    Python alone gives ``save_seconds``, the least time between two keepings.
    """

    top_k: int = 20
    n_samples: int = 64
    before: int = 8
    after: int = 3
    context: int = 128
    threshold: float = 0.0
    min_count: int = 5
    table_megabytes: float = 512
    tokens_per_pass: int = 4096
    seed: int = 0
    save_seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuse what cannot be gathered."""
        least = {"top_k": 1, "n_samples": 0, "before": 0, "after": 0, "context": 2, "min_count": 1}
        least |= {"table_megabytes": 0, "tokens_per_pass": 1, "seed": 0}
        for name, smallest in least.items():
            if getattr(self, name) < smallest:
                raise BadInput(f"{name} is {getattr(self, name)}, but must be at least {smallest}.")

    @property
    def offsets(self) -> np.ndarray:
        """Return the places of the window around an example."""
        return np.arange(-self.before, self.after + 1)


class Gathered:
    """All sums, examples and tables of a pass over a corpus, and how many passes of the network made them."""

    def __init__(self, n_layers: int, n_neurons: int, index: NgramIndex, settings: Settings) -> None:
        self.settings, self.index, self.n_neurons = settings, index, n_neurons
        self.distribution = Distribution(n_layers, n_neurons, settings.threshold)
        self.examples = TopExamples(n_layers, n_neurons, settings.top_k, settings.offsets)
        self.sample = Sample(n_layers, n_neurons, settings.n_samples, settings.offsets)
        self.table = NgramTable(index, n_layers, n_neurons)
        self.n_passes, self.n_documents, self._last = 0, 0, -1
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        """Return a digest of the tokens of all passes so far, and of the documents they are from."""
        return self._digest.hexdigest()

    def heard(self, stretches: Sequence[Stretch]) -> None:
        """Enter which stretches a pass has, whether it runs now or ran before a kill."""
        for one in stretches:
            self._digest.update(np.array([one.document, one.start, *one.tokens], np.int64).tobytes())
            self.n_documents += one.document != self._last or one.start <= 0
            self._last = one.document

    def begin(self, plan: Plan) -> None:
        """Prepare for a pass."""
        self.sample.begin(plan)
        self.table.begin(plan)

    def add(self, block: Block) -> None:
        """Take in one layer of it."""
        self.distribution.add(block)
        self.examples.add(block)
        self.sample.add(block)
        self.table.add(block)

    def end(self, plan: Plan) -> None:
        """Close it."""
        self.distribution.end(plan)
        self.n_passes += 1

    def tensors(self) -> dict[str, Tensor]:
        """Return all that is held, for keeping."""
        parts = {"distribution": self.distribution, "examples": self.examples}
        parts |= {"sample": self.sample, "table": self.table}
        return {f"{part}.{name}": t for part, held in parts.items() for name, t in held.tensors().items()}


class Keeper:
    """Keeps what was gathered in a folder now and then, and finds it there again; without one, nothing."""

    def __init__(self, folder: Path | None, model: Model, gathered: Gathered) -> None:
        settings = {**asdict(gathered.settings), "save_seconds": 0, "index": gathered.index.fingerprint}
        settings |= {"model": model.fingerprint, "format": 1}
        name = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:16]
        self._path = None if folder is None else folder / f"neurons-{name}.safetensors"
        self._gathered = gathered
        self._since, self._took = time.monotonic(), 0.0
        self.kept: dict[str, Tensor] = {}
        if self._path is not None and self._path.is_file():
            self.kept = load_file(self._path)

    @property
    def n_passes(self) -> int:
        """Return how many passes are done already."""
        return int(self.kept["passes"][0]) if self.kept else 0

    def take_up(self) -> None:
        """Go on from what was kept, when the last of its passes comes by.

        Raises `BadInput` where the corpus up to there is another one.
        """
        mine = torch.frombuffer(bytearray.fromhex(self._gathered.digest), dtype=torch.uint8)
        if not torch.equal(mine.long(), self.kept["digest"]):
            raise self._another()
        gathered = self._gathered
        parts = {"distribution": gathered.distribution, "examples": gathered.examples}
        for part, held in (parts | {"sample": gathered.sample, "table": gathered.table}).items():
            start = f"{part}."
            held.take_up({n[len(start) :]: t for n, t in self.kept.items() if n.startswith(start)})
        gathered.n_passes = self.n_passes
        self.kept = {}

    def check_taken_up(self) -> None:
        """Raise `BadInput` where the corpus ended before what was kept of it."""
        if self.kept:
            raise self._another()

    def _another(self) -> BadInput:
        return BadInput(
            f"{str(self._path)!r} was gathered from another corpus: delete it, or choose another folder."
        )

    def keep(self) -> None:
        """Keep what is gathered, when enough time has gone by since the last time."""
        waited = time.monotonic() - self._since
        if self._path is None or waited < max(self._gathered.settings.save_seconds, _SHARE * self._took):
            return
        begun = time.monotonic()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        pieces: dict[str, Sequence[Tensor]] = {n: [t] for n, t in self._gathered.tensors().items()}
        pieces["passes"] = [torch.tensor([self._gathered.n_passes])]
        digest = bytearray.fromhex(self._gathered.digest)
        pieces["digest"] = [torch.frombuffer(digest, dtype=torch.uint8).long()]
        write_shard(self._path, pieces)
        self._since = time.monotonic()
        self._took = self._since - begun if self._gathered.settings.save_seconds else 0.0
