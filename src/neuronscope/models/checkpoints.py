"""How do I look at a whole training, step by step? A series of models that opens them one at a time."""

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, final

from neuronscope.models.fetch import cached_model, step_revisions
from neuronscope.models.listing import BUILTIN
from neuronscope.models.model import Model
from neuronscope.models.open import open_model
from neuronscope.models.places import model_folder
from neuronscope.models.series import counted, is_pattern, parted, step_named, steps_in, steps_named
from neuronscope.words import BadInput


@final
class Checkpoints:
    """The kept steps of one training, in order; each is opened when its turn comes and not before."""

    def __init__(
        self, name: str, places: Mapping[int, Path | str], *, device: str = "cpu", dtype: str = "float32"
    ) -> None:
        self.name, self.device, self.dtype = name, device, dtype
        self._series = parted(name)[0]
        self._places = dict(sorted(places.items()))

    def __repr__(self) -> str:
        return f"Checkpoints({self.name!r}, {counted(self.steps)})"

    @property
    def steps(self) -> tuple[int, ...]:
        """Return the steps, in order; 0 is before any training."""
        return tuple(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[tuple[int, Model]]:
        """Yield each step and its model, opened then."""
        return ((step, self.open(step)) for step in self.steps)

    def open(self, step: int) -> Model:
        """Return the model of one step; raises `BadInput` that names the nearest where it was not kept."""
        place = self._places[step_named(self._series, str(step), self.steps)]
        behind = place if isinstance(place, str) else step
        return open_model(f"{self._series}@{behind}", device=self.device, dtype=self.dtype)

    @cached_property
    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits over steps, configurations and weights as they are stored."""
        whole = hashlib.sha256()
        for step, place in self._places.items():
            whole.update(f"{step}\n".encode())
            if isinstance(place, str):
                # The cache calls a snapshot by its commit, which stands for every file of it.
                whole.update(cached_model(self._series, revision=place).name.encode())
            elif place.is_dir():
                weights = (*place.glob("*.safetensors"), *place.glob("*.bin"))
                _add(whole, place / "config.json", *sorted((*weights, *place.glob("tokenizer*.json"))))
            else:
                own = model_folder(self._series)
                _add(whole, own / "config.json", *sorted(own.glob("tokenizer*.json")), place)
        return whole.hexdigest()[:16]


def _add(whole: Any, *files: Path) -> None:
    for file in files:
        with file.open("rb") as stream:
            whole.update(hashlib.file_digest(stream, "sha256").digest())


def open_checkpoints(name: str, *, device: str = "cpu", dtype: str = "float32") -> Checkpoints:
    """Open a series of checkpoints: those of a built-in model, of a folder or of a Hugging Face id.

    ``name`` is that of the model, alone or with a pattern behind an `@`: `builtin:grokking@*`,
    `FOLDER@0,64,512`, `FOLDER@1000:5000` (both ends included), `ID@*`. A folder keeps its steps in `steps/`
    or in folders such as `checkpoint-500`; on the hub they are revisions such as `step500`. Raises
    `BadInput` where nothing is kept, and lists the steps there are where the pattern matches none.
    """
    before, behind = parted(name)
    if before.startswith(BUILTIN) or before[:1] in ("", ".", "/", "~") or Path(before).expanduser().is_dir():
        places: Mapping[int, Path | str] = steps_in(model_folder(before))
    else:
        places = step_revisions(before)
    if not places:
        raise BadInput(f"{before!r} keeps no steps of its training: open it as a model, without a pattern.")
    if behind is None:
        return Checkpoints(name, places, device=device, dtype=dtype)
    if is_pattern(behind):
        steps = steps_named(before, behind, places)
    else:
        steps = (step_named(before, behind, places),)
    return Checkpoints(name, {step: places[step] for step in steps}, device=device, dtype=dtype)
