"""What is drawn: one variable, cut down to the axes of its view, with its labels and companions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results import kind_of, plane
from neuronscope.views.labels import (
    axis_title,
    called,
    in_line,
    in_words,
    is_text,
    text_attr,
    value_title,
    visible,
    written,
)
from neuronscope.words import BadInput, nearest

DISTINCT_BELOW = 0.05  # the usual level; a variable of p-values may carry its own as attribute `level`


@dataclass(frozen=True)
class Axis:
    """One drawn axis: its name, its title, a label for every place, and numbers where it has them."""

    name: str
    title: str
    labels: list[str]
    tokens: bool
    numbers: np.ndarray | None

    @property
    def size(self) -> int:
        """The number of places."""
        return len(self.labels)

    @property
    def even(self) -> bool:
        """Say whether the places are rising, evenly spaced numbers, so that a few name them all."""
        if self.numbers is None or self.tokens or self.size < 2:
            return False
        gaps = np.diff(self.numbers)
        return bool(gaps[0] > 0 and np.allclose(gaps, gaps[0]))


@dataclass(frozen=True)
class Cut:
    """One variable cut to its drawn axes: ``values`` has one dimension for each of ``axes``.

    ``result`` is the whole; ``sliced`` has every other axis held at the index that ``sliders`` tells.
    """

    result: xr.Dataset
    sliced: xr.Dataset
    variable: str
    kind: str
    values: np.ndarray
    axes: tuple[Axis, ...]
    sliders: list[dict[str, Any]]

    @property
    def array(self) -> xr.DataArray:
        """The whole variable, all slices of it."""
        return self.result[self.variable]

    @property
    def scaled(self) -> xr.DataArray:
        """The values that share one scale of colours: all slices, but of lines of tokens those shown."""
        own = self.kind == "tokens" and len(self.axes) > 1
        return self.sliced[self.variable] if own else self.array

    @property
    def title(self) -> str:
        """The variable in the field's words, with units."""
        return value_title(self.array)

    @property
    def reading(self) -> str:
        """One line that says how to read the values, where the analysis gave one."""
        said = text_attr(self.array, "meaning") or called(self.array)[1]
        return said or text_attr(self.result, "meaning")

    @property
    def shown(self) -> str:
        """The slice in words, such as ``layer 3 · head 0``; empty where nothing is left out."""
        return " · ".join(slider["label"] for slider in self.sliders)

    def beside(self, name: str) -> np.ndarray | None:
        """Return another variable of the same slice, spread over the drawn axes; None where it is not."""
        if name == self.variable or name not in self.sliced.variables:
            return None
        return self._spread(self.sliced[name])

    def words_beside(self) -> np.ndarray | None:
        """Return the string variable over exactly the drawn axes, or None.

        Of several the first, but before it one whose name begins with that of the variable.
        """
        wanted = {axis.name for axis in self.axes}
        found = [
            str(name)
            for name, array in self.sliced.data_vars.items()
            if name != self.variable and set(array.dims) == wanted and is_text(array.values)
        ]
        if not found:
            return self._tokens_beside(wanted)
        return self._spread(self.sliced[min(found, key=lambda name: not name.startswith(self.variable))])

    def _tokens_beside(self, wanted: set[str]) -> np.ndarray | None:
        """Return the text of each token where every place has its own, by its id where only that is kept."""
        tokens = self.sliced.coords.get("token")
        if tokens is None or set(tokens.dims) != wanted:
            return None
        spread = self._spread(tokens)
        texts = self.result.get(text_attr(tokens, "words"))
        if spread is None or is_text(spread) or texts is None:
            return spread
        return np.append(texts.values.astype(object), "")[spread]  # -1, no token, is the empty text

    def interval(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the lower and upper ends around each value, where the result holds them."""
        pair = self.sliced.get(self.variable)
        for name in (f"{self.variable}_interval", "interval"):
            pair = self.sliced[name] if self._speaks_of(name) else pair
        if pair is not None and pair.sizes.get("bound") == 2:
            ends = self._spread(pair.isel(bound=0)), self._spread(pair.isel(bound=1))
        else:
            names = (f"{self.variable}_low", f"{self.variable}_high")
            names = names if names[0] in self.sliced else ("low", "high")
            if not all(map(self._speaks_of, names)):
                return None
            ends = self.beside(names[0]), self.beside(names[1])
        if ends[0] is None or ends[1] is None:
            return None
        return _finite(ends[0]), _finite(ends[1])

    def null(self) -> np.ndarray | None:
        """Return what chance would give for each value, where the result holds it."""
        return self._numbers_of("null")

    def indistinct(self) -> np.ndarray | None:
        """Mark the values that cannot be told from random; None where the result does not say.

        By the p-values ``p`` where there are some, else where the interval holds ``null``.
        """
        p = self._numbers_of("p")
        if p is not None:
            own = f"{self.variable}_p"
            level = self.result[own if own in self.result else "p"].attrs.get("level", DISTINCT_BELOW)
            return np.isfinite(p) & (p >= float(level))
        null, ends = self.null(), self.interval()
        return None if null is None or ends is None else (ends[0] <= null) & (null <= ends[1])

    def _numbers_of(self, companion: str) -> np.ndarray | None:
        for name in (f"{self.variable}_{companion}", companion):
            values = self.beside(name) if self._speaks_of(name) else None
            if values is not None and values.dtype.kind in "biuf":
                return _finite(values)
        return None

    def _speaks_of(self, name: str) -> bool:
        """Say whether a companion is there and belongs to this variable, by name or as the first one."""
        first = next(iter(self.result.data_vars)) == self.variable
        return name in self.sliced and (name.startswith(self.variable) or first)

    def _spread(self, array: xr.DataArray) -> np.ndarray | None:
        dims = [axis.name for axis in self.axes]
        if not set(array.dims) <= set(dims):
            return None
        sizes = {axis.name: axis.size for axis in self.axes}
        missing = {dim: size for dim, size in sizes.items() if dim not in array.dims}
        return array.drop_vars(list(array.coords)).expand_dims(missing).transpose(*dims).values


def cut(
    result: xr.Dataset | xr.DataTree,
    *,
    variable: str | None = None,
    select: Mapping[str, int] | None = None,
) -> Cut:
    """Cut a variable to the axes that its kind draws; every other axis is held at one index.

    ``variable`` is the first where it is left out; ``select`` gives indexes by axis, 0 where left out.
    Raises :class:`~neuronscope.words.BadInput` for an unknown variable, a wrong axis or index, and for
    a single number, which no view can draw.
    """
    whole, variable = _part(result, variable)
    names = [str(name) for name in whole.data_vars]
    if not names:
        raise BadInput("The result holds no variable, so there is nothing to draw.")
    name = variable or names[0]
    if name not in names:
        raise BadInput(
            f"The result has no variable {name!r}" + (nearest(name, names) or f"; it has {', '.join(names)}.")
        )
    kind = kind_of(whole[[name]])
    array = _drawable(whole[name])
    whole = whole.assign({name: array})
    laid = plane([str(dim) for dim in array.dims], kind)
    seen = [axis for axis in (laid.y, laid.x) if axis]
    chosen = _indexes(array, laid.sliders, select or {})
    sliced = whole.isel({axis: index for axis, index in chosen.items() if array.sizes[axis]})
    part = sliced[name]
    if "bound" in part.dims and "bound" not in seen:
        part = part.mean("bound", keep_attrs=True)
    if set(part.dims) == set(seen):
        values = part.transpose(*seen).values
    else:  # a slider axis without a single place
        values = np.full([array.sizes[axis] for axis in seen], np.nan)
    return Cut(
        result=whole,
        sliced=sliced,
        variable=name,
        kind=kind,
        values=values,
        axes=tuple(_axis(sliced, axis) for axis in seen),
        sliders=[_slider(whole, axis, chosen[axis]) for axis in laid.sliders],
    )


def _part(result: xr.Dataset | xr.DataTree, variable: str | None) -> tuple[xr.Dataset, str | None]:
    """Return the dataset that holds the variable, and the name it has there.

    In a tree a variable may be named after its group, as ``group/name``; else the first part counts.
    """
    if isinstance(result, xr.Dataset):
        return result, variable
    group, _, name = (variable or "").rpartition("/")
    parts = [node.to_dataset() for node in result.subtree if node.data_vars]
    if group and group in result:
        parts, variable = [result[group].to_dataset()], name
    holding = [part for part in parts if variable is None or variable in part.data_vars]
    found = (holding or parts or [result.to_dataset()])[0]
    return found.assign_attrs({**result.attrs, **found.attrs}), variable


def _drawable(array: xr.DataArray) -> xr.DataArray:
    """Return a variable of words, or of finite numbers: true as 1, a complex number as its size."""
    if is_text(array.values):
        return array
    if array.dtype.kind == "c":
        words = {"long_name": f"size of {called(array)[0]}"}
        return abs(array).assign_attrs({**array.attrs, **words}).astype(float)
    if array.dtype.kind not in "biuf":
        raise BadInput(f"{array.name!r} has dtype {array.dtype}; views draw numbers, true/false and words.")
    return array.astype(float).where(np.isfinite(array))


def _finite(values: np.ndarray) -> np.ndarray:
    """Return numbers with nan for whatever is infinite, which no axis can hold."""
    values = values.astype(float)
    return np.where(np.isfinite(values), values, np.nan)


def _indexes(array: xr.DataArray, sliders: tuple[str, ...], select: Mapping[str, int]) -> dict[str, int]:
    """Return an index for each slider axis, 0 where none was asked for."""
    known = ", ".join(sliders) or "none"
    for axis, index in select.items():
        if axis not in sliders:
            drawn = " is drawn, so it takes no index" if axis in array.dims else " is no axis to choose"
            raise BadInput(f"Axis {axis!r}{drawn}" + (nearest(axis, sliders) or f"; sliders here: {known}."))
        size = array.sizes[axis]
        if not -size <= index < size:
            raise BadInput(
                f"Index {index} is outside {axis!r}, which has {size} places; use 0 to {size - 1}."
            )
    return {axis: int(select.get(axis, 0)) % max(array.sizes[axis], 1) for axis in sliders}


def _slider(result: xr.Dataset, axis: str, index: int) -> dict[str, Any]:
    """Describe a slider: its axis, size, index and the place in words."""
    size = result.sizes[axis]
    place = _axis(result, axis).labels[index] if size else "none"
    place = f"{place} of {size}" if axis == "rank" else place
    coord = result.coords.get(axis)
    words = "" if coord is None else text_attr(coord, "long_name")
    return {"axis": axis, "size": size, "index": index, "label": f"{words or in_words(axis)} {place}"}


def _axis(sliced: xr.Dataset, axis: str) -> Axis:
    """Describe an axis: tokens where it has them, else words, else its coordinate, else its index."""
    own = [
        str(name)
        for name, coord in sliced.coords.items()
        if name != axis and coord.dims == (axis,) and is_text(coord.values)
    ]
    own = [name for name in own if _names_places(name, sliced[name].values)]
    tokens = sorted(
        (name for name in own if "token" in name),
        key=lambda name: (name != f"{axis}_token", name != "token", name),
    )
    numbers = None
    if axis not in sliced.coords:
        numbers = np.arange(sliced.sizes[axis], dtype=float)
        labels = [str(i) for i in range(sliced.sizes[axis])]
    else:
        values = sliced[axis].values
        numbers = values.astype(float) if values.dtype.kind in "iuf" else None
        labels = [in_line(value) for value in values.tolist()]
    if tokens:
        twins = ([visible(written(value)) for value in sliced[name].values.tolist()] for name in tokens)
        labels = ["/".join(dict.fromkeys(place)) for place in zip(*twins, strict=True)]
    elif own:
        labels = [in_line(value) for value in sliced[own[0]].values.tolist()]
    return Axis(axis, axis_title(sliced, axis), labels, bool(tokens), numbers)


def _names_places(name: str, values: np.ndarray) -> bool:
    """Say whether words along an axis name its places, and are not groups that they fall into."""
    if name in ("from_node", "to_node", "address"):
        return False
    return (
        any(word in name for word in ("token", "label", "name")) or len(set(values.tolist())) == values.size
    )
