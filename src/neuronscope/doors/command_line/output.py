"""Where does an answer go? Into a file whose ending says how, checked before anything is computed."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from neuronscope import results, views
from neuronscope.results.kinds import first_part
from neuronscope.words import BadInput, nearest

if TYPE_CHECKING:
    import xarray as xr

DATA = results.ENDINGS
PICTURES = (".png", ".svg")
ENDINGS = (*DATA, ".html", *PICTURES)


def ending(path: Path) -> str:
    """Return the known ending of a file name; raises ``BadInput`` where it has none."""
    name = path.name.lower()
    found = [known for known in ENDINGS if name.endswith(known) and name != known]
    if not found:
        hint = nearest(path.suffix, ENDINGS) if path.suffix else ""
        raise BadInput(f"--out {path.name!r} must end in one of {' '.join(ENDINGS)}{hint or '.'}")
    return max(found, key=len)


def checked(file: str) -> Path:
    """Return the path of a file that can be written and whose ending is known.

    Raises ``BadInput`` where the ending is not known or the folder is missing or may not be written.
    """
    path = Path(file).expanduser()
    ends = ending(path)
    folder = path.parent
    if not folder.is_dir():
        raise BadInput(f"--out {file!r} cannot be written: no folder {str(folder)!r}; make it first.")
    if path.is_dir() and ends != ".zarr":
        raise BadInput(f"--out {file!r} cannot be written: it is a folder; choose another name.")
    try:
        # Only trying tells: permissions say nothing of a full or read-only disk, nor of an administrator.
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as problem:
        raise BadInput(
            f"--out {file!r} cannot be written: {problem.strerror}; choose another folder."
        ) from None
    return path


def write(
    result: "xr.Dataset | xr.DataTree",
    path: Path,
    *,
    variable: str | None,
    select: Mapping[str, int],
    theme: str | None,
) -> None:
    """Write a result as data, as a page or as a picture, by the ending of the path."""
    ends = ending(path)
    if ends in DATA:
        results.save(result, path)
    elif ends in PICTURES:
        figure = views.figure(result, variable=variable, select=select, theme=theme or "light")
        views.draw(figure, path, format=ends[1:])
    else:
        _write_page(views.page(result, theme=theme), path)


def selection(result: "xr.Dataset | xr.DataTree", variable: str | None, wanted: list[str]) -> dict[str, int]:
    """Return the index of each ``AXIS=VALUE``, the value read as the axis labels it.

    An axis without labels takes an index, and a negative number counts from the end. Raises
    ``BadInput`` on an axis or a value that the variable does not have.
    """
    if not wanted:
        return {}
    part = first_part(result)
    known = [str(name) for name in part.data_vars]
    name = variable or known[0]
    if name not in known:
        hint = nearest(name, known) or f"; it has {', '.join(known)}."
        raise BadInput(f"The result has no variable {name!r}{hint}")
    array = part[name]
    found = {}
    for pair in ",".join(wanted).split(","):
        axis, _, value = (part.strip() for part in pair.partition("="))
        if axis not in array.dims:
            axes = [str(dim) for dim in array.dims]
            hint = nearest(axis, axes) or f"; it has {', '.join(axes)}."
            raise BadInput(f"--at {pair!r}: {name} has no axis {axis!r}{hint}")
        found[axis] = _index(array, axis, value)
    return found


def _index(array: "xr.DataArray", axis: str, value: str) -> int:
    size = array.sizes[axis]
    labels = [str(label) for label in array[axis].values.tolist()] if axis in array.coords else []
    if value in labels:
        return labels.index(value)
    if value.lstrip("-").isdigit() and (value.startswith("-") or not labels) and -size <= int(value) < size:
        return int(value) % size
    span = labels or [str(place) for place in range(size)]
    listed = ", ".join(span) if size <= 8 else f"{span[0]} to {span[-1]}"
    raise BadInput(f"--at {axis}={value}: {axis} is one of {listed}{nearest(value, labels) or '.'}")


def _write_page(page: str, path: Path) -> None:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as problem:
        raise BadInput(f"--out {str(path)!r} cannot be written: {problem.strerror}.") from problem
