"""What can be written to a site? Each change is frozen data: it prints, compares, hashes, goes to JSON."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from neuronscope.instruments.draws import drawn_noise, drawn_row
from neuronscope.instruments.notation import Rows, read_rows, read_value, written_rows, written_value
from neuronscope.instruments.readings import Readings, position_axis, words_left
from neuronscope.models.sites import Site
from neuronscope.words import BadInput, nearest

Value = Tensor | float | Readings
Function = Callable[[Tensor], Tensor]
KINDS = ("put", "zero", "mean", "resample", "scale", "add", "noise", "project_out", "fn")


@dataclass(frozen=True, eq=False, repr=False)
class Op:
    """One change at one site: which, where, with what, and in which rows of the batch; in all by default.

    ``value`` is what the kind needs: the number or tensor that is put, added or multiplied, the mean, the
    reference rows, the standard deviation, the directions, or the function. ``seed`` fixes what is drawn.
    ``places`` are the start and length of each prompt in a value that was read from padded prompts.
    """

    kind: str
    site: Site
    value: Tensor | float | Function | None = None
    rows: Rows = None
    seed: int | None = None
    places: tuple[tuple[int, int], ...] | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            near = nearest(self.kind, KINDS) or f"; there are {', '.join(KINDS)}"
            raise BadInput(f"There is no op {self.kind!r}{near}")
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
        said = (self.kind, str(self.site), self.rows, self.seed, self.places, type(self.value).__name__)
        digest = hashlib.sha256(repr(said).encode())
        if isinstance(self.value, Tensor):
            value = self.value.detach().cpu().contiguous()
            digest.update(f"{tuple(value.shape)} {value.dtype}".encode())
            digest.update(value.flatten().view(torch.uint8).numpy().data)
        else:
            digest.update(repr(self.value).encode())
        return digest.hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Return the op as plain data; `Op.from_json` gives back an equal op, bit for bit.

        Raises `BadInput` for ``fn``, whose function cannot be written down.
        """
        if callable(self.value):
            raise BadInput(
                f"{self} holds a Python function, which cannot be written as JSON: use another op."
            )
        parts: dict[str, Any] = {
            "value": written_value(self.value),
            "rows": written_rows(self.rows),
            "seed": self.seed,
            "places": None if self.places is None else [list(place) for place in self.places],
        }
        kept = {name: part for name, part in parts.items() if part is not None}
        return {"op": self.kind, "site": str(self.site), **kept}

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> "Op":
        """Return the op that plain data says.

        A tensor is ``{"dtype", "shape", "base64"}``, or nested lists of numbers. Raises `BadInput` for
        unknown ops, sites and keys.
        """
        known = ("op", "site", "value", "rows", "seed", "places")
        wrong = next((key for key in data if key not in known), None)
        if wrong is not None or not {"op", "site"} <= {*data}:
            said = f"does not know {wrong!r}" if wrong is not None else "needs op and site"
            raise BadInput(f"An op in JSON {said}: it has the keys {', '.join(known)}.")
        if data["op"] == "fn":
            raise BadInput("fn holds a Python function, so it cannot come from JSON: choose another op.")
        places = data.get("places")
        return Op(
            str(data["op"]),
            Site.parse(data["site"]),
            read_value(data.get("value")),
            read_rows(data.get("rows")),
            data.get("seed"),
            None if places is None else tuple((int(start), int(length)) for start, length in places),
        )

    def changed(
        self, current: Tensor, *, rows: Sequence[int] | None = None, positions: Sequence[int] = (0,)
    ) -> Tensor:
        """Return what the site holds after the op, in the shape that it has now.

        ``rows`` number the rows of ``current`` among those that the op changes and ``positions`` are its
        prompts' own; only what is drawn depends on them. Raises `BadInput` when the value does not fit.
        """
        numbers = range(current.shape[0]) if rows is None else rows
        if self.kind == "zero":
            return torch.zeros_like(current)
        if callable(self.value):
            return self._called(self.value, current)
        if self.kind == "noise":
            words = words_left(self.site)
            axis = words.index(position_axis(self.site.kind)) if self._has_positions(words) else None
            drawn = drawn_noise(current, axis, self.seed or 0, numbers, positions)
            return current + drawn * float(self.value or 0.0)  # pyright: ignore[reportArgumentType]
        number = 0.0 if self.value is None else self.value
        value = torch.as_tensor(number, dtype=None if isinstance(number, Tensor) else torch.float64)
        if self.kind == "project_out":
            return self._without(current, value)
        if self.kind == "resample":
            value = value[[drawn_row(self.seed or 0, number, len(value)) for number in numbers]]
        value = self._fitted(value.to(device=current.device, dtype=current.dtype), current)
        if self.kind == "scale":
            return current * value
        return current + value if self.kind == "add" else value

    def _has_positions(self, words: Sequence[str]) -> bool:
        return bool(words) and position_axis(self.site.kind) in words

    def _called(self, function: Function, current: Tensor) -> Tensor:
        given = function(current)
        if not isinstance(given, Tensor) or given.shape != current.shape:
            shape = list(given.shape) if isinstance(given, Tensor) else f"a {type(given).__name__}"
            raise BadInput(f"{self} must give a tensor of shape {list(current.shape)}, but it gave {shape}.")
        return given.to(current)

    def _without(self, current: Tensor, basis: Tensor) -> Tensor:
        basis = basis.to(device=current.device, dtype=current.dtype)
        if basis.shape[-1] != current.shape[-1]:
            raise BadInput(
                f"project_out at {self.site} has directions of {basis.shape[-1]} entries, "
                f"but the site has {current.shape[-1]}."
            )
        return current - (current @ basis.T) @ basis

    def _fitted(self, value: Tensor, current: Tensor) -> Tensor:
        try:
            return value.expand(current.shape)
        except RuntimeError as error:
            words = words_left(self.site)
            if self._has_positions(words) and value.dim() == current.dim():
                axis = words.index(position_axis(self.site.kind))
                held, there = value.shape[axis], current.shape[axis]
                if held != there:
                    raise BadInput(
                        f"{self.kind} at {self.site} brings {held} positions, but the prompt has {there}: "
                        "patch between prompts of one length, or name positions."
                    ) from error
            raise BadInput(
                f"{self.kind} at {self.site} has a value of shape {list(value.shape)}, "
                f"but the site holds {list(current.shape)}."
            ) from error

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Op) and self.digest == other.digest

    def __hash__(self) -> int:
        return int(self.digest, 16)

    def __repr__(self) -> str:
        value = self.value
        if isinstance(value, Tensor):
            value = f"tensor{list(value.shape)}"
        elif callable(value):
            value = getattr(value, "__qualname__", type(value).__name__)
        shown = "" if value is None else f", {value}"
        seed = "" if self.seed is None else f", seed={self.seed}"
        rows = "" if self.rows is None else f", rows={self.rows}"
        return f"{self.kind}({str(self.site)!r}{shown}{seed}{rows})"


