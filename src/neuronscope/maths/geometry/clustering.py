"""Which things belong together, how sure is that, and would chance look as good?"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from jaxtyping import Float, Int
from sklearn.cluster import HDBSCAN, AgglomerativeClustering, KMeans
from sklearn.metrics import adjusted_rand_score, pairwise_distances

from neuronscope.maths.geometry.projection import shuffled
from neuronscope.maths.significance import rank_p
from neuronscope.words import BadInput

Method = Literal["kmeans", "hdbscan", "agglomerative"]
NONE = -1
"""The label of what is in no cluster."""


def clusters(
    points: Any, method: Method = "kmeans", *, n_clusters: int = 8, n_init: int = 4, seed: int = 0
) -> Int[np.ndarray, " item"]:
    """Return the cluster of each point [item feature], from 0, the largest cluster first.

    The points are sorted by their coordinates before they are handed to scikit-learn, and clusters are
    numbered by `by_size`, so that the order of the points changes nothing. With ``hdbscan`` the number of
    clusters is found, ``n_clusters`` is not used, no cluster holds fewer than five points, and points in no
    cluster are -1. Raises `BadInput` where there are fewer points than clusters.
    """
    rows = np.asarray(points)
    if method != "hdbscan" and n_clusters > len(rows):
        raise BadInput(f"There are {len(rows)} points, too few for {n_clusters} clusters: ask for fewer.")
    order = np.lexsort(rows.T[::-1])
    if method == "hdbscan":
        options: dict[str, Any] = {"min_cluster_size": max(2, min(5, len(rows))), "copy": True}
        found = HDBSCAN(**options).fit_predict(rows[order])
    elif method == "agglomerative":
        found = AgglomerativeClustering(n_clusters, linkage="ward").fit_predict(rows[order])
    else:
        options = {"n_init": n_init, "random_state": seed}
        found = KMeans(n_clusters, **options).fit_predict(rows[order])
    labels = np.empty(len(rows), dtype=int)
    labels[order] = by_size(found)  # ties in size go by the sorted order, which is the points' own
    return labels


def by_size(labels: Any) -> Int[np.ndarray, " item"]:
    """Return labels numbered from 0 by size, the largest first, and then by the first member; -1 stays.

    >>> by_size([7, 2, 2, -1, 2, 7, 5]).tolist()
    [1, 0, 0, -1, 0, 1, 2]
    """
    given = np.asarray(labels)
    known, first, count = np.unique(given[given != NONE], return_index=True, return_counts=True)
    place = {known[i]: number for number, i in enumerate(np.lexsort((first, -count)))}
    return np.array([place.get(label, NONE) for label in given], dtype=int)


def agreement(labels: Any, others: Any) -> float:
    """Return the adjusted Rand index of two clusterings: 1 where they are the same, 0 as by chance.

    (Hubert and Arabie 1985; scikit-learn's own.)
    """
    return float(adjusted_rand_score(np.asarray(labels), np.asarray(others)))


def cluster_agreement(labels: Any, others: Any, n_clusters: int) -> Float[np.ndarray, " cluster"]:
    """Return for each cluster the Jaccard overlap with the one of another clustering that is most like it.

    1 where the cluster was found again as it was. (Hennig 2007.)

    >>> cluster_agreement([0, 0, 1, 1], [5, 5, 5, 3], 2).round(2).tolist()
    [0.67, 0.5]
    """
    mine, theirs = np.asarray(labels), np.asarray(others)
    other = [theirs == number for number in np.unique(theirs[theirs != NONE])]
    best = np.zeros(n_clusters)
    for number in range(n_clusters):
        own = mine == number
        best[number] = max(((own & each).sum() / (own | each).sum() for each in other), default=0.0)
    return best


class Stability(NamedTuple):
    """How like a clustering is to others: mean, least and greatest adjusted Rand index, and by cluster.

    ``recovery`` is the mean overlap of each cluster with its like, ``recovery_null`` with shuffled labels.
    """

    mean: float
    low: float
    high: float
    recovery: Float[np.ndarray, " cluster"]
    recovery_null: Float[np.ndarray, " cluster"]


def stability(labels: Any, others: Sequence[Any], rng: np.random.Generator, *, n_clusters: int) -> Stability:
    """Return how like a clustering is to several others of the same things; NaN where there are none.

    Of its ``n_clusters`` those that hold none of these things have no recovery: NaN.
    """
    n, mine = n_clusters, np.asarray(labels)
    if not len(others):
        nothing, each = float("nan"), np.full(n, np.nan)
        return Stability(nothing, nothing, nothing, each, each)
    index = [agreement(labels, other) for other in others]
    found = np.mean([cluster_agreement(labels, other, n) for other in others], axis=0)
    chance = np.mean([cluster_agreement(labels, rng.permutation(other), n) for other in others], axis=0)
    found, chance = (np.where(np.isin(np.arange(n), mine), each, np.nan) for each in (found, chance))
    return Stability(float(np.mean(index)), min(index), max(index), found, chance)


def middles(points: Any, labels: Any) -> Float[np.ndarray, "cluster feature"]:
    """Return the mean of the points of each cluster."""
    rows, given = np.asarray(points), np.asarray(labels)
    found = [rows[given == number].mean(0) for number in range(given.max() + 1)]
    return np.reshape(found, (len(found), rows.shape[1]))


def distance_to_middle(points: Any, labels: Any) -> Float[np.ndarray, " item"]:
    """Return the distance of each point to the mean of its cluster; NaN for one in no cluster."""
    rows, given = np.asarray(points), np.asarray(labels)
    away = np.full(len(rows), np.nan)
    inside = given != NONE
    away[inside] = np.sqrt(((rows[inside] - middles(rows, given)[given[inside]]) ** 2).sum(1))
    return away


def most_central(points: Any, labels: Any, top_k: int) -> Int[np.ndarray, "cluster rank"]:
    """Return the points nearest the mean of each cluster, nearest first; -1 where it has no more."""
    away, given = distance_to_middle(points, labels), np.asarray(labels)
    found = np.full((given.max() + 1, top_k), -1)
    for number, row in enumerate(found):
        own = np.flatnonzero(given == number)
        near = own[np.argsort(away[own], kind="stable")][:top_k]
        row[: len(near)] = near
    return found


class Scan(NamedTuple):
    """How well points fall into so many clusters, beside chance.

    ``silhouette`` and ``null`` (its mean by chance) are over the numbers of clusters that were tried;
    ``best`` is the number that stands out most; ``p`` is the chance that any number stands out as much.
    """

    n_clusters: Int[np.ndarray, " cluster_count"]
    silhouette: Float[np.ndarray, " cluster_count"]
    null: Float[np.ndarray, " cluster_count"]
    best: int
    p: float


def scan(
    points: Any, numbers: Sequence[int], method: Method = "kmeans", *, n_null: int = 20, seed: int = 0
) -> Scan:
    """Return the silhouettes of points in so many clusters, and of points with each column shuffled.

    The statistic of p is the largest distance of a silhouette above the mean of its like, over all numbers,
    so that trying many numbers is paid for. With ``hdbscan`` the number that it finds is the only one; what
    falls into no two clusters counts as -1. Without draws of chance the largest silhouette is the best and p
    is NaN.
    """
    rows = np.asarray(points)
    rng = np.random.default_rng(seed)
    tried = list(numbers) if method != "hdbscan" else [0]
    drawn: Iterable[np.ndarray] = (shuffled(rows, rng) for _ in range(n_null))
    found = np.stack([_silhouettes(each, tried, method, seed) for each in (rows, *drawn)])
    if method == "hdbscan":
        tried = [len(set(clusters(rows, method).tolist()) - {NONE})]
    above = (found - found.mean(0)).max(1)
    best = tried[int((found[0] - found[1:].mean(0) if n_null else found[0]).argmax())]
    p = float(rank_p(above[0], above[1:], tail="above")) if n_null else float("nan")
    null = found[1:].mean(0) if n_null else np.full(len(tried), np.nan)
    return Scan(np.array(tried), found[0], null, best, p)


def _silhouettes(points: np.ndarray, numbers: Sequence[int], method: Method, seed: int) -> np.ndarray:
    gaps = pairwise_distances(points)
    labels = [clusters(points, method, n_clusters=number, n_init=1, seed=seed) for number in numbers]
    return np.array([silhouette_of(gaps, each) for each in labels])


def silhouette_of(distances: Any, labels: Any) -> float:
    """Return the mean silhouette from distances [item other]; -1 where there are not two clusters."""
    inside = np.asarray(labels) != NONE
    gaps, given = np.asarray(distances)[np.ix_(inside, inside)], np.asarray(labels)[inside]
    if len(np.unique(given)) < 2:
        return -1.0
    return float(_fit(gaps[None], given[None], int(given.max()) + 1)[0])


def split_silhouettes(points: Any, n_clusters: int) -> Float[np.ndarray, " item"]:
    """Return how well each of many small sets of points [item example component] falls into clusters.

    All sets are split at once by k-means, begun with the point furthest from the middle and then, in turn,
    the one furthest from those chosen; the silhouette of each split is given. Chance enters nowhere.
    """
    sets = np.asarray(points, dtype=float)
    gaps = _distances(sets)
    return _fit(gaps, _split(sets, gaps, n_clusters), n_clusters)


def split_scan(
    sets: Any, null: Any, *, most: int = 4
) -> tuple[Int[np.ndarray, " item"], Float[np.ndarray, " item"], Float[np.ndarray, " item"]]:
    """Return into how many clusters each small set [item example component] falls, its silhouette, and a p.

    ``null`` holds sets that chance draws. Two to ``most`` clusters are tried, and the number taken whose
    silhouette is furthest above the mean of its like by chance. p is how seldom chance stands out as much;
    where it is not below 0.05 the number is 1.
    """
    numbers = range(2, most + 1)
    seen = np.stack([split_silhouettes(sets, number) for number in numbers])
    chance = np.stack([split_silhouettes(null, number) for number in numbers])
    middle = chance.mean(1, keepdims=True)
    above, best = (seen - middle).max(0), (seen - middle).argmax(0)
    p = (1 + ((chance - middle).max(0) >= above[:, None]).sum(1)) / (1 + chance.shape[1])
    return np.where(p < 0.05, best + 2, 1), np.take_along_axis(seen, best[None], 0)[0], p


def _fit(gaps: np.ndarray, labels: np.ndarray, n_clusters: int) -> np.ndarray:
    """Return the mean silhouette of each set from its distances; 0 where a set is in one cluster."""
    members = labels[..., None] == np.arange(n_clusters)
    counts = members.sum(1)
    to_each = gaps @ members.astype(float)  # [item example cluster], summed over the members of a cluster
    own = np.take_along_axis(to_each, labels[..., None], 2)[..., 0]
    size = np.take_along_axis(counts, labels, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = own / (size - 1)
        mean = to_each / counts[:, None, :]
    mean = np.where(members | (counts[:, None, :] == 0), np.inf, mean)
    outer = mean.min(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        fit = np.where(size > 1, (outer - inner) / np.maximum(outer, inner), 0.0)
    return np.where(np.isfinite(outer).all(1), np.nan_to_num(fit).mean(1), 0.0)


def _distances(sets: np.ndarray) -> np.ndarray:
    squares = (sets**2).sum(-1)
    inner = sets @ sets.transpose(0, 2, 1)
    return np.sqrt(np.maximum(squares[:, :, None] + squares[:, None, :] - 2 * inner, 0))


def _split(sets: np.ndarray, gaps: np.ndarray, n_clusters: int) -> np.ndarray:
    every = np.arange(len(sets))
    chosen = [((sets - sets.mean(1, keepdims=True)) ** 2).sum(-1).argmax(1)]
    nearest = gaps[every, chosen[0]]
    for _ in range(n_clusters - 1):
        chosen.append(nearest.argmax(1))
        nearest = np.minimum(nearest, gaps[every, chosen[-1]])
    centres = np.stack([sets[every, pick] for pick in chosen], axis=1)
    labels = np.full(sets.shape[:2], -1)
    for _ in range(20):
        far = ((centres**2).sum(-1))[:, None, :] - 2 * sets @ centres.transpose(0, 2, 1)
        now = far.argmin(-1)
        if (now == labels).all():
            break
        labels = now
        members = (labels[..., None] == np.arange(n_clusters)).astype(float)
        counts = members.sum(1)
        means = members.transpose(0, 2, 1) @ sets / np.maximum(counts, 1)[..., None]
        centres = np.where(counts[..., None] > 0, means, centres)
    return labels
