"""The yardstick of a small language model: an interpolated Kneser-Ney model of token n-grams.

Modified Kneser-Ney after Chen and Goodman (1999): the highest order counts how often an n-gram occurs,
every lower order in how many different left contexts; three discounts an order, for counts of one, two, and
three or more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class _Order:
    """The n-grams of one order, sorted by code, and what their contexts add up to."""

    codes: np.ndarray
    discounted: np.ndarray
    contexts: np.ndarray
    totals: np.ndarray
    left_over: np.ndarray


def _discounts(counts: np.ndarray) -> np.ndarray:
    """Return the discounts of counts 0, 1, 2 and 3 or more."""
    n1, n2, n3, n4 = (int((counts == count).sum()) for count in (1, 2, 3, 4))
    if not (n1 and n2 and n3):
        return np.array([0.0, 0.5, 0.5, 0.5])
    share = n1 / (n1 + 2 * n2)
    discounts = [0.0, 1 - 2 * share * n2 / n1, 2 - 3 * share * n3 / n2, 3 - 4 * share * n4 / n3]
    return np.clip(discounts, [0.0, 0.05, 0.05, 0.05], [0.0, 1.0, 2.0, 3.0])


def _order(codes: np.ndarray, counts: np.ndarray, n_tokens: int, scale: float) -> _Order:
    discounts = np.minimum(_discounts(counts) * scale, [0.0, 1.0, 2.0, 3.0])
    taken = discounts[np.minimum(counts, 3)]
    contexts, which = np.unique(codes // n_tokens, return_inverse=True)
    totals = np.bincount(which, weights=counts)
    return _Order(codes, counts - taken, contexts, totals, np.bincount(which, weights=taken) / totals)


class KneserNey:
    """An interpolated Kneser-Ney model of token n-grams."""

    def __init__(
        self, documents: Sequence[Sequence[int]], *, n_tokens: int, order: int = 5, scale: float = 1.0
    ) -> None:
        """Count the documents' n-grams; `scale` multiplies the estimated discounts."""
        if n_tokens**order >= 2**63:
            raise ValueError(
                f"{n_tokens} tokens to the power {order} do not fit into 63 bits; choose a lower order"
            )
        self.n_tokens, self.order = n_tokens, order
        self._orders: list[_Order] = []
        codes, counts = np.unique(self._codes(documents), return_counts=True)
        for n in range(order, 0, -1):
            self._orders.insert(0, _order(codes, counts, n_tokens, scale))
            codes, counts = np.unique(codes % n_tokens ** (n - 1), return_counts=True)

    def _codes(self, documents: Sequence[Sequence[int]]) -> np.ndarray:
        """Return one number for each token with the `order - 1` before it; 0 stands before a document."""
        padding = [0] * (self.order - 1)
        found = []
        for document in documents:
            tokens = np.array([*padding, *document], dtype=np.int64)
            code = np.zeros(len(document), dtype=np.int64)
            for place in range(self.order):
                code = code * self.n_tokens + tokens[place : place + len(document)]
            found.append(code)
        return np.concatenate(found)

    def log_probabilities(self, document: Sequence[int]) -> np.ndarray:
        """Return the natural logarithm of each token's probability given those before it (position)."""
        return np.log(self._probabilities(self._codes([document])))

    def _probabilities(self, codes: np.ndarray) -> np.ndarray:
        probability = np.full(len(codes), 1.0 / self.n_tokens)
        for n, order in enumerate(self._orders, start=1):
            code = codes % self.n_tokens**n
            counted = _looked_up(order.codes, order.discounted, code, 0.0)
            total = _looked_up(order.contexts, order.totals, code // self.n_tokens, 0.0)
            left_over = _looked_up(order.contexts, order.left_over, code // self.n_tokens, 1.0)
            probability = (
                np.divide(counted, total, out=np.zeros_like(counted), where=total > 0)
                + left_over * probability
            )
        return probability


def _looked_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray, missing: float) -> np.ndarray:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], missing)


def tuned(documents: Sequence[Sequence[int]], *, n_tokens: int, order: int = 5) -> tuple[KneserNey, float]:
    """Return the model of all documents, and the scale of discounts that suits every twelfth one best."""
    kept = [document for index, document in enumerate(documents) if index % 12 == 0]
    others = [document for index, document in enumerate(documents) if index % 12]
    scores = {}
    for scale in (0.8, 0.9, 1.0, 1.1, 1.2):
        model = KneserNey(others, n_tokens=n_tokens, order=order, scale=scale)
        scores[scale] = sum(float(model.log_probabilities(document).sum()) for document in kept)
    best = max(scores, key=lambda scale: scores[scale])
    return KneserNey(documents, n_tokens=n_tokens, order=order, scale=best), best
