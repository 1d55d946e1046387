"""Where does each of many things lie on a picture of few dimensions, and how far may it be trusted?"""

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.manifold import trustworthiness as _trustworthiness

from neuronscope.words import BadInput

EXACT_UP_TO = 200
"""Rows or columns up to which all singular vectors are found, and not only the first."""


class Components(NamedTuple):
    """Things along principal components: coordinates, share of variance of each, directions."""

    coordinates: Float[np.ndarray, "item component"]
    explained: Float[np.ndarray, " component"]
    directions: Float[np.ndarray, "component feature"]


def principal_components(
    features: Any, n_components: int, *, centre: bool = True, seed: int = 0
) -> Components:
    """Return the first principal components of features [item feature], strongest first.

    The sign of each makes the largest entry of its direction positive, so that the order of the items changes
    nothing. There are no more components than the smaller side of the features, less one where that is large.
    (scikit-learn's PCA.)
    """
    rows = np.asarray(features)
    side = min(rows.shape)
    solver = "full" if side <= EXACT_UP_TO else "arpack"
    n = max(1, min(n_components, side if solver == "full" else side - 1))
    if not np.ptp(rows, axis=0).any():
        return Components(np.zeros((len(rows), n)), np.zeros(n), np.eye(n, rows.shape[1]))
    found = PCA(n, svd_solver=solver, random_state=seed).fit(rows)
    directions = np.asarray(found.components_)
    return Components(found.transform(rows), found.explained_variance_ratio_, directions)


def shuffled(features: Any, rng: np.random.Generator) -> np.ndarray:
    """Return features with each column shuffled over the items on its own: the values without their ties."""
    return rng.permuted(np.asarray(features), axis=0)


def tsne(points: Any, n_components: int, *, neighbours: float, seed: int = 0) -> np.ndarray:
    """Return coordinates by t-SNE, begun from the principal components (scikit-learn's own).

    ``neighbours`` is its perplexity. Raises `BadInput` where it is more than a third of the points. (van der
    Maaten and Hinton 2008.)
    """
    rows = np.asarray(points)
    _check(neighbours, len(rows))
    return TSNE(n_components, perplexity=neighbours, init="pca", random_state=seed).fit_transform(rows)


def umap(points: Any, n_components: int, *, neighbours: int, seed: int = 0) -> np.ndarray:
    """Return coordinates by UMAP.

    Raises `BadInput` where the package umap-learn is not there, and for too many neighbours. (McInnes, Healy
    and Melville 2018.)
    """
    try:
        package = import_module("umap")
    except ImportError as error:
        raise BadInput(
            "UMAP needs the package umap-learn, which is not installed: install neuronscope[umap], "
            "or choose pca or tsne."
        ) from error
    rows = np.asarray(points)
    _check(neighbours, len(rows))
    found = package.UMAP(n_components=n_components, n_neighbors=neighbours, random_state=seed)
    return np.asarray(found.fit_transform(rows))


def trustworthiness(points: Any, picture: Any, *, n_neighbours: int = 12) -> float:
    """Return how far neighbours on a picture are neighbours in truth: 1 always, about 0.5 by chance.

    (Venna and Kaski 2001; scikit-learn's own.) NaN where there are too few points to tell.
    """
    n = min(n_neighbours, (len(points) - 1) // 2)
    if n < 1:
        return float("nan")
    return float(_trustworthiness(np.asarray(points), np.asarray(picture), n_neighbors=n))


def _check(neighbours: float, n: int) -> None:
    if 3 * neighbours > n:
        raise BadInput(f"neighbours={neighbours:g} is too many for {n} points: give {n // 3} or less.")
