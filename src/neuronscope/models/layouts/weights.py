"""Where are the tensors of a checkpoint, and where is its configuration? Read as data, never as code."""

import json
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 - raised where weights hold more than tensors
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from neuronscope.models.layouts.mapping import BESIDE, Mapping, plain_data
from neuronscope.words import BadInput

PICKLED = (".pt", ".pth", ".bin", ".ckpt")
KINDS = (".safetensors", ".npz", *PICKLED)


def weights_file(mapping: Mapping, place: Path) -> Path:
    """Return the file of weights that a mapping means, beginning from a file or a folder.

    Raises `BadInput` when there is none, or several to choose from.
    """
    if place.is_dir() and mapping.weights is None:
        found = sorted(file for file in place.iterdir() if file.suffix in KINDS)
        if len(found) != 1:
            several = f"several files of weights, such as {found[0].name}" if found else "no file of weights"
            raise BadInput(
                f"The folder {str(place)!r} holds {several}: name one, or say weights in {BESIDE}."
            )
        return found[0]
    file = place if mapping.weights is None else (place if place.is_dir() else place.parent) / mapping.weights
    if not file.is_file():
        raise BadInput(
            f"There is no file of weights {str(file)!r}: give one of {', '.join(KINDS)}, or .json."
        )
    return file


def read_weights(file: Path) -> Any:
    """Return what a file of weights holds: tensors by name, or for .pt also what lies beside them.

    A .json file holds each tensor as nested lists of numbers. Raises `BadInput` when the file holds more
    than data.
    """
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        if file.suffix == ".npz":
            with np.load(file, allow_pickle=False) as arrays:
                return {name: torch.from_numpy(arrays[name]) for name in arrays.files}
        if file.suffix == ".json":
            said = json.loads(file.read_text(encoding="utf-8"))
            return {name: _tensor(value) for name, value in said.items()}
        return torch.load(file, map_location="cpu", weights_only=True)
    except (
        UnpicklingError,
        SafetensorError,
        RuntimeError,
        EOFError,
        ValueError,
        OSError,
        AttributeError,
    ) as error:
        raise BadInput(
            f"{str(file)!r} cannot be read safely as weights: it must hold tensors and plain data."
        ) from error


def tensors_of(mapping: Mapping, saved: Any, file: Path) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint by name, prefixes dropped, what is ignored left in."""
    holder = saved
    for key in mapping.tensors_at:
        if isinstance(saved, dict) and isinstance(saved.get(key), dict):
            holder = saved[key]
            break
    named = holder if isinstance(holder, dict) else {}
    tensors = {name: value for name, value in named.items() if isinstance(value, Tensor)}
    if not tensors:
        under = f" under {' or '.join(mapping.tensors_at)}" if mapping.tensors_at else ""
        raise BadInput(f"{str(file)!r} holds no tensors by name{under}.")
    return {_stripped(name, mapping.strip): tensor for name, tensor in tensors.items()}


def configuration_of(mapping: Mapping, saved: Any, folder: Path) -> dict[str, Any]:
    """Return the checkpoint's own configuration; empty where the mapping speaks of none.

    Raises `BadInput` when the mapping names places for it and none of them holds it.
    """
    where = mapping.configuration
    inside = [
        saved[key] for key in where.inside if isinstance(saved, dict) and isinstance(saved.get(key), dict)
    ]
    files = [folder / name for name in where.files if (folder / name).is_file()]
    found = inside[0] if inside else plain_data(files[0]) if files else None
    if found is None:
        if where.inside or where.files:
            places = [*where.files, *(f"{key} in the weights" for key in where.inside)]
            raise BadInput(
                f"No configuration lies beside the weights in {str(folder)!r}: give {' or '.join(places)}."
            )
        return {}
    section = next((found[key] for key in where.at if isinstance(found.get(key), dict)), found)
    return dict(section)


def _tensor(value: Any) -> Any:
    try:
        return torch.tensor(value, dtype=torch.float64)
    except (TypeError, ValueError):
        return value


def _stripped(name: str, prefixes: list[str]) -> str:
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name
