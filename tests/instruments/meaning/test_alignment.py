"""The chance of an alignment, held to directions that are drawn."""

import numpy as np
import pytest
from scipy.stats import kstest

from neuronscope.instruments.meaning.alignment import alignment_p
from neuronscope.words import BadInput


@pytest.mark.parametrize("width", [2, 5, 160])
def test_the_p_of_random_directions_is_uniform(width: int) -> None:
    rng = np.random.default_rng(width)
    drawn = rng.normal(size=(3000, width))
    fixed = rng.normal(size=width)
    cosine = drawn @ fixed / np.linalg.norm(drawn, axis=1) / np.linalg.norm(fixed)
    assert kstest(alignment_p(cosine, width), "uniform").pvalue > 0.01


def test_a_larger_cosine_is_rarer_whatever_its_sign() -> None:
    p = alignment_p([0.0, 0.1, -0.2, 0.5, -1.0], 20)
    assert (np.diff(p) < 0).all()
    assert alignment_p(0.3, 20) == alignment_p(-0.3, 20)
    assert alignment_p(0.3, 200) < alignment_p(0.3, 20)
    assert np.isnan(alignment_p(np.nan, 20))


def test_one_entry_is_refused() -> None:
    with pytest.raises(BadInput, match="2 or more"):
        alignment_p(0.5, 1)
