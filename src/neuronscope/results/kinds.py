"""What sort of picture is this? A result's kind and its axes on screen, from its dims alone."""

from collections.abc import Iterable
from dataclasses import dataclass

import xarray as xr

from neuronscope.words import BadInput

KINDS = {
    "attention": "each query token spreads its attention over key tokens: axes query and key",
    "matrix": "each of a set is compared with each of a set: axes item and other",
    "points": "things placed by coordinates: axes item and component",
    "trajectory": "one thing moving through coordinates: axes step and component",
    "field": "a surface over two real coordinates: axes x and y",
    "graph": "nodes and edges: axis node or edge",
    "grid": "numbers over two or more axes",
    "ranking": "a list in order: axis rank, line or item, with at most one other",
    "tokens": "a number for each token of a prompt, or of several: axis position with a coordinate token",
    "profile": "numbers along one axis",
}
_BY_PAIR = {  # kind -> its vertical and its horizontal axis
    "attention": ("query", "key"),
    "matrix": ("item", "other"),
    "points": ("item", "component"),
    "trajectory": ("step", "component"),
    "field": ("y", "x"),
}
_LISTS = ("rank", "line", "item")
_LINES = ("rank", "line")
_ACROSS = "position step key neuron feature head component item width vocab x node".split()
_DOWN = "depth neuron feature layer query head site prompt item other direction".split()


def kind_of(result: xr.Dataset | xr.DataTree) -> str:
    """Say which kind a result is, from the axes of its first variable.

    The kind is computed and never stored: a mean over positions turns a grid into a profile, and a
    stored word would not notice. A tree has the kind of its first part. Raises ``BadInput`` where the
    first variable has no axis.

    >>> kind_of(xr.Dataset({"effect": (("depth", "position"), [[0.0, 1.0]])}))
    'grid'
    """
    dataset = first_part(result)
    name = next(iter(dataset.data_vars), None)
    if name is None:
        raise BadInput("A result without variables has no kind; label() needs at least one.")
    dims = tuple(str(dim) for dim in dataset[name].dims)
    token = dataset.coords.get("token")
    if token is not None and token.ndim > 1 and "position" in token.dims and set(token.dims) <= set(dims):
        return "tokens"  # each line has tokens of its own
    kind = _kind(dims, has_tokens=token is not None)
    if kind is None:
        raise BadInput(f"{name!r} is a single number, which no view draws; give it an axis such as 'item'.")
    return kind


def first_part(result: xr.Dataset | xr.DataTree) -> xr.Dataset:
    """Return the dataset itself, or the first of a tree's parts that has variables."""
    if isinstance(result, xr.Dataset):
        return result
    parts = [node.to_dataset() for node in result.subtree]
    return next((part for part in parts if part.data_vars), parts[0])


def _kind(dims: tuple[str, ...], *, has_tokens: bool) -> str | None:
    """Find the first kind that the axes fit, the most telling axes first."""
    for kind, pair in _BY_PAIR.items():
        if set(pair) <= set(dims):
            return kind
    if "node" in dims or "edge" in dims:
        return "graph"
    spread = [dim for dim in dims if dim not in ("rank", "line", "bound")]
    if len(spread) >= 2:
        return "grid"
    if any(dim in _LISTS for dim in dims):
        return "ranking"
    if spread == ["position"] and has_tokens:
        return "tokens"
    return "profile" if spread else None


@dataclass(frozen=True)
class Plane:
    """Which axis runs across, which down, and which are left for sliders, ``rank`` last."""

    x: str
    y: str | None
    sliders: tuple[str, ...]


def plane(dims: Iterable[str], kind: str) -> Plane:
    """Lay a variable's axes out on screen for a kind.

    Kinds of one axis (graph, ranking, tokens, profile) run across, tokens line by line where each line has
    its own, with ``bound`` neither drawn as an
    axis nor a slider, since it is the interval around each value.

    >>> plane(("layer", "neuron", "position"), "grid")
    Plane(x='position', y='neuron', sliders=('layer',))
    """
    names = [str(dim) for dim in dims]
    if kind in _BY_PAIR:
        y, x = _BY_PAIR[kind]
    elif kind == "grid":
        free = [name for name in names if name not in ("rank", "line", "bound")]
        x = _preferred(_ACROSS, free) or free[-1]
        rest = [name for name in free if name != x]
        y = _preferred(_DOWN, rest) or rest[0]
    else:
        wanted = {"graph": ("node", "edge"), "ranking": _LISTS, "tokens": ("position",)}.get(kind, ())
        x = _preferred(wanted, names) or next(name for name in names if name != "bound")
        y = _preferred(_LINES, names) if kind == "tokens" else None
        names = [name for name in names if name != "bound"]
    left = [name for name in names if name not in (x, y)]
    return Plane(x, y, tuple(sorted(left, key=lambda name: name == "rank")))


def _preferred(order: Iterable[str], names: list[str]) -> str | None:
    """Return the first word of an order that is among the names."""
    return next((word for word in order if word in names), None)
