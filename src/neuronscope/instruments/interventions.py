"""What do I want changed in a model, written down so that every door, a file and an address can carry it?

One change is ``SITE OP[=VALUE][ seed=N]``, such as ``mlp_act.3.17 scale=0``, ``z.2.1@-1 mean`` or
``resid_post.2 add=3*(token " Paris" - token " London")``; several stand behind one another with ``;``.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from neuronscope.instruments.intervening.made import changes_of, resolved
from neuronscope.instruments.intervening.written import Intervention, each_written, read_value
from neuronscope.instruments.ops import Op
from neuronscope.models.model import Model
from neuronscope.models.parts.standing import Standing
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

FORMAT, VERSION = "neuronscope-interventions", 1
MOST = 1000


@dataclass(frozen=True)
class Interventions(Sequence[Any]):
    """Changes in their order, for `Model.under`; an op made in Python may stand among them."""

    ops: tuple[Intervention | Op, ...] = field(default=())

    def __getitem__(self, at: Any) -> Any:
        return Interventions(self.ops[at]) if isinstance(at, slice) else self.ops[at]

    def __len__(self) -> int:
        return len(self.ops)

    def __iter__(self) -> Iterator[Intervention | Op]:
        return iter(self.ops)

    @property
    def texts(self) -> tuple[str, ...]:
        """Return each change as it is written; an op with a tensor by its digest."""
        return tuple(f"{op!r} {op.digest}" if isinstance(op, Op) else str(op) for op in self.ops)

    def __str__(self) -> str:
        return "; ".join(self.texts)

    def after(self, model: Model) -> "Interventions":
        """Return these changes behind those that a model is under."""
        return self if model.standing is None else Interventions((*read(model.standing.asked), *self.ops))

    def standing(self, model: Model) -> Standing | None:
        """Return the changes as they stand on a model: words looked up, means taken on the bare model.

        Raises `BadInput` for a site that the model lacks, and for a word that it has no token for.
        """
        if not self.ops:
            return None
        ops = resolved(model.bare, self.ops)
        said = sha256(json.dumps(self.texts).encode()).hexdigest()[:16]
        return Standing(changes_of(model.bare, ops), self.texts, said, self)


def read(source: "str | Op | Intervention | Iterable[Any]") -> Interventions:
    """Return the changes that are written in a text, or in a list of texts, of their long forms, or of ops.

    Raises `BadInput` that names what is allowed, for what is no op, no site, or no value of the op.

    >>> str(read('z.2.1@-1 mean; resid_post.2 add=3*(token " Paris" - token " London")'))
    'z.2.1@-1 mean; resid_post.2 add=3*(token " Paris" - token " London")'
    """
    if isinstance(source, Interventions):
        return source
    if isinstance(source, str):
        found = tuple(each_written(source))
    elif isinstance(source, Op | Intervention | Mapping):
        found = (_entry(source),)
    elif isinstance(source, Iterable):
        found = tuple(
            op for part in source for op in (read(part) if isinstance(part, str) else [_entry(part)])
        )
    else:
        raise BadInput(
            f"Interventions are written as text such as 'mlp_act.3.17 scale=0', not {source!r:.60}."
        )
    if len(found) > MOST:
        raise BadInput(f"These are {len(found)} interventions; a model is under at most {MOST}.")
    return Interventions(found)


def load(file: str | Path) -> Interventions:
    """Return the changes that a file holds, those that are switched off left out.

    Raises `BadInput` where there is no such file, and where it is none of interventions.
    """
    place = Path(file).expanduser()
    try:
        data = json.loads(place.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"{str(file)!r} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise BadInput(f"{str(file)!r} is no JSON: {error}.") from error
    return from_json(data)


def from_json(data: Any) -> Interventions:
    """Return the changes of the long form, those that are switched off left out; raises as `load` does."""
    if not isinstance(data, Mapping) or data.get("format") != FORMAT or not isinstance(data.get("ops"), list):
        raise BadInput(f'A file of interventions holds {{"format": "{FORMAT}", "version": 1, "ops": [...]}}.')
    if data.get("version") != VERSION:
        raise BadInput(f"This file is of version {data.get('version')!r}, but this reads version {VERSION}.")
    on = [op for op in data["ops"] if not (isinstance(op, Mapping) and op.get("on") is False)]
    return read(on)


def save(interventions: "str | Iterable[Any]", file: str | Path) -> Path:
    """Write changes to a file that every door reads, and return its path.

    Raises `BadInput` for an op of a Python function or tensor, and where the file cannot be written.
    """
    place = Path(file).expanduser()
    try:
        place.write_text(
            json.dumps(to_json(interventions), indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )
    except OSError as error:
        raise BadInput(f"{str(file)!r} cannot be written: {error.strerror or error}.") from error
    return place


def to_json(interventions: "str | Iterable[Any]") -> dict[str, Any]:
    """Return changes in their long form; raises `BadInput` for an op that was made in Python."""
    ops = read(interventions)
    made = next((op for op in ops if isinstance(op, Op)), None)
    if made is not None:
        raise BadInput(f"{made} was made in Python and has no words: write it as text, such as 'z.2.1 zero'.")
    return {"format": FORMAT, "version": VERSION, "ops": [op.to_json() for op in ops]}


def _entry(part: Any) -> Intervention | Op:
    if isinstance(part, Op):
        if part.rows is not None or part.kind == "resample" or part.places is not None:
            raise BadInput(f"{part} is for some rows of one batch: give an op that goes for every prompt.")
        return part
    if isinstance(part, Intervention):
        return part
    if not isinstance(part, Mapping) or not {"site", "op"} <= {*part} <= {
        "site",
        "op",
        "value",
        "seed",
        "on",
    }:
        raise BadInput(
            f"An intervention in JSON has site and op, and may have value, seed and on, not {part!r:.80}."
        )
    value, seed = part.get("value"), part.get("seed", 0)
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise BadInput(
            f"The value of an intervention is a number or a direction in words, not {value!r:.60}."
        )
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise BadInput(f"The seed of an intervention is a whole number from 0, not {seed!r:.60}.")
    read = read_value(value) if isinstance(value, str) else None if value is None else float(value)
    return Intervention(Site.parse(str(part["site"])), str(part["op"]), read, seed)
