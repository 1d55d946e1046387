"""Curves of deletion and insertion, held to sums whose curves are known."""

import numpy as np
import pytest

from neuronscope.instruments.attributing.faithfulness import areas, random_orders, sizes_of


def test_every_number_is_a_point_where_there_are_few_and_a_dozen_where_there_are_many() -> None:
    assert sizes_of(4) == [0, 1, 2, 3, 4]
    many = sizes_of(640)
    assert many[0] == 0
    assert many[-1] == 640
    assert len(many) == 13


def test_of_equal_parts_every_order_has_half_the_area() -> None:
    found = areas(lambda masks: masks.sum(1).astype(float), np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 1.0]]))
    np.testing.assert_allclose(found, 0.5)


def test_the_right_order_falls_first_and_rises_first_and_the_wrong_one_last() -> None:
    weight = np.array([0.0, 4.0, 0.0, 0.0])
    right, wrong = areas(lambda masks: masks @ weight, np.stack([weight, -weight]))
    np.testing.assert_allclose(right, [1 / 8, 7 / 8])
    np.testing.assert_allclose(wrong, [7 / 8, 1 / 8])


def test_the_scale_of_the_metric_is_of_no_matter() -> None:
    weight = np.array([1.0, -2.0, 3.0])
    one = areas(lambda masks: masks @ weight, weight[None])
    np.testing.assert_allclose(areas(lambda masks: 5 - 7 * (masks @ weight), weight[None]), one)


def test_where_nothing_changes_there_is_no_area() -> None:
    assert np.isnan(areas(lambda masks: np.ones(len(masks)), np.array([[1.0, 2.0]]))).all()


def test_random_orders_have_half_the_area_on_average() -> None:
    orders = random_orders(5, 400, np.random.default_rng(0))
    assert (np.sort(orders, 1) == np.arange(5)).all()
    weight = np.array([5.0, 0.0, 1.0, -2.0, 0.0])
    found = areas(lambda masks: masks @ weight, orders)
    assert found.mean(0) == pytest.approx([0.5, 0.5], abs=0.05)
