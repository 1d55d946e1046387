"""Where did these numbers come from, and are they still the ones that came from there?"""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any, TypeVar
from weakref import ref

import numpy as np
import xarray as xr

from neuronscope.results.plain import canonical, described, plain

Labelled = TypeVar("Labelled", bound=xr.Dataset | xr.DataTree)
_BLOCK = 2**20
_LARGE = 2**20
_MOST_KNOWN = 16
_KNOWN: OrderedDict[str, tuple[list["ref[np.ndarray]"], str]] = OrderedDict()
_PACKAGES = ("neuronscope", "numpy", "tokenizers", "torch", "transformers", "xarray")


def stamp(  # noqa: PLR0913 - what is asked, of what, and what it cost
    result: Labelled,
    *,
    analysis: str,
    version: int = 1,
    arguments: Mapping[str, Any] | None = None,
    models: Mapping[str, Any] | None = None,
    parents: Mapping[str, str] | Sequence[str] = (),
    sources: Mapping[str, Any] | None = None,
    seed: int | None = None,
    seconds: float | None = None,
    peak_memory_mb: float | None = None,
) -> Labelled:
    """Return the result with its provenance as one JSON text in the attribute ``provenance``.

    The values do not change. ``version`` is the schema version of the analysis, ``models`` what is known
    of each model (its fingerprint above all), ``sources`` the same of tasks, corpora and
    series of checkpoints, ``parents`` the digests of the results it was made from.
    Package versions, the time and the digest of the values are added here. Arguments that are not plain
    data, such as a function, are recorded by name.
    """
    facts = {
        "analysis": analysis,
        "version": version,
        "arguments": plain(arguments or {}, unknown=described),
        "models": plain(models or {}, unknown=described),
        "parents": plain(parents),
        "sources": plain(sources or {}, unknown=described),
        "seed": seed,
        "seconds": seconds,
        "peak_memory_mb": peak_memory_mb,
        "created": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "packages": package_versions(),
        "digest": digest(result),
    }
    marked = result.copy(deep=False)
    marked.attrs["provenance"] = json.dumps(facts, sort_keys=True)
    return marked


def provenance(result: xr.Dataset | xr.DataTree) -> dict[str, Any]:
    """Read provenance back; ``derived`` is true once the result is not the one that was stamped.

    A result without provenance gives only ``derived``, true, since nobody knows where it came from.
    """
    facts = stamped(result)
    return {**facts, "derived": not facts or facts.get("digest") != digest(result)}


def stamped(result: xr.Dataset | xr.DataTree) -> dict[str, Any]:
    """Return the facts of the stamp as they stand, empty where there is none that can be read."""
    try:
        facts = json.loads(result.attrs["provenance"])
    except (KeyError, TypeError, ValueError):
        return {}
    return facts if isinstance(facts, dict) else {}


def digest(result: xr.Dataset | xr.DataTree) -> str:
    """Fingerprint a result in 16 hexadecimal digits, so that a changed one cannot wear the old stamp.

    Covers names, axes, dtypes, sizes, coordinates, values (text too) and attributes, but neither the
    provenance nor the order of the variables: results that xarray calls identical have one digest.

    Large arrays that are read-only are read once: their result keeps its digest as long as they live.

    >>> one = xr.Dataset({"effect": ("layer", [1.0, 2.0])})
    >>> digest(one) == digest(one.copy(deep=True)), digest(one) == digest(one * 2)
    (True, False)
    """
    lasting = _lasting(result)
    if not lasting:
        return _digest(result, ())
    # The digest of all the rest, with the identity of the large arrays, tells one result from another.
    key = _digest(result, lasting)
    known = _KNOWN.get(key)
    if known is None or any(kept() is not array for kept, array in zip(known[0], lasting, strict=True)):
        known = [ref(array) for array in lasting], _digest(result, ())
        _KNOWN[key] = known
        while len(_KNOWN) > _MOST_KNOWN:
            _KNOWN.popitem(last=False)
    return known[1]


def fixed(result: Labelled) -> Labelled:
    """Return a result whose large arrays cannot be changed in place, so that its digest is taken once."""
    for _, part in parts(result):
        for variable in part.variables.values():
            if isinstance(variable.data, np.ndarray) and variable.data.base is None:
                variable.data.flags.writeable = False
    return result


def _lasting(result: xr.Dataset | xr.DataTree) -> list[np.ndarray]:
    """Return the large arrays that nobody can change: read-only, and no view of another."""
    held = (variable.data for _, part in parts(result) for variable in part.variables.values())
    return [
        array
        for array in held
        if isinstance(array, np.ndarray)
        and array.nbytes >= _LARGE
        and not array.flags.writeable
        and array.base is None
    ]


def _digest(result: xr.Dataset | xr.DataTree, known: Sequence[np.ndarray]) -> str:
    """Return the digest, some arrays counting by their identity alone."""
    known_by = {id(array) for array in known}
    ledger = hashlib.sha256(type(result).__name__.encode())
    for path, dataset in sorted(parts(result), key=lambda part: part[0]):
        attributes = {name: value for name, value in dataset.attrs.items() if name != "provenance"}
        ledger.update(canonical([path, plain(attributes, unknown=described)]).encode())
        for name in sorted(dataset.variables, key=str):
            variable = dataset.variables[name]
            if id(variable.data) in known_by:
                said = [str(name), name in dataset.coords, list(variable.dims), id(variable.data)]
                ledger.update(canonical([*said, plain(dict(variable.attrs), unknown=described)]).encode())
            else:
                _enter(ledger, str(name), variable, is_coordinate=name in dataset.coords)
    return ledger.hexdigest()[:16]


def parts(result: xr.Dataset | xr.DataTree) -> Iterator[tuple[str, xr.Dataset]]:
    """Yield each group's path and its own dataset; a plain dataset is the one group ``/``."""
    if isinstance(result, xr.Dataset):
        yield "/", result
        return
    for node in result.subtree:
        path = node.path.removeprefix(result.path.rstrip("/")) or "/"
        yield path, node.to_dataset(inherit=node is result)


def _enter(ledger: Any, name: str, variable: xr.Variable, *, is_coordinate: bool) -> None:
    """Add one variable to the digest, with its lengths, so that no two results read the same."""
    values = np.asarray(variable.values)
    text = values.dtype.kind in "OUT"
    dtype = "text" if text else values.dtype.newbyteorder("<").str
    attributes = plain(dict(variable.attrs), unknown=described)
    head = [name, is_coordinate, list(variable.dims), dtype, list(values.shape), attributes]
    ledger.update(canonical(head).encode())
    if text:
        words = [str(word).encode("utf-8", "surrogatepass") for word in values.flat]
        ledger.update(np.array([len(word) for word in words], dtype="<i8").tobytes())
        ledger.update(b"".join(words))
        return
    flat = np.ascontiguousarray(values).reshape(-1)
    if values.dtype.kind == "c":
        flat = flat.view(values.dtype.str.replace(f"c{values.itemsize}", f"f{values.itemsize // 2}"))
    for start in range(0, flat.size, _BLOCK):
        block = flat[start : start + _BLOCK]
        if block.dtype.kind == "f":
            # All NaN are one, and so are 0 and -0, as they are to xarray.
            block = block + 0
            block[np.isnan(block)] = np.nan
        ledger.update(np.ascontiguousarray(block, dtype=block.dtype.newbyteorder("<")).view(np.uint8))


@cache
def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on, where installed."""
    found = {"python": python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
