"""Where must a function be looked at, and how much does each look count, to know its integral from 0 to 1?"""

from typing import Literal, get_args

import numpy as np

from neuronscope.words import BadInput

Rule = Literal["midpoint", "gauss_legendre", "right"]


def nodes(rule: Rule, n_steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the points between 0 and 1 and their weights, which sum to 1.

    ``midpoint`` is exact for straight lines and errs by the square of the step; ``gauss_legendre`` is exact
    for polynomials up to degree 2n − 1; ``right``, the Riemann sum of the first implementations, errs by the
    step. Raises `BadInput` without a step, and for another rule. (Davis and Rabinowitz 1984, ch. 2.)

    >>> nodes("midpoint", 2)[0].tolist()
    [0.25, 0.75]
    """
    if n_steps < 1:
        raise BadInput(f"{n_steps} steps measure nothing; take at least 1.")
    if rule == "gauss_legendre":
        points, weights = np.polynomial.legendre.leggauss(n_steps)
        return (points + 1) / 2, weights / 2
    if rule not in get_args(Rule):
        raise BadInput(f"There is no quadrature rule {rule!r}; choose one of {', '.join(get_args(Rule))}.")
    shift = 0.5 if rule == "midpoint" else 1.0
    return (np.arange(n_steps) + shift) / n_steps, np.full(n_steps, 1 / n_steps)
