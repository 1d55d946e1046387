"""How does a slice travel? As JSON, or as raw numbers with their shape beside them."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal
from urllib.parse import quote

import numpy as np
import xarray as xr
from fastapi import HTTPException, Query, Request, Response
from pydantic_core import to_json

from neuronscope import results
from neuronscope.words import BadInput

RAW = "application/octet-stream"
MOST_RAW = 2**24
"""How many values one reply carries as raw numbers."""
BINARY: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "JSON, or raw little-endian numbers in the order of the axes, where headers tell "
        "x-neuronscope-dtype, -axes and -shape.",
        "content": {RAW: {"schema": {"type": "string", "format": "binary"}}},
    }
}
WORDS = ("variable", "format", "dtype")
"""Keys of the query that are no axes."""
NUMBERS = {"f16": "<f2", "f32": "<f4", "f64": "<f8", "i32": "<i4"}

Format = Annotated[
    Literal["json", "binary"] | None,
    Query(description="How the values travel; raw numbers also where Accept asks for octets."),
]
Precision = Annotated[
    Literal["f16", "f32", "f64", "i32"] | None,
    Query(description="What raw numbers are turned into; as they are stored unless you say."),
]


def cut_and_sent(
    request: Request,
    cut: Callable[[Mapping[str, str], int], xr.DataArray],
    *,
    format: Format,
    dtype: Precision,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Cut by the axes of the query and send the slice as asked; ``cut`` takes the axes and a limit.

    Raises a 404 where nothing is there, a 413 where the slice is too large for its form.
    """
    raw = format == "binary" or (format is None and request.headers.get("accept", "").startswith(RAW))
    if dtype is not None and not raw:
        raise BadInput(f"dtype={dtype!r} is for raw numbers; ask for format=binary too.")
    axes = {name: value for name, value in request.query_params.items() if name not in WORDS}
    try:
        part = cut(axes, MOST_RAW if raw else results.MOST_VALUES)
    except results.NotStored as error:
        raise HTTPException(404, str(error)) from None
    except results.TooLarge as error:
        raise HTTPException(413, str(error)) from None
    return (
        as_numbers(part, dtype=dtype, headers=headers) if raw else as_json(results.values_of(part), headers)
    )


def as_numbers(
    part: xr.DataArray, *, dtype: Precision = None, headers: Mapping[str, str] | None = None
) -> Response:
    """Send an array as raw little-endian numbers, its dtype, axes and shape in headers.

    Raises ``BadInput`` for text and for numbers that the wanted dtype cannot hold.
    """
    values = np.asarray(part.values)
    if values.dtype.kind not in "biuf":
        raise BadInput(f"{part.name} holds {results.dtype_word(values)}, not numbers; ask for format=json.")
    if dtype == "i32" and (values.dtype.kind == "f" or not _fits(values, np.int32)):
        raise BadInput(f"{part.name} does not fit i32; leave dtype out, or ask for f64.")
    target = np.dtype(NUMBERS[dtype]) if dtype else values.dtype.newbyteorder("<")
    told = {
        "x-neuronscope-variable": quote(str(part.name)),
        "x-neuronscope-dtype": target.name,
        "x-neuronscope-axes": ",".join(str(axis) for axis in part.dims),
        "x-neuronscope-shape": ",".join(str(size) for size in part.shape),
    }
    with np.errstate(over="ignore"):  # what is beyond half precision is infinite there
        raw = np.ascontiguousarray(values, dtype=target).tobytes()
    return Response(raw, media_type=RAW, headers={**told, "vary": "accept", **(headers or {})})


def as_json(value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """Send plain data without reading it over again, since there may be a million numbers in it."""
    body = to_json(value, inf_nan_mode="null")
    return Response(body, media_type="application/json", headers={"vary": "accept", **(headers or {})})


def _fits(values: np.ndarray, kind: Any) -> bool:
    span = np.iinfo(kind)
    return values.size == 0 or (int(values.min()) >= span.min and int(values.max()) <= span.max)
