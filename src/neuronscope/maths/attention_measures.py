"""How does a head spread its attention? Measures of patterns, one number a head and prompt.

A pattern has the axes query and key last; ``visible`` says which keys a query may look at. Queries that see
one key only are left out of every mean: they have no choice.
"""

import numpy as np
from jaxtyping import Bool, Float, Shaped
from numpy import ndarray
from scipy.special import entr

from neuronscope.words import BadInput

MEASURES = {
    "entropy": ("entropy of attention", "nats"),
    "normalised_entropy": ("normalised entropy: 1 = even attention, 0 = one key", "1"),
    "sparsity": ("share of the visible keys that hold most of the attention", "1"),
    "largest": ("attention to the key attended most", "1"),
    "distance": ("distance of query and key", "tokens"),
    "first": ("attention to the first token", "1"),
    "self": ("attention to the query's own token", "1"),
    "previous": ("attention to the token before", "1"),
}
"""The measures of `head_measures`, each with its long name and its units."""


def head_measures(
    pattern: Float[ndarray, "*head query key"],
    visible: Bool[ndarray, "*#head query key"],
    *,
    without_first: bool = False,
    mass: float = 0.9,
) -> dict[str, Float[ndarray, "*head"]]:
    """Return the `MEASURES` of each pattern, as means over the queries that see two keys or more.

    ``without_first`` leaves the first key out of all but ``first`` and lets the rest of each row sum to 1,
    for heads that rest there. ``sparsity`` counts the fewest keys that hold ``mass`` of a row. Raises
    `BadInput` where no query sees two keys.

    >>> even = np.tril(np.ones((3, 3))) / np.array([[1], [2], [3]])
    >>> found = head_measures(even, even > 0)
    >>> round(float(found["normalised_entropy"]), 9), float(found["distance"])
    (1.0, 0.75)
    """
    rests = pattern[..., 0], visible.sum(-1) > 1
    if without_first:
        visible = np.copy(visible)
        visible[..., 0] = False
        pattern = np.where(visible, pattern, 0.0)
        pattern = pattern / np.maximum(pattern.sum(-1, keepdims=True), np.finfo(pattern.dtype).tiny)
    n_visible = visible.sum(-1)
    counted = n_visible > 1
    if not counted.any():
        raise BadInput("No token has two others to choose between: give a longer prompt.")
    entropy = entr(pattern).sum(-1)
    place = np.arange(pattern.shape[-1])
    back = np.abs(place[:, None] - place)
    rows = {
        "entropy": entropy,
        "normalised_entropy": entropy / np.log(np.maximum(n_visible, 2)),
        "sparsity": keys_holding(pattern, mass) / np.maximum(n_visible, 1),
        "largest": pattern.max(-1),
        "distance": (pattern * back).sum(-1),
        "self": np.diagonal(pattern, axis1=-2, axis2=-1),
        "previous": np.pad(np.diagonal(pattern, -1, -2, -1), [(0, 0)] * (pattern.ndim - 2) + [(1, 0)]),
    }
    return {"first": _mean_over(*rests)} | {
        name: _mean_over(values, counted) for name, values in rows.items()
    }


def keys_holding(pattern: Float[ndarray, "*row key"], mass: float) -> Shaped[ndarray, "*row"]:
    """Return the fewest keys that together hold a share ``mass`` of each row.

    >>> keys_holding(np.array([[0.7, 0.1, 0.2], [1 / 3, 1 / 3, 1 / 3]]), 0.9).tolist()
    [2, 3]
    """
    held = np.cumsum(-np.sort(-pattern, axis=-1), axis=-1)
    enough = mass * held[..., -1:] - 1e-9
    return np.minimum((held < enough).sum(-1) + 1, pattern.shape[-1])


def mass_on(
    pattern: Float[ndarray, "*head query key"],
    arcs: Bool[ndarray, "*#head query key"],
    queries: Bool[ndarray, "*#head query"],
) -> Float[ndarray, "*head"]:
    """Return the attention that goes along the arcs, added up over keys, as a mean over some queries.

    >>> float(mass_on(np.eye(3), np.eye(3, dtype=bool), np.array([True, True, False])))
    1.0
    """
    weight = np.where(arcs, pattern, 0.0).sum(-1)
    return _mean_over(weight, queries)


def repeated_arcs(
    n_tokens: int, period: int, *, first: int = 0, shift: int = 1
) -> tuple[Bool[ndarray, "query key"], Bool[ndarray, " query"]]:
    """Return the arcs of a string that goes round with a period from position ``first``, and who has them.

    With ``shift`` 1 an arc leads to what followed the present token in an earlier round, as in induction;
    with 0 to the earlier places of the token itself. Queries are those whose token stood there before.
    """
    place = np.arange(n_tokens)
    back = place[:, None] - place + shift
    arcs = (back % period == 0) & (back > 0) & (place >= first) & (place[:, None] > place)
    if shift:
        arcs &= place > first
    return arcs, place >= first + period


def mixed_with_itself(
    attention: Float[ndarray, "*layer query key"], *, residual: float = 0.5
) -> Float[ndarray, "*layer query key"]:
    """Return attention with a share ``residual`` of each position itself, its rows made to sum to 1.

    Rows of an attention with a sink outside the prompt sum to less before. (Abnar and Zuidema 2020, §3.)
    """
    mixed = (1 - residual) * attention + residual * np.eye(attention.shape[-1])
    return mixed / mixed.sum(-1, keepdims=True)


def rolled_out(flow: Float[ndarray, "layer query key"]) -> Float[ndarray, "layer query key"]:
    """Return how much of each input token is in each position after every layer: the product so far.

    (Abnar and Zuidema 2020, eq. 1.)

    >>> rolled_out(np.stack([np.eye(2)] * 3))[-1].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    found = [flow[0]]
    for layer in flow[1:]:
        found.append(layer @ found[-1])
    return np.stack(found)


def _mean_over(values: ndarray, queries: ndarray) -> ndarray:
    counted = np.broadcast_to(queries, values.shape)
    return np.where(counted, values, 0.0).sum(-1) / counted.sum(-1)
