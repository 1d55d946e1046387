"""Which models can be opened by name here, and how big are they? Read from files alone, without torch."""

import json
import math
import os
import struct
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from platformdirs import user_data_dir

from neuronscope.models.series import steps_in

BUILTIN_FOLDER = Path(__file__).parent / "builtin"
BUILTIN = "builtin:"


@dataclass(frozen=True)
class ModelFacts:
    """What a model folder says about itself: sizes in bytes and weights, shape of the network, card."""

    name: str
    folder: str
    architecture: str
    family: str
    n_parameters: int
    n_bytes: int
    n_layers: int
    n_heads: int
    width: int
    vocab_size: int
    n_positions: int
    card: dict[str, Any] = field(default_factory=dict)
    steps: tuple[int, ...] = ()
    """The steps of its training that the folder keeps."""

    @property
    def trained_steps(self) -> int | None:
        """Return how many steps it was trained for, as far as its card says."""
        said = self.card.get("training")
        steps = said.get("steps") if isinstance(said, dict) else None
        return steps if isinstance(steps, int) else None

    @property
    def accuracy(self) -> tuple[str, float] | None:
        """Return the first accuracy of the card: of what, and the share that is right."""
        said = self.card.get("accuracy")
        for what, found in said.items() if isinstance(said, dict) else ():
            if isinstance(found, dict) and isinstance(found.get("value"), int | float):
                return what, float(found["value"])
        return None


def local_folder() -> Path:
    """Return the folder of fetched models: `models` in `$NEURONSCOPE_HOME` or the system's place for data."""
    home = os.environ.get("NEURONSCOPE_HOME") or user_data_dir("neuronscope", appauthor=False)
    return Path(home) / "models"


def model_names() -> dict[str, ModelFacts]:
    """Return the models that open by name: those shipped with the package, then the local folder's."""
    found = builtin_folders() | {str(folder): folder for folder in _model_folders(local_folder())}
    return {name: folder_facts(folder, name) for name, folder in found.items()}


def builtin_folders() -> dict[str, Path]:
    """Return the folder of each built-in model, or of each variant, by its name: `builtin:NAME/VARIANT`."""
    found = {}
    for kin in sorted(BUILTIN_FOLDER.iterdir()) if BUILTIN_FOLDER.is_dir() else ():
        for folder in [kin] if (kin / "config.json").is_file() else _model_folders(kin):
            found[f"{BUILTIN}{folder.relative_to(BUILTIN_FOLDER).as_posix()}"] = folder
    return found


def folder_facts(folder: Path, name: str = "") -> ModelFacts:
    """Return the facts of one model folder from its configuration, weight headers and card."""
    with os.scandir(folder) as files:
        seen = [(file.name, (stat := file.stat()).st_mtime_ns, stat.st_size) for file in files]
    return _facts_of(folder, name, tuple(sorted(seen)))


@lru_cache(maxsize=1000)
def _facts_of(folder: Path, name: str, seen: tuple[tuple[str, int, int], ...]) -> ModelFacts:
    """Read the facts of a folder, once for each state of what is seen in it."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    weights = sorted(folder.glob("*.safetensors"))

    def stated(*keys: str) -> int:
        return next((int(config[key]) for key in keys if config.get(key)), 0)

    return ModelFacts(
        name=name or str(folder),
        folder=str(folder),
        architecture=next(iter(config.get("architectures") or []), "unknown"),
        family=str(config.get("model_type", "unknown")),
        n_parameters=sum(_weights_in(file) for file in weights),
        n_bytes=sum(file.stat().st_size for file in weights),
        n_layers=stated("num_hidden_layers", "n_layer"),
        n_heads=stated("num_attention_heads", "n_head"),
        width=stated("hidden_size", "n_embd"),
        vocab_size=stated("vocab_size"),
        n_positions=stated("max_position_embeddings", "n_positions"),
        card=read_card(folder),
        steps=tuple(steps_in(folder)),
    )


def read_card(folder: Path) -> dict[str, Any]:
    """Return what a folder says of its model: `card.json`, else the text of its README, else nothing."""
    card, text = folder / "card.json", folder / "README.md"
    if card.is_file():
        return json.loads(card.read_text(encoding="utf-8"))
    return {"text": text.read_text(encoding="utf-8", errors="replace")} if text.is_file() else {}


def _model_folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return sorted(folder for folder in parent.iterdir() if (folder / "config.json").is_file())


def _weights_in(file: Path) -> int:
    with file.open("rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
