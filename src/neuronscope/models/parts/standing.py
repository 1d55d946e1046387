"""How do changes stand on a model, so that every pass of it makes them before anything else is done?"""

import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from neuronscope.models.attention import Place, Visit
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

READ_ONCE = ("encoder", "vision")
"""Stacks that read the whole prompt in the first pass and none of what is written."""


class Rows(NamedTuple):
    """Which tokens the rows of a tensor show: columns so far, and where in them each row's own tokens stand.

    ``grows`` says that further passes go on from this one.
    """

    width: int
    starts: Sequence[int]
    lengths: Sequence[int]
    grows: bool


Change = Callable[[Tensor, Rows], Tensor]


@dataclass(eq=False)
class Standing:
    """The changes that a model is under: by place in their order, how they are written, and their digest.

    ``asked`` are the interventions that they come from. ``fired`` counts how often one was made, or an answer
    that was made with them was looked up.
    """

    changes: Mapping[Place, Change]
    written: tuple[str, ...]
    digest: str
    asked: Any
    fired: int = 0

    def claim(self) -> None:
        """Count an answer that was kept under these very changes as made with them."""
        self.fired += 1

    def names(self) -> set[str]:
        """Return the names of the sites that are changed."""
        return {place.name for place in self.changes}

    @property
    def allows_skipping(self) -> bool:
        """Return whether a pass may begin at a later block, from the stream that an earlier pass left there.

        Not where it is unknown which block a place belongs to, nor where the entry of a block is changed.
        """
        return not any(name == "resid_pre" or name.startswith("module.") for name in self.names())

    def check_fired(self, fired: Collection[Place], *, first: bool) -> None:
        """Raise `BadInput` where a whole pass came by no such place; ``first`` says that none went before."""
        for place in self.changes:
            if place not in fired and (first or place.stack not in READ_ONCE):
                site = Site(place.name, place.layer, stack=place.stack)
                raise BadInput(
                    f"The intervention at {site} was never made: the forward pass does not come by."
                )


class Interventions(Protocol):
    """What `Model.under` takes: changes that are worked out for one model."""

    def standing(self, model: Any) -> Standing | None:
        """Return the changes as they stand on a model, none where there are none."""
        ...


@dataclass(eq=False)
class Passing:
    """The pass that runs: its inputs by name, and how many positions went before.

    ``lineage`` says of a pass that takes rows in late from which of the first rows those of a block descend.
    """

    lineage: Callable[[int], list[int]] | None = None
    named: Mapping[str, Any] = field(default_factory=dict)
    length: int = 0
    past: int = 0
    _rows: dict[str | None, Rows | None] = field(default_factory=dict)

    def begin(self, named: Mapping[str, Any]) -> None:
        """Start a pass on these inputs; what a cache holds is counted now, since the pass adds to it."""
        self.named, self._rows = named, {}
        self.past = _cached(named, self.length)
        found = self._of(None)
        self.length = 0 if found is None else found.width

    def rows(self, place: Place, n_rows: int, n_columns: int) -> Rows:
        """Return which tokens a tensor of so many rows and columns shows at a place."""
        found = None if place.stack == "vision" else self._of(place.stack)
        if found is None:
            return Rows(n_columns, [0] * n_rows, [n_columns] * n_rows, False)
        if n_rows == len(found.starts):
            return found
        last = sys.maxsize if place.layer is None else place.layer
        lineage = [] if self.lineage is None else self.lineage(last)
        if len(lineage) != n_rows:
            raise BadInput(
                f"{place.name} shows {n_rows} rows of {len(found.starts)}: its prompts are unknown."
            )
        return found._replace(
            starts=[found.starts[row] for row in lineage], lengths=[found.lengths[row] for row in lineage]
        )

    def _of(self, stack: str | None) -> Rows | None:
        if stack not in self._rows:
            self._rows[stack] = self._found(stack)
        return self._rows[stack]

    def _found(self, stack: str | None) -> Rows | None:
        prefix = "decoder_" if stack in (None, "decoder") and "decoder_input_ids" in self.named else ""
        given = [self.named.get(f"{prefix}{name}") for name in ("input_ids", "inputs_embeds")]
        tokens = next((value for value in given if isinstance(value, Tensor) and value.dim() > 1), None)
        if tokens is None:
            return None
        past = 0 if stack in READ_ONCE else self.past
        width, n_rows = past + tokens.shape[1], len(tokens)
        grows = bool(past or self.named.get("use_cache"))
        mask = self.named.get(f"{prefix}attention_mask")
        if not isinstance(mask, Tensor) or mask.shape != (n_rows, width) or bool(mask.bool().all()):
            return Rows(width, [0] * n_rows, [width] * n_rows, grows)
        kept = mask.bool()
        return Rows(width, kept.int().argmax(-1).tolist(), kept.sum(-1).tolist(), grows)


def _cached(named: Mapping[str, Any], counted: int) -> int:
    """Return how many positions earlier passes computed; a cache that does not say holds those counted."""
    held = [named[name] for name in ("past_key_values", "cache_params") if named.get(name) is not None]
    if not held:
        return 0
    known = getattr(held[0], "get_seq_length", None)
    return counted if known is None else int(known())


@dataclass(frozen=True, eq=False)
class Both:
    """The visit of a place that a change stands on: the change, and then what the pass itself asked for."""

    standing: Standing
    place: Place
    passing: Passing
    own: Visit | None

    def __call__(self, tensor: Tensor) -> Tensor:
        """Change what passes, and return what the model goes on with."""
        kind = Site(self.place.name).kind
        axis = kind.words.index("query" if "query" in kind.words else "position") if kind.words else 1
        turned = self.place.name in ("q", "k", "v")
        n_columns = tensor.shape[2 if turned else axis] if tensor.dim() > axis else 1
        rows = self.passing.rows(self.place, tensor.shape[0], n_columns)
        tensor = self.standing.changes[self.place](tensor, rows)
        self.standing.fired += 1
        return tensor if self.own is None else self.own(tensor)


def stood(
    standing: Standing | None,
    visits: Mapping[Place, Visit],
    passing: Passing,
    block: int = 0,
) -> dict[Place, Visit]:
    """Return the visits of a pass with the standing changes before them.

    A pass that resumes at a ``block`` goes on from a stream in which the changes before it are made already.
    """
    if standing is None:
        return dict(visits)
    places = [place for place in standing.changes if not block or not _before(place, block)]
    first: dict[Place, Visit] = {place: Both(standing, place, passing, visits.get(place)) for place in places}
    return first | {place: visit for place, visit in visits.items() if place not in first}


def _before(place: Place, block: int) -> bool:
    if place.stack is not None:
        return False
    if place.layer is None:
        return place.name == "embed"
    return place.layer < block
