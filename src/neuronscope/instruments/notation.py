"""How are the values and rows of an op written as JSON, and read back bit for bit?"""

import base64
import math
from collections.abc import Callable, Mapping
from typing import Any, cast

import torch
from torch import Tensor

from neuronscope.words import BadInput

Rows = int | slice | tuple[int, ...] | None

_DTYPES = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (
        *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
        *(torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool),
    )
}


def written_value(value: Tensor | float | Callable[..., Any] | None) -> Any:
    """Return a number as it is, a tensor as its bytes in base64 with shape and dtype."""
    if isinstance(value, Tensor):
        plain = value.detach().cpu().contiguous()
        data = plain.flatten().view(torch.uint8).numpy().tobytes()
        return {
            "dtype": str(plain.dtype).removeprefix("torch."),
            "shape": list(plain.shape),
            "base64": base64.b64encode(data).decode(),
        }
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def read_value(data: Any) -> Tensor | float | None:
    """Return the number or tensor that plain data says; nested lists are single precision.

    Raises `BadInput` where it says neither.
    """
    try:
        if isinstance(data, Mapping):
            dtype, shape = _DTYPES[data["dtype"]], [int(size) for size in data["shape"]]
            held = bytearray(base64.b64decode(data["base64"], validate=True))
            return (
                torch.frombuffer(held, dtype=dtype).reshape(shape)
                if held
                else torch.empty(shape, dtype=dtype)
            )
        if isinstance(data, list):
            return torch.tensor(data, dtype=torch.float32)
        return None if data is None else float(data)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise BadInput(
            f"A value in JSON is a number, nested lists of one shape, or dtype, shape and base64: {error}"
        ) from error


def written_rows(rows: Rows) -> Any:
    """Return rows as a number, a list, or ``{"start", "stop", "step"}``."""
    if isinstance(rows, slice):
        return {"start": rows.start, "stop": rows.stop, "step": rows.step}
    return list(rows) if isinstance(rows, tuple) else rows


def read_rows(data: Any) -> Rows:
    """Return the rows that plain data says; raises `BadInput` for anything else."""
    ends = ("start", "stop", "step")
    if isinstance(data, Mapping) and {*data} <= {*ends}:
        return slice(*(data.get(end) for end in ends))
    if isinstance(data, list) and all(isinstance(row, int) for row in data):
        return tuple(cast("list[int]", data))
    if data is None or (isinstance(data, int) and not isinstance(data, bool)):
        return data
    raise BadInput(f"Rows are a number, a list of numbers, or start, stop and step, not {data!r:.60}.")
