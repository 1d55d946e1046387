"""How much of modular addition is done by rotation? Fourier parts of embeddings and logits on a circle.

Nanda et al., "Progress measures for grokking via mechanistic interpretability", 2023 (arXiv 2301.05217),
sections 4 and 5: a network that adds modulo p may turn numbers into angles w_k a = 2πka/p, and answer by
cos w_k(a + b − c). Logits are [item other vocab]: first summand, second summand, answer. Everything here is
computed in double precision.
"""

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from neuronscope.words import BadInput


def circle_basis(modulus: int) -> Float[ndarray, "component item"]:
    """Return the orthonormal basis of functions of a number modulo an odd `modulus`.

    Its components are the constant, then cosine and sine of frequency 1, 2, … up to half the modulus. Raises
    `BadInput` for an even modulus, whose last cosine has no sine beside it.

    >>> circle_basis(5).shape
    (5, 5)
    """
    if modulus < 3 or modulus % 2 == 0:
        raise BadInput(f"The modulus is {modulus}: give an odd number from 3, such as 59 or 113.")
    angle = 2 * np.pi * np.outer(np.arange(1, modulus // 2 + 1), np.arange(modulus)) / modulus
    waves = np.stack([np.cos(angle), np.sin(angle)], axis=1).reshape(-1, modulus) * np.sqrt(2 / modulus)
    return np.concatenate([np.full((1, modulus), modulus**-0.5), waves])


def frequency_norms(embedding: Float[ndarray, "item width"]) -> Float[ndarray, " frequency"]:
    """Return the norm of each frequency's part of an embedding of the numbers, from frequency 1.

    The modulus is the number of rows.
    """
    parts = circle_basis(len(embedding))[1:] @ np.asarray(embedding, dtype=np.float64)
    return np.sqrt((parts.reshape(len(parts) // 2, -1) ** 2).sum(-1))


def pair_power(
    logits: Float[ndarray, "item other vocab"],
) -> Float[ndarray, "frequency other"]:
    """Return the power of logits at each pair of frequencies of the two summands, summed over answers.

    Frequency 0 is the mean. Rotation by a + b has all its power on the diagonal.
    """
    basis = circle_basis(_modulus(logits))
    parts = np.einsum("fa,gb,abc->fgc", basis, basis, np.asarray(logits, dtype=np.float64), optimize=True)
    power = (parts**2).sum(-1)
    n_frequencies = len(basis) // 2 + 1
    frequency = (np.arange(len(basis)) + 1) // 2
    gathered = np.zeros((n_frequencies, n_frequencies))
    np.add.at(gathered, (frequency[:, None], frequency[None]), power)
    return gathered


def sum_part(
    logits: Float[ndarray, "item other vocab"], frequencies: Int[ndarray, " frequency"] | list[int]
) -> Float[ndarray, "item other vocab"]:
    """Return the part of logits that depends on the summands by cos and sin of w_k(a + b) alone.

    ``frequencies`` are the k, from 1 to half the modulus; raises `BadInput` for others.
    """
    modulus = _modulus(logits)
    waves = circle_basis(modulus)[_waves(frequencies, modulus)]
    total = np.add.outer(np.arange(modulus), np.arange(modulus)) % modulus
    direction = waves[:, total] / np.sqrt(modulus)
    weight = np.einsum("fab,abc->fc", direction, np.asarray(logits, dtype=np.float64), optimize=True)
    return np.einsum("fab,fc->abc", direction, weight, optimize=True)


def restricted_logits(
    logits: Float[ndarray, "item other vocab"], frequencies: Int[ndarray, " frequency"] | list[int]
) -> Float[ndarray, "item other vocab"]:
    """Return logits with nothing but each answer's mean and the parts in w_k(a + b) of key frequencies."""
    return sum_part(logits, frequencies) + np.asarray(logits, dtype=np.float64).mean((0, 1))


def excluded_logits(
    logits: Float[ndarray, "item other vocab"], frequencies: Int[ndarray, " frequency"] | list[int]
) -> Float[ndarray, "item other vocab"]:
    """Return logits without the parts in w_k(a + b) of key frequencies."""
    return np.asarray(logits, dtype=np.float64) - sum_part(logits, frequencies)


def sum_loss(logits: Float[ndarray, "item other vocab"], chosen: ndarray | None = None) -> float:
    """Return the mean loss of logits for the sum modulo their number of answers, in nats.

    ``chosen`` [item other] says which sums count; all do where it is none.
    """
    modulus = _modulus(logits)
    exact = np.asarray(logits, dtype=np.float64)
    exact = exact - exact.max(-1, keepdims=True)
    total = np.add.outer(np.arange(modulus), np.arange(modulus)) % modulus
    right = np.take_along_axis(exact, total[..., None], -1)[..., 0]
    # log1p of the others' weight keeps losses far below the rounding of 1.
    others = np.exp(exact - right[..., None])
    np.put_along_axis(others, total[..., None], 0.0, -1)
    loss = np.log1p(others.sum(-1))
    return float(loss.mean() if chosen is None else loss[np.asarray(chosen, dtype=bool)].mean())


def trigonometric_share(
    logits: Float[ndarray, "item other vocab"], frequencies: Int[ndarray, " frequency"] | list[int]
) -> float:
    """Return the share of the logits' variance that cos w_k(a + b − c) of key frequencies accounts for."""
    modulus = _modulus(logits)
    exact = np.asarray(logits, dtype=np.float64)
    exact = exact - exact.mean((0, 1))
    place = np.arange(modulus)
    turned = (place[:, None, None] + place[None, :, None] - place) % modulus
    wave = np.cos(2 * np.pi * np.asarray(frequencies)[:, None] * place / modulus) * np.sqrt(2 / modulus**3)
    explained = sum(float((exact * one[turned]).sum()) ** 2 for one in wave)
    return explained / float((exact**2).sum())


def gini(values: Float[ndarray, " rank"]) -> float:
    """Return how unevenly values above 0 are spread: 0 where all are alike, near 1 where one has everything.

    >>> gini(np.array([1.0, 1.0, 1.0])), gini(np.array([0.0, 0.0, 0.0, 1.0]))
    (0.0, 0.75)
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    rank = np.arange(1, n + 1)
    return float(((2 * rank - n - 1) * ordered).sum() / (n * ordered.sum()))


def _modulus(logits: ndarray) -> int:
    shape = np.shape(logits)
    if len(shape) != 3 or len(set(shape)) != 1:
        raise BadInput(
            f"Logits of sums are [first second answer], all of the modulus' length, not {list(shape)}."
        )
    return shape[0]


def _waves(frequencies: Int[ndarray, " frequency"] | list[int], modulus: int) -> ndarray:
    """Return the components of the basis that are cosine and sine of the frequencies."""
    chosen = np.asarray(frequencies, dtype=np.int64).reshape(-1)
    wrong = chosen[(chosen < 1) | (chosen > modulus // 2)]
    if len(wrong):
        raise BadInput(
            f"There is no frequency {wrong[0]}: modulo {modulus} they run from 1 to {modulus // 2}."
        )
    return np.stack([2 * chosen - 1, 2 * chosen], axis=1).reshape(-1)
