"""Could it be chance? P-values by resampling, their correction for many questions, and sizes of effects."""

from typing import Any, Literal

import numpy as np
from scipy.stats import false_discovery_control

from neuronscope.words import BadInput

Tail = Literal["both", "above", "below"]
N_RESAMPLES = 2000
_EXACT_UP_TO = 10
_HELD = 2**22


def sign_flip_p(values: Any, *, axis: int = 0, n_resamples: int = N_RESAMPLES, seed: int = 0) -> Any:
    """Return the two-sided p that the mean over prompts is 0, by turning the sign of whole prompts.

    The prompts lie along ``axis`` and turn together in all other axes, which keep their shape. With ten
    prompts or fewer every turn is tried and p is exact; its least value is then two in two to the power of
    the number of prompts. Otherwise turns are drawn with a seed, and p = (1 + as extreme) / (1 + drawn).
    Where every value is 0, p is 1. Values are assumed to be as likely above 0 as below where there is no
    effect (Fisher 1935). Raises `BadInput` without a prompt.

    >>> float(sign_flip_p([1.0, 2.0, 1.5, 0.5]))
    0.125
    """
    rows, shape = _prompts_first(values, axis)
    n_prompts = len(rows)
    if n_prompts <= _EXACT_UP_TO:
        turns = 1.0 - 2.0 * (np.arange(2**n_prompts)[:, None] >> np.arange(n_prompts) & 1)
    else:
        turns = np.random.default_rng(seed).choice([-1.0, 1.0], size=(n_resamples, n_prompts))
    exact = n_prompts <= _EXACT_UP_TO
    found = np.abs(rows.sum(0))
    # Sums of the same numbers in another order differ in their last bits and must count as equal.
    enough = found - 1e-12 * np.abs(rows).sum(0)
    p = np.empty(rows.shape[1])
    for part in _parts(rows.shape[1], len(turns)):
        extreme = (np.abs(turns @ rows[:, part]) >= enough[part]).sum(0)
        p[part] = extreme / len(turns) if exact else (1 + extreme) / (1 + len(turns))
    return _as_given(np.where(np.isnan(found), np.nan, p), shape)


def permutation_p(first: Any, second: Any, *, n_resamples: int = N_RESAMPLES, seed: int = 0) -> Any:
    """Return the two-sided p that two groups of prompts have one mean, by dealing the prompts out anew.

    Prompts lie along the first axis of both; other axes are shared and keep their shape. p is
    (1 + as extreme) / (1 + drawn). Raises `BadInput` where a group is empty or the other axes differ.
    """
    one, shape = _prompts_first(first, 0)
    two, other = _prompts_first(second, 0)
    if shape != other:
        raise BadInput(
            f"The groups have the shapes {list(shape)} and {list(other)} beside prompts: give one."
        )
    every, n_first = np.concatenate([one, two]), len(one)
    weight = np.where(np.arange(len(every)) < n_first, 1 / n_first, -1 / len(two))
    rng = np.random.default_rng(seed)
    dealt = np.stack([rng.permutation(weight) for _ in range(n_resamples)])
    enough = np.abs(weight @ every) - 1e-12 * np.abs(every).sum(0)
    p = np.empty(every.shape[1])
    for part in _parts(every.shape[1], n_resamples):
        p[part] = (1 + (np.abs(dealt @ every[:, part]) >= enough[part]).sum(0)) / (1 + n_resamples)
    return _as_given(np.where(np.isnan(enough), np.nan, p), shape)


def rank_p(value: Any, null: Any, *, tail: Tail = "both") -> Any:
    """Return how seldom chance gives a value as extreme: (1 + as extreme) / (1 + drawn).

    ``null`` has what chance gave along its first axis, and otherwise the shape of ``value``. ``above`` counts
    what is as large, ``below`` as small; ``both`` is twice the smaller of the two, at most 1. NaN gives NaN.
    (Phipson and Smyth 2010.)

    >>> float(rank_p(3.0, [0.0, 1.0, 2.0], tail="above"))
    0.25
    """
    seen, drawn = np.asarray(value, dtype=float), np.asarray(null, dtype=float)
    if drawn.ndim == 0 or not len(drawn):
        raise BadInput("A p-value needs at least one value that chance gave, but there is none.")
    if tail not in ("both", "above", "below"):
        raise BadInput(f"tail is {tail!r}, but must be 'both', 'above' or 'below'.")
    above = (1 + (drawn >= seen).sum(0)) / (1 + len(drawn))
    below = (1 + (drawn <= seen).sum(0)) / (1 + len(drawn))
    p = {"above": above, "below": below, "both": np.minimum(1.0, 2 * np.minimum(above, below))}[tail]
    return np.where(np.isnan(seen) | np.isnan(drawn).any(0), np.nan, p)


def benjamini_hochberg(p: Any) -> np.ndarray:
    """Return p-values corrected for their number, in their own shape; those below q hold at most q of chance.

    All values are one family; NaN is no question and stays NaN. (Benjamini and Hochberg 1995.)

    >>> benjamini_hochberg([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p, dtype=float)
    asked = ~np.isnan(values)
    found = np.full(values.shape, np.nan)
    if asked.any():
        found[asked] = false_discovery_control(values[asked])
    return found


def effect_size(values: Any, *, axis: int = 0) -> Any:
    """Return the mean over prompts in standard deviations of single prompts, Cohen's d of paired values.

    0 where every prompt gives 0; infinite where all give the same other value; NaN for one prompt alone.
    (Cohen 1988, §2.3.)

    >>> float(effect_size([1.0, 3.0]).round(4))
    1.4142
    """
    rows, shape = _prompts_first(values, axis)
    middle = rows.mean(0)
    if len(rows) < 2:
        return _as_given(np.full(rows.shape[1], np.nan), shape)
    spread = rows.std(0, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where((spread == 0) & (middle == 0), 0.0, middle / spread)
    return _as_given(size, shape)


def _prompts_first(values: Any, axis: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """Return the values as prompts by anything else, and the shape of anything else."""
    rows = np.asarray(values, dtype=float)
    if rows.ndim == 0 or not rows.shape[axis]:
        raise BadInput("A p-value or size of effect needs at least one prompt, but there are no values.")
    rows = np.moveaxis(rows, axis, 0)
    return rows.reshape(len(rows), -1), rows.shape[1:]


def _as_given(values: np.ndarray, shape: tuple[int, ...]) -> Any:
    return values.reshape(shape)


def _parts(n: int, n_resamples: int) -> list[slice]:
    size = max(1, _HELD // n_resamples)
    return [slice(start, start + size) for start in range(0, n, size)]
