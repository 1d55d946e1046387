"""How do the files look that the first second-order code reads and writes?

That code (Gandelsman et al. 2024) keeps arrays as ``.npy`` under names that say data set, model and layer,
and the words of each neuron as one JSON object. What is found in language models is written under the same
names, so that its notebooks read it, and what it has written is read.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse
import xarray as xr
from jaxtyping import Float

from neuronscope.words import BadInput

_COEFFICIENT = 100.0
"""Its representations have this length."""
_PCA = re.compile(
    r"(?P<dataset>.+)_train_mlps_(?P<model>.+)_(?P<pretrained>[^_]+)_(?P<layer>\d+)_(?P<k>\d+)_pca"
)


@dataclass(frozen=True)
class Named:
    """What the names of the files say: the data set, the model and what tells its weights apart."""

    dataset: str
    model: str
    pretrained: str

    def __str__(self) -> str:
        return f"{self.model}_{self.pretrained}"


def plain_name(text: str) -> str:
    """Return a name that a file can have, with no underscore, which parts the names."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")


def write_components(folder: Path, named: Named, components: xr.Dataset, *, n_neurons: int) -> list[Path]:
    """Write the component and the longest lengths of each neuron, one pair of files a layer.

    Rows are the neurons of the layer by number, NaN where one was not looked at. The first column of the
    lengths is the threshold, as it is read there; the others are the longest, from the shortest of them.
    """
    n_examples, written = int(components.attrs["n_examples"]), []
    layers, numbers = components["neuron_layer"].values, components["neuron_number"].values
    longest = np.sort(components["strongest_length"].values, axis=1)[:, -max(1, n_examples - 1) :]
    lengths = np.column_stack([components["threshold"].values, longest])
    for layer in np.unique(layers).tolist():
        rows = layers == layer
        stem = f"{named.dataset}_train_mlps_{named}_{layer}_{n_examples}"
        for ending, values in (("pca", components["component"].values), ("norm", lengths)):
            whole = np.full((n_neurons, values.shape[1]), np.nan, dtype=np.float32)
            whole[numbers[rows]] = values[rows]
            written.append(folder / f"{stem}_{ending}.npy")
            np.save(written[-1], whole)
    return written


def write_words(folder: Path, named: Named, texts: xr.Dataset, *, n_neurons: int) -> list[Path]:
    """Write the words of each neuron with their weights, the words' list, and the same as a sparse matrix."""
    atoms, weights = texts["atom"].values.astype(str), texts["weight"].values
    lines = list(dict.fromkeys(atom for row in atoms for atom in row if atom))
    index = {atom: place for place, atom in enumerate(lines)}
    places = [str(address).split(".")[-2:] for address in texts["address"].values]
    lexicon = plain_name(str(texts.attrs.get("lexicon", "vocabulary")))
    written = [folder / f"{lexicon}.txt"]
    written[0].write_text("".join(f"{_one_line(line)}\n" for line in lines), encoding="utf-8")
    for layer in sorted({int(layer) for layer, _ in places}):
        found: dict[str, list[tuple[int, float, str]]] = {}
        matrix = scipy.sparse.lil_matrix((n_neurons, len(lines)))
        for row, (at, neuron) in enumerate(places):
            if int(at) == layer:
                order = np.argsort(-np.abs(weights[row]), kind="stable")
                kept = [
                    (index[atoms[row, k]], float(weights[row, k]), atoms[row, k])
                    for k in order
                    if atoms[row, k]
                ]
                found[neuron] = [
                    (place, weight, str(text)) for place, weight, text in kept if np.isfinite(weight)
                ]
                for place, weight, _ in found[neuron]:
                    matrix[int(neuron), place] = weight
        stem = f"{named.dataset}_mlps_{named}_{layer}_{lexicon}_decomposition_omp_1.0_{atoms.shape[1]}"
        written += [folder / f"{stem}.json", folder / f"{stem}.npz"]
        written[-2].write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
        scipy.sparse.save_npz(written[-1], matrix.tocsc())
    return written


def write_representations(folder: Path, named: Named, representations: xr.Dataset) -> list[Path]:
    """Write the representations at the last depth, each of length 100, and who was right as class 1."""
    last = representations["representation"].isel(depth=-1).transpose("prompt", "width").values
    length = np.linalg.norm(last, axis=1, keepdims=True)
    values = {
        f"representations_{named}": (_COEFFICIENT * last / length).astype(np.float32),
        "classes": representations["correct"].values.astype(np.int64),
    }
    written = [folder / f"{named.dataset}_train_{name}.npy" for name in values]
    for file, array in zip(written, values.values(), strict=True):
        np.save(file, array)
    return written


def read_components(folder: Path, layer: int) -> Mapping[str, Any]:
    """Return what a folder in this layout says of a layer: its names, components and thresholds.

    ``component`` is [neuron width] and ``threshold`` [neuron], NaN for neurons that were not looked at.
    Raises `BadInput` where the folder has no components of the layer, or files that do not fit together.
    """
    for file in sorted(folder.glob(f"*_{layer}_*_pca.npy")):
        told = _PCA.fullmatch(file.stem)
        if told and int(told["layer"]) == layer:
            component = _array(file)
            norm = _array(file.with_name(file.name.replace("_pca.npy", "_norm.npy")))
            if component.ndim != 2 or norm.ndim != 2 or len(component) != len(norm):
                raise BadInput(f"{file.name} and its lengths do not fit together: write them anew.")
            named = Named(told["dataset"], told["model"], told["pretrained"])
            return {"named": named, "component": component, "threshold": norm[:, 0]}
    raise BadInput(f"{str(folder)!r} has no file DATASET_train_mlps_MODEL_WEIGHTS_{layer}_K_pca.npy.")


def _array(file: Path) -> Float[np.ndarray, "neuron other"]:
    try:
        return np.load(file, allow_pickle=False)
    except (OSError, ValueError) as problem:
        raise BadInput(f"{file.name} cannot be read as an array: {problem}.") from problem


def _one_line(text: str) -> str:
    return text.replace("\n", "\\n").replace("\r", "\\r")