def put(site: str | Site, value: Value, *, rows: Rows = None) -> Op:
    """Return the op that replaces a site by a number, a tensor, or what another run read at that address."""
    return _with_value("put", site, value, rows)


def zero(site: str | Site, *, rows: Rows = None) -> Op:
    """Return the op that sets a site to zero."""
    return Op("zero", Site.parse(site), None, rows)


def add(site: str | Site, value: Value, *, rows: Rows = None) -> Op:
    """Return the op that adds a number, a tensor, or another run's reading to a site."""
    return _with_value("add", site, value, rows)


def scale(site: str | Site, factor: float | Tensor, *, rows: Rows = None) -> Op:
    """Return the op that multiplies a site by a factor."""
    return Op("scale", Site.parse(site), factor if isinstance(factor, Tensor) else float(factor), rows)


def resample(site: str | Site, over: Tensor | Readings, *, seed: int = 0, rows: Rows = None) -> Op:
    """Return the op that replaces a site by its values on other prompts, drawn with a seed.

    ``over`` is what another run read there, or a tensor shaped like its reading, batch first. Each row that
    the op changes takes one prompt of it at random; the seed and the row's number fix which, whatever the
    batch (resample ablation of causal scrubbing, Chan et al. 2022).
    """
    place = Site.parse(site)
    value = over[place] if isinstance(over, Readings) else over
    if not isinstance(value, Tensor) or value.dim() == 0 or len(value) == 0:
        raise BadInput(f"resample at {place} draws from the prompts of another run: give its readings.")
    return Op("resample", place, value, rows, int(seed), _places(over, place))


