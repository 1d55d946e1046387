"""What the tests of the store keep in it."""

from pathlib import Path

import numpy as np
import xarray as xr

from neuronscope.results import Store, label, stamp


def key_of(number: int) -> str:
    return Store.key(analysis="count", version=1, arguments={"number": number})


def answer(number: float = 0.0) -> xr.Dataset:
    values = number + np.arange(12.0).reshape(2, 3, 2)
    made = label(
        {"rank": [1, 2], "token": ("position", ["Paris", " is", ""])},
        probability=("depth position rank", values, {"units": "1"}),
        candidate=("depth position", [["été", "", "\0"]] * 2),
    )
    return stamp(made, analysis="count", arguments={"number": number})


def entry_of(store: Store, key: str) -> Path:
    return store.folder / "entries" / key[:2] / key
