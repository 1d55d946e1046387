"""How unevenly is activity spread over examples? Several measures, none of which is the measure."""

from typing import Any

import numpy as np
from jaxtyping import Float


def hoyer(values: Any, *, axis: int = -1) -> Float[np.ndarray, "*axes"]:
    """Return Hoyer's sparsity along an axis: 0 where all magnitudes are equal, 1 where all but one are 0.

    (√n − Σ|x| / √Σx²) / (√n − 1). NaN where every value is 0, and for a single value. (Hoyer 2004, §3.1.)

    >>> hoyer([0.0, 0.0, 0.0, 2.0]).item(), hoyer([1.0, -1.0, 1.0, 1.0]).item()
    (1.0, 0.0)
    """
    size = np.abs(np.asarray(values, dtype=float))
    root = np.sqrt(size.shape[axis])
    with np.errstate(divide="ignore", invalid="ignore"):
        return (root - size.sum(axis) / np.sqrt((size**2).sum(axis))) / (root - 1)


def gini(values: Any, *, axis: int = -1) -> Float[np.ndarray, "*axes"]:
    """Return the Gini index of the magnitudes along an axis: 0 where all are equal, near 1 where one has all.

    Its largest value is 1 − 1/n. NaN where every value is 0. (Hurley and Rickard 2009, eq. 6.)

    >>> gini([0.0, 0.0, 0.0, 2.0]).item(), gini([3.0, 3.0]).item()
    (0.75, 0.0)
    """
    size = np.sort(np.moveaxis(np.abs(np.asarray(values, dtype=float)), axis, -1), axis=-1)
    n = size.shape[-1]
    weight = (2 * np.arange(1, n + 1) - n - 1) / n
    with np.errstate(divide="ignore", invalid="ignore"):
        return (size * weight).sum(-1) / size.sum(-1)


def participation(values: Any, *, axis: int = -1) -> Float[np.ndarray, "*axes"]:
    """Return the share of examples that take part in the energy: (Σx²)² / (n Σx⁴), from 1/n to 1.

    NaN where every value is 0.

    >>> participation([0.0, 0.0, 0.0, 2.0]).item(), participation([1.0, -1.0]).item()
    (0.25, 1.0)
    """
    energy = np.asarray(values, dtype=float) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return energy.sum(axis) ** 2 / (energy.shape[axis] * (energy**2).sum(axis))


def needed_share(values: Any, *, share: float = 0.9, axis: int = -1) -> Float[np.ndarray, "*axes"]:
    """Return the share of examples, those with the largest first, that hold this share of the energy Σx².

    NaN where every value is 0.

    >>> needed_share([0.0, 0.0, 0.0, 2.0]).item(), needed_share([1.0, -1.0, 1.0, 1.0], share=0.5).item()
    (0.25, 0.5)
    """
    energy = np.moveaxis(np.asarray(values, dtype=float) ** 2, axis, -1)
    held = np.cumsum(-np.sort(-energy, axis=-1), axis=-1)
    whole = held[..., -1:]
    # Rounding must not ask for one example more.
    count = (held < share * whole * (1 - 1e-12)).sum(-1) + 1
    return np.where(whole[..., 0] > 0, count / energy.shape[-1], np.nan)


def excess_kurtosis(values: Any, *, axis: int = -1) -> Float[np.ndarray, "*axes"]:
    """Return the fourth central moment over the squared variance, less 3: 0 for a normal distribution.

    NaN where all values are equal.

    >>> excess_kurtosis([-1.0, 1.0]).item()
    -2.0
    """
    numbers = np.asarray(values, dtype=float)
    squares = (numbers - numbers.mean(axis, keepdims=True)) ** 2
    with np.errstate(divide="ignore", invalid="ignore"):
        return (squares**2).mean(axis) / squares.mean(axis) ** 2 - 3


def class_selectivity(values: Any, classes: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return how much more each row answers to its favourite class than to the rest, and which class that is.

    ``values`` [item example] are cut off below 0, since the measure is defined for answers that are never
    negative; ``classes`` [example] are whole numbers from 0. With μ the mean answer to the favourite class
    and ν the mean of the means of the other classes it is (μ − ν) / (μ + ν): 0 where all classes have one
    mean, 1 where one class alone is answered. NaN where there is no answer. (Morcos et al. 2018, eq. 1.)

    >>> class_selectivity([[1.0, 3.0, 0.0, 0.0]], [0, 0, 1, 2])[0].item()
    1.0
    """
    answers, number = np.maximum(np.asarray(values, dtype=float), 0), np.asarray(classes)
    present = np.unique(number)
    means = np.stack([answers[:, number == each].mean(1) for each in present], axis=1)
    best = means.argmax(1)
    most = means.max(1)
    rest = (means.sum(1) - most) / max(1, len(present) - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (most - rest) / (most + rest), present[best]


def label_entropy(labels: Any) -> Float[np.ndarray, " item"]:
    """Return the entropy in bits of the labels of each row: 0 where a row has one label only.

    ``labels`` [item example] are whole numbers from 0.

    >>> label_entropy([[2, 2, 2, 2], [0, 1, 0, 1]]).tolist()
    [0.0, 1.0]
    """
    number = np.asarray(labels)
    counts = np.stack([(number == each).sum(1) for each in np.unique(number)], axis=1)
    share = counts / number.shape[1]
    return np.abs((share * np.log2(np.where(share > 0, share, 1))).sum(1))
