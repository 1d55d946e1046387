"""What can be written to a site? Each change is frozen data: it prints, compares and hashes."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from neuronscope.instruments.readings import Readings, position_axis
from neuronscope.models.sites import Site
from neuronscope.words import BadInput

Rows = int | slice | tuple[int, ...] | None
Value = Tensor | float | Readings


@dataclass(frozen=True, eq=False, repr=False)
class Op:
    """One change at one site: which, where, with what, and in which rows of the batch; in all by default."""

    kind: str
    site: Site
    value: Tensor | float | None = None
    rows: Rows = None

    def __post_init__(self) -> None:
        if self.site.layer == "*":
            layers = f"{self.site.name}.0, {self.site.name}.1"
            raise BadInput(
                f"{self.site} names every layer, but a change is made in one: write {layers} and so on."
            )
        if self.site.kind.derived:
            raise BadInput(
                f"{self.site} is derived from its neighbours, not written: change {_near(self.site)}."
            )

    @property
    def digest(self) -> str:
        """Return 16 hexadecimal digits over everything that the op says, its values included."""
        digest = hashlib.sha256(f"{self.kind} {self.site} {self.rows} {type(self.value).__name__}".encode())
        if isinstance(self.value, Tensor):
            value = self.value.detach().cpu().contiguous()
            digest.update(f"{tuple(value.shape)} {value.dtype}".encode())
            digest.update(value.flatten().view(torch.uint8).numpy().data)
        else:
            digest.update(repr(self.value).encode())
        return digest.hexdigest()[:16]

    def changed(self, current: Tensor) -> Tensor:
        """Return what the site holds after the op, in the shape that it has now.

        Raises `BadInput` when the value does not fit.
        """
        if self.kind == "zero":
            return torch.zeros_like(current)
        value = torch.as_tensor(0.0 if self.value is None else self.value)
        value = self._fitted(value.to(device=current.device, dtype=current.dtype), current)
        if self.kind == "scale":
            return current * value
        return current + value if self.kind == "add" else value

    def _fitted(self, value: Tensor, current: Tensor) -> Tensor:
        try:
            return value.expand(current.shape)
        except RuntimeError as error:
            raise BadInput(
                f"{self.kind} at {self.site} has a value of shape {list(value.shape)}, "
                f"but the site holds {list(current.shape)}."
            ) from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Op) and self.digest == other.digest

    def __hash__(self) -> int:
        return int(self.digest, 16)

    def __repr__(self) -> str:
        value = f"tensor{list(self.value.shape)}" if isinstance(self.value, Tensor) else self.value
        shown = "" if value is None else f", {value}"
        rows = "" if self.rows is None else f", rows={self.rows}"
        return f"{self.kind}({str(self.site)!r}{shown}{rows})"


def put(site: str | Site, value: Value, *, rows: Rows = None) -> Op:
    """Return the op that replaces a site by a number, a tensor, or what another run read at that address."""
    place = Site.parse(site)
    return Op("put", place, _of(value, place), rows)


def zero(site: str | Site, *, rows: Rows = None) -> Op:
    """Return the op that sets a site to zero."""
    return Op("zero", Site.parse(site), None, rows)


def add(site: str | Site, value: Value, *, rows: Rows = None) -> Op:
    """Return the op that adds a number, a tensor, or another run's reading to a site."""
    place = Site.parse(site)
    return Op("add", place, _of(value, place), rows)


def scale(site: str | Site, factor: float | Tensor, *, rows: Rows = None) -> Op:
    """Return the op that multiplies a site by a factor."""
    return Op("scale", Site.parse(site), factor if isinstance(factor, Tensor) else float(factor), rows)


def mean(
    site: str | Site,
    over: Tensor | Readings,
    *,
    across: Collection[str] = ("batch", "position"),
    rows: Rows = None,
) -> Op:
    """Return the op that replaces a site by its mean over another run, or a tensor shaped like its reading.

    ``across`` names what is averaged: prompts (``batch``), positions (``position``), or both. Raises
    `BadInput` for other words, and where the address has no such axis left.
    """
    place = Site.parse(site)
    reference = over[place] if isinstance(over, Readings) else over
    words = [
        word for word in place.kind.words if word != (place.kind.unit if place.unit is not None else None)
    ]
    if isinstance(place.position, int):
        words.remove(position_axis(place.kind))
    axes = [_axis(word, words, place) for word in across]
    if not axes or reference.dim() != len(words):
        raise BadInput(
            f"The reference for {place} needs the axes {' '.join(words)} and something to average over."
        )
    return Op("mean", place, reference.mean(dim=axes, keepdim=True), rows)


def _axis(word: str, words: Iterable[str], site: Site) -> int:
    here = list(words)
    named = position_axis(site.kind) if word == "position" else word
    if word not in ("batch", "position"):
        raise BadInput(f"A mean runs across 'batch', 'position' or both, not {word!r}.")
    if named not in here:
        raise BadInput(f"{site} names one position, so its mean runs across 'batch' only.")
    return here.index(named)


def _of(value: Value, site: Site) -> Tensor | float:
    if isinstance(value, Readings):
        return value[site]
    return value if isinstance(value, Tensor) else float(value)


def _near(site: Site) -> str:
    near = {"result": "z", "attn_norm": "attn_in", "mlp_norm": "mlp_in"}.get(site.name)
    return f"{near}.{site.layer}" if near else "final"