def noise(site: str | Site, std: float, *, seed: int = 0, rows: Rows = None) -> Op:
    """Return the op that adds Gaussian noise of standard deviation ``std``, in the units of the activation.

    The seed, the number of the row among those changed and its own position fix the numbers, so batch size,
    padding and slices change none (the corruption of causal tracing, Meng et al. 2022). Raises `BadInput`
    for a negative ``std``.
    """
    if not 0 <= float(std) < float("inf"):
        raise BadInput(f"The standard deviation of noise is 0 or more, not {std}.")
    return Op("noise", Site.parse(site), float(std), rows, int(seed))


def project_out(site: str | Site, directions: Tensor, *, rows: Rows = None) -> Op:
    """Return the op that removes from a site its component along a direction, or along each of several.

    ``directions`` are [width], or [direction width] in the last axis of the site, of any length; several are
    made orthonormal first, so all that lies in their span goes (Ravfogel et al. 2020). Raises `BadInput`
    for a direction of zeros, and at a site without a vector axis.
    """
    place = Site.parse(site)
    words = words_left(place)
    if words and words[-1] not in ("width", "head_width", "neuron", "vocab"):
        raise BadInput(f"{place} has no vectors to project: name all neurons, a head or the stream.")
    each = torch.atleast_2d(torch.as_tensor(directions)).double()
    if each.dim() != 2 or not bool(each.isfinite().all()) or bool((each.norm(dim=-1) == 0).any()):
        raise BadInput(
            "Directions are [width] or [direction width], finite, none all zeros; "
            f"these are {list(each.shape)}."
        )
    _, sizes, basis = torch.linalg.svd(each / each.norm(dim=-1, keepdim=True), full_matrices=False)
    return Op("project_out", place, basis[sizes > 1e-10 * sizes[0]].contiguous(), rows)


def fn(site: str | Site, function: Function, *, rows: Rows = None) -> Op:
    """Return the op that replaces a site by a Python function of it, batch axis first; for Python alone.

    The function keeps the shape. Where prompts are padded, or the address names a span, it sees one prompt
    at a time.
    """
    if not callable(function):
        raise BadInput(f"fn takes a function of the site's tensor, not {function!r:.60}.")
    return Op("fn", Site.parse(site), function, rows)


def mean(
    site: str | Site,
    over: Tensor | Readings,
    *,
    across: Collection[str] = ("batch", "position"),
    rows: Rows = None,
) -> Op:
    """Return the op that replaces a site by its mean over another run, or a tensor shaped like its reading.

    ``across`` names what is averaged: prompts (``batch``), positions (``position``), or both; padding never
    counts. Raises `BadInput` for other words, and where the address has no such axis left.
    """
    place = Site.parse(site)
    reference = over[place] if isinstance(over, Readings) else over
    words = words_left(place)
    axes = [_axis(word, words, place) for word in across]
    if not axes or reference.dim() != len(words):
        raise BadInput(
            f"The reference for {place} needs the axes {' '.join(words)} and something to average over."
        )
    own = over.own(place) if isinstance(over, Readings) else None
    if own is None:
        return Op("mean", place, reference.mean(dim=axes, keepdim=True), rows)
    if "position" not in across:
        raise BadInput(
            f"A mean of {place} across the batch alone needs prompts of one length: add 'position' to across."
        )
    total = reference.where(own, 0.0).sum(dim=axes, keepdim=True)
    return Op("mean", place, total / own.sum(dim=axes, keepdim=True), rows)


def _axis(word: str, words: Iterable[str], site: Site) -> int:
    here = list(words)
    named = position_axis(site.kind) if word == "position" else word
    if word not in ("batch", "position"):
        raise BadInput(f"A mean runs across 'batch', 'position' or both, not {word!r}.")
    if named not in here:
        raise BadInput(f"{site} names one position, so its mean runs across 'batch' only.")
    return here.index(named)


def _with_value(kind: str, site: str | Site, value: Value, rows: Rows) -> Op:
    place = Site.parse(site)
    if isinstance(value, Readings):
        return Op(kind, place, value[place], rows, places=_places(value, place))
    return Op(kind, place, value if isinstance(value, Tensor) else float(value), rows)


def _places(over: object, site: Site) -> tuple[tuple[int, int], ...] | None:
    return over.places(site) if isinstance(over, Readings) else None


def _near(site: Site) -> str:
    near = {"result": "z", "attn_norm": "attn_in", "mlp_norm": "mlp_in"}.get(site.name)
    return f"{near}.{site.layer}" if near else "final"
