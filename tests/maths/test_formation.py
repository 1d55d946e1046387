"""The doubling of the sharpest rise is the one in which a curve was made to rise."""

import numpy as np
import pytest

from neuronscope.maths.formation import sharpest_rise

STEPS = np.array([0, 1, 3, 7, 15, 31, 63, 127])


def test_a_step_is_found_between_the_steps_where_it_is() -> None:
    curves = np.stack([(STEPS >= 15).astype(float), (STEPS >= 63) * 0.5], axis=-1)
    found = sharpest_rise(np.stack([curves] * 5), STEPS)
    assert found.start == pytest.approx([7, 31])
    assert found.stop == pytest.approx([15, 63])
    assert found.size == pytest.approx([1.0, 0.5])
    assert (found.low == found.high).all()


def test_steps_kept_close_together_do_not_make_a_rise_of_rounding() -> None:
    steps = np.array([0, 1, 2, 3, 1023, 1025, 1100])
    curve = np.array([0, 0.6, 0.65, 0.7, 0.8, 0.81, 0.8])
    found = sharpest_rise(np.stack([curve] * 3), steps)
    assert (found.start, found.stop) == pytest.approx((0, 1))


def test_prompts_that_disagree_widen_the_interval() -> None:
    early, late = (STEPS >= 3).astype(float), (STEPS >= 63).astype(float)
    found = sharpest_rise(np.stack([early, late] * 4), STEPS)
    assert found.low < 3
    assert found.high > 31


def test_a_single_step_has_no_rise() -> None:
    found = sharpest_rise(np.ones((4, 1, 2)), np.array([512]))
    assert found.size == pytest.approx([0, 0])
    assert found.stop == pytest.approx([512, 512])
