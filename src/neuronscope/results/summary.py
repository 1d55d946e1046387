"""What is in a result, in a page of plain JSON? Everything but the values."""

from typing import Any

import numpy as np
import xarray as xr

from neuronscope.results.kinds import first_part, kind_of, plane
from neuronscope.results.plain import described, numbers, plain
from neuronscope.results.provenance import digest, parts, provenance

MOST_LABELS = 10_000


def summary(result: xr.Dataset | xr.DataTree) -> dict[str, Any]:
    """Describe a result as plain JSON, without its values.

    Returns ``digest analysis kind title``; ``dims``, the size of each axis; ``variables``, each with its
    ``name axes dtype units long_name meaning site minimum maximum``; ``coords`` with their ``axes`` and
    ``values`` (left out above 10,000 labels); ``axes``, the plane ``x y sliders`` of the first variable;
    ``attrs``; and the whole ``provenance``. In a tree, names come after their group.
    """
    facts, kind = provenance(result), kind_of(result)
    variables, coords, dims = [], {}, {}
    for path, dataset in parts(result):
        prefix = path.strip("/") + "/" if path != "/" else ""
        variables += [_variable(prefix + str(name), array) for name, array in dataset.data_vars.items()]
        coords |= {prefix + str(name): _coordinate(array) for name, array in dataset.coords.items()}
        dims = {str(axis): size for axis, size in dataset.sizes.items()} | dims
    first = next(iter(first_part(result).data_vars.values()))
    shown = plane([str(dim) for dim in first.dims], kind)
    attrs = {name: value for name, value in result.attrs.items() if name != "provenance"}
    return {
        "digest": digest(result),
        "analysis": facts.get("analysis"),
        "kind": kind,
        "title": title_of(facts),
        "dims": dims,
        "variables": variables,
        "coords": coords,
        "axes": {"x": shown.x, "y": shown.y, "sliders": list(shown.sliders)},
        "attrs": _finite(plain(attrs, unknown=described)),
        "provenance": facts,
    }


def title_of(facts: dict[str, Any]) -> str:
    """Return one line that tells a result from others: its analysis, its models and its arguments.

    >>> title_of({"analysis": "logit_lens", "models": {"model": {"name": "builtin:scribe"}},
    ...           "arguments": {"prompt": "Paris is in", "top_k": 5}})
    'logit_lens · builtin:scribe · Paris is in · top_k=5'
    """
    words = [str(facts.get("analysis", "derived result"))]
    for model in (facts.get("models") or {}).values():
        words.append(str(model["name"] if isinstance(model, dict) and "name" in model else model))
    words += [_short(source["name"]) for source in (facts.get("sources") or {}).values()]
    for name, value in (facts.get("arguments") or {}).items():
        if value not in ("", None):
            words.append(
                _short(value) if isinstance(value, str) and " " in value else f"{name}={_short(value)}"
            )
    return " · ".join(words)


def _short(value: Any) -> str:
    """Return a value on one line of at most sixty characters."""
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def _variable(name: str, array: xr.DataArray) -> dict[str, Any]:
    """Describe one variable."""
    values = np.asarray(array.values)
    lowest, highest = _extent(values)
    told = {word: str(array.attrs.get(word, "")) for word in ("units", "long_name", "meaning", "site")}
    axes = [str(dim) for dim in array.dims]
    return {
        "name": name,
        "axes": axes,
        "dtype": dtype_word(values),
        **told,
        "minimum": lowest,
        "maximum": highest,
    }


def _coordinate(array: xr.DataArray) -> dict[str, Any]:
    """Describe one coordinate, with its labels where they are not too many."""
    values = np.asarray(array.values)
    labels = numbers(values) if values.size <= MOST_LABELS else None
    return {"axes": [str(dim) for dim in array.dims], "dtype": dtype_word(values), "values": labels}


def dtype_word(values: np.ndarray) -> str:
    """Return the dtype in a word, ``text`` for text of any width.

    >>> dtype_word(np.array(["a"]))
    'text'
    """
    return "text" if values.dtype.kind in "OUT" else values.dtype.name


def _extent(values: np.ndarray) -> tuple[float | None, float | None]:
    """Return the least and the greatest finite number, where there are numbers."""
    if values.dtype.kind not in "iuf":
        return None, None
    finite = values[np.isfinite(values)]
    return (finite.min().item(), finite.max().item()) if finite.size else (None, None)


def _finite(value: Any) -> Any:
    """Return plain data with ``None`` for numbers that strict JSON cannot hold."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value
