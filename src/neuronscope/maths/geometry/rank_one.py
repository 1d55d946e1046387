"""Does a set of vectors keep to one direction? Principal components of vectors held in factors.

Each vector is Σ over paths of a strength that an example gives times a fixed vector of the path, and only the
inner products of the fixed vectors, their Gram matrix, are needed: in an orthonormal frame of their span the
vectors are as many numbers as there are paths, with all lengths and angles kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int


@dataclass(frozen=True, eq=False)
class Principal:
    """The first principal component of the examples with the longest vectors, of each neuron.

    ``coefficient`` are the weights over paths that make it of length one; ``explained`` is its share of the
    squared lengths of those examples, ``explained_all`` of all; NaN where there is nothing to explain.
    ``selected`` are the examples, longest first, ``threshold`` the length of the last of them, ``length``
    that of every example. ``positive`` is the share of the selected that lie on its positive side, at least
    one half.
    """

    coefficient: Float[np.ndarray, "neuron path"]
    explained: Float[np.ndarray, " neuron"]
    explained_all: Float[np.ndarray, " neuron"]
    selected: Int[np.ndarray, "neuron rank"]
    threshold: Float[np.ndarray, " neuron"]
    length: Float[np.ndarray, "neuron prompt"]
    positive: Float[np.ndarray, " neuron"]


def lengths(
    strengths: Float[np.ndarray, "neuron prompt path"], gram: Float[np.ndarray, "neuron path other"]
) -> Float[np.ndarray, "neuron prompt"]:
    """Return the length of each vector from its strengths and the Gram matrix of its paths."""
    return np.sqrt(np.maximum(((strengths @ gram) * strengths).sum(-1), 0.0))


def frame(gram: Float[np.ndarray, "neuron path other"]) -> Float[np.ndarray, "neuron path component"]:
    """Return the coordinates of each path in an orthonormal frame: a square root of each Gram matrix.

    Strengths times it are coordinates of the vectors, of the same lengths and angles.
    """
    values, vectors = np.linalg.eigh(gram)
    return vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]


def principal(
    strengths: Float[np.ndarray, "neuron prompt path"],
    gram: Float[np.ndarray, "neuron path other"],
    *,
    n_selected: int,
) -> Principal:
    """Return the first principal component of each neuron's longest vectors about their mean.

    ``strengths`` of all examples are centred by their mean; the component is the first right singular vector
    of the ``n_selected`` longest, turned so that most of these lie on its positive side (Gandelsman et al.
    2024). It is found in the frame of the paths, so that no vector is ever written out.
    """
    centred = strengths - strengths.mean(1, keepdims=True)
    turned = centred @ frame(gram)
    length = np.linalg.norm(turned, axis=-1)
    selected = np.argsort(-length, axis=1, kind="stable")[:, :n_selected]
    chosen = np.take_along_axis(turned, selected[..., None], 1)
    vector, explained, explained_all = _first(chosen, turned)
    side = (chosen @ vector[..., None])[..., 0]
    sign = _majority(side)
    square = (side**2).sum(1)
    weight = np.divide(side, square[:, None], out=np.zeros_like(side), where=square[:, None] > 0)
    rows = np.take_along_axis(centred, selected[..., None], 1)
    coefficient = sign[:, None] * (weight[:, None] @ rows)[:, 0]
    positive = (side * sign[:, None] > 0).mean(1)
    threshold = np.take_along_axis(length, selected[:, -1:], 1)[:, 0]
    return Principal(coefficient, explained, explained_all, selected, threshold, length, positive)


def permuted_explained(
    strengths: Float[np.ndarray, "neuron prompt path"],
    gram: Float[np.ndarray, "neuron path other"],
    *,
    n_selected: int,
    n_null: int,
    seed: int | Sequence[int] = 0,
) -> tuple[Float[np.ndarray, "sample neuron"], Float[np.ndarray, "sample neuron"]]:
    """Return what the first component explains where paths have nothing to do with each other.

    The strengths of each path are dealt out anew over the examples, independently of the other paths, and
    the longest are chosen again: so each path keeps its own strengths, and only their agreement is lost.
    Returns the shares of the chosen and of all.
    """
    rng, turn = np.random.default_rng(seed), frame(gram)
    centred = strengths - strengths.mean(1, keepdims=True)
    drawn = [_explained(rng.permuted(centred, axis=1) @ turn, n_selected) for _ in range(n_null)]
    shape = (n_null, len(strengths))
    return np.array([one for one, _ in drawn]).reshape(shape), np.array([two for _, two in drawn]).reshape(
        shape
    )


def resampled(
    strengths: Float[np.ndarray, "neuron prompt path"],
    gram: Float[np.ndarray, "neuron path other"],
    *,
    n_selected: int,
    n_resamples: int,
    seed: int | Sequence[int] = 0,
) -> tuple[Float[np.ndarray, "sample neuron path"], Float[np.ndarray, "sample neuron"]]:
    """Return coefficients and explained share over resamples of the examples, drawn with replacement."""
    rng = np.random.default_rng(seed)
    n_prompts = strengths.shape[1]
    found = [
        principal(strengths[:, rng.integers(n_prompts, size=n_prompts)], gram, n_selected=n_selected)
        for _ in range(n_resamples)
    ]
    shape = (n_resamples, len(strengths))
    coefficient = np.array([one.coefficient for one in found]).reshape(*shape, strengths.shape[2])
    return coefficient, np.array([one.explained for one in found]).reshape(shape)


def _explained(turned: np.ndarray, n_selected: int) -> tuple[np.ndarray, np.ndarray]:
    square = (turned**2).sum(-1)
    selected = np.argpartition(-square, min(n_selected, square.shape[1]) - 1, axis=1)[:, :n_selected]
    _, explained, explained_all = _first(np.take_along_axis(turned, selected[..., None], 1), turned)
    return explained, explained_all


def _first(chosen: np.ndarray, turned: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the first right singular vector of the chosen, and its shares of the chosen and of all."""
    rank = min(chosen.shape[1:])
    if rank == 0:
        nothing = np.full(len(chosen), np.nan)
        return np.zeros((len(chosen), chosen.shape[-1])), nothing, nothing
    # The smaller of the two square problems; both have the same eigenvalues.
    if chosen.shape[2] <= chosen.shape[1]:
        vector = np.linalg.eigh(np.swapaxes(chosen, 1, 2) @ chosen)[1][..., -1]
    else:
        left = np.linalg.eigh(chosen @ np.swapaxes(chosen, 1, 2))[1][..., -1]
        vector = (left[:, None] @ chosen)[:, 0]
        size = np.linalg.norm(vector, axis=-1, keepdims=True)
        vector = np.divide(vector, size, out=np.zeros_like(vector), where=size > 0)
    shares = []
    for rows in (chosen, turned):
        along, whole = ((rows @ vector[..., None]) ** 2).sum((1, 2)), (rows**2).sum((1, 2))
        share = np.divide(along, whole, out=np.full(len(rows), np.nan), where=whole > 0)
        shares.append(np.minimum(share, 1.0))
    return vector, *shares


def _majority(side: np.ndarray) -> np.ndarray:
    """Return the sign that puts most on the positive side; where as many lie on either, the longer sum."""
    votes = np.sign(side).sum(1)
    sign = np.sign(np.where(votes == 0, side.sum(1), votes))
    return np.where(sign == 0, 1.0, sign)
