"""Which models are open? The last few asked for, so that the next question need not wait for them."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from neuronscope.models import Model, open_model
from neuronscope.words import BadInput

log = logging.getLogger(__name__)

MOST = 2
Place = tuple[str, str, str]
"""A model's name, device and precision."""


@dataclass(frozen=True)
class _Kept:
    """An open model, when its files were written, and a twin that never ran: what others are copied from."""

    model: Model
    written: int
    pattern: Model | None


class Shelf:
    """The models that were used last; the one unused for longest makes room."""

    def __init__(self, opener: Callable[..., Model] = open_model, *, most: int = MOST) -> None:
        self._opener = opener
        self._most = most
        self._models: OrderedDict[Place, _Kept] = OrderedDict()
        self._used: dict[Place, float] = {}
        self._shelving = threading.Lock()
        self._opening = threading.Lock()

    def open(
        self,
        name: str,
        *,
        device: str = "cpu",
        dtype: str = "float32",
        in_use: Callable[[], Collection[Place]] = tuple,
    ) -> Model:
        """Return the open model, opening it where it is not, or was written anew since.

        A model that ``in_use`` names makes room last. Raises ``BadInput`` as ``open_model`` does.
        """
        place, written = (name, device, dtype), _written(name)
        found = self._find(place, written)
        if found is not None:
            return found
        with self._opening:
            found = self._find(place, written)
            if found is not None:
                return found
            self._make_room(place, in_use())
            model = self._opener(name, device=device, dtype=dtype)
            with self._shelving:
                self._models[place] = _Kept(model, written, _pattern(model))
                self._used[place] = time.time()
            return model

    def opened(self, name: str, *, device: str = "cpu", dtype: str = "float32") -> Model:
        """Return the model where it is open already; raises ``BadInput`` where it is not."""
        found = self._find((name, device, dtype), _written(name))
        if found is None:
            raise BadInput(f"The model {name!r} is not open yet.")
        return found

    def twin(self, model: Model) -> Model:
        """Return a twin of an open model, for one thread to run beside it.

        It is the model itself where its network cannot be copied, or it was closed just now; then the passes
        of both take turns.
        """
        with self._shelving:
            kept = next((kept for kept in self._models.values() if kept.model is model), None)
        return model if kept is None or kept.pattern is None else kept.pattern.twin(known=model)

    def places(self) -> list[Place]:
        """Return what is open, unused for longest first."""
        with self._shelving:
            return list(self._models)

    def held(self) -> list[tuple[Place, Model, float]]:
        """Return the open models and when each was last asked for, in Unix seconds; the last one first."""
        with self._shelving:
            return [(place, self._models[place].model, self._used[place]) for place in reversed(self._models)]

    def drop(self, place: Place) -> bool:
        """Close a model; a question that uses it goes on. Say whether it was open."""
        with self._shelving:
            return self._models.pop(place, None) is not None

    def _find(self, place: Place, written: int) -> Model | None:
        with self._shelving:
            if place not in self._models or self._models[place].written != written:
                return None
            self._models.move_to_end(place)
            self._used[place] = time.time()
            return self._models[place].model

    def _make_room(self, place: Place, in_use: Collection[Place]) -> None:
        with self._shelving:
            self._models.pop(place, None)
            while len(self._models) >= self._most:
                idle = [other for other in self._models if other not in in_use]
                del self._models[(idle or list(self._models))[0]]


def _pattern(model: Model) -> Model | None:
    try:
        return model.twin()
    except Exception:  # whatever a family, a quantised weight or a spread network has against a copy
        log.warning("%s cannot be copied; streams and questions about it take turns.", model, exc_info=True)
        return None


def _written(name: str) -> int:
    path = Path(name)
    try:
        files = [path, *path.iterdir()] if path.is_dir() else [path]
        return max(file.stat().st_mtime_ns for file in files)
    except (OSError, ValueError):
        return 0
