"""Which checkpoint does a name such as ``transformer_lens:FILE`` or ``mapping:FILE`` mean?"""

from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedModel

from neuronscope.models.layouts.build import build
from neuronscope.models.layouts.mapping import BESIDE, Mapping, read_mapping, shipped, shipped_mapping
from neuronscope.models.layouts.weights import configuration_of, read_weights, tensors_of, weights_file
from neuronscope.words import BadInput

PREFIX = "mapping"


def names_layout(name: str) -> bool:
    """Tell whether a model's name goes by a mapping: by its prefix, or as a folder that holds one."""
    prefix, colon, _ = name.partition(":")
    return bool(colon and prefix in (PREFIX, *shipped())) or (Path(name).expanduser() / BESIDE).is_file()


def open_layout(name: str, *, dtype: torch.dtype = torch.float32) -> tuple[PreTrainedModel, Mapping, Path]:
    """Return the network of a checkpoint that a mapping reads, the mapping, and the folder of the weights.

    Raises `BadInput` in one sentence where the mapping, the weights or the configuration will not do.
    """
    mapping, place = _meant(name)
    file = weights_file(mapping, place)
    saved: Any = read_weights(file)
    tensors = tensors_of(mapping, saved, file)
    configuration = configuration_of(mapping, saved, file.parent)
    return build(mapping, tensors, configuration, dtype=dtype), mapping, file.parent


def _meant(name: str) -> tuple[Mapping, Path]:
    """Return the mapping and where its weights are looked for: a folder, or a file of weights."""
    prefix, colon, path = name.partition(":")
    place = Path(path if colon and prefix in (PREFIX, *shipped()) else name).expanduser()
    if not place.exists():
        raise BadInput(
            f"There is nothing at {str(place)!r}: give a file or folder of weights after {prefix}:."
        )
    beside = place / BESIDE if place.is_dir() else place
    if prefix in shipped():
        return shipped_mapping(prefix), place
    return read_mapping(beside), beside.parent
