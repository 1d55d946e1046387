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
    found, whole = areas(lambda masks: masks.sum(1) / 3, np.array([[3.0, 1.0, 2.0], [0.0, 5.0, 1.0]]))
    np.testing.assert_allclose(found, 0.5)
    assert whole == 1


def test_the_right_order_falls_first_and_rises_first_and_the_wrong_one_last() -> None:
    weight = np.array([0.0, 1.0, 0.0, 0.0])
    (right, wrong), _ = areas(lambda masks: masks @ weight, np.stack([weight, -weight]))
    np.testing.assert_allclose(right, [1 / 8, 7 / 8])
    np.testing.assert_allclose(wrong, [7 / 8, 1 / 8])


def test_areas_are_in_units_of_the_metric_and_its_origin_is_of_no_matter() -> None:
    weight = np.array([1.0, -2.0, 3.0])
    one, whole = areas(lambda masks: masks @ weight, weight[None])
    more, larger = areas(lambda masks: 5 + 7 * (masks @ weight), weight[None])
    np.testing.assert_allclose(more, 7 * one)
    assert (whole, larger) == (2, 14)


@pytest.mark.parametrize("weight", [[1.0, -2.0, 3.0], [1.0, -2.0, -3.0]])
def test_a_right_order_beats_chance_also_where_all_together_do_harm(weight: list[float]) -> None:
    scores = np.stack([np.array(weight), *random_orders(3, 60, np.random.default_rng(0))])
    found, whole = areas(lambda masks: masks @ np.array(weight), scores)
    assert np.sign(whole) == np.sign(sum(weight))
    assert found[0, 0] == found[:, 0].min() < found[1:, 0].mean()
    assert found[0, 1] == found[:, 1].max() > found[1:, 1].mean()


def test_no_change_is_measured_twice() -> None:
    seen: list[int] = []

    def kept(masks: np.ndarray) -> np.ndarray:
        seen.append(len(masks))
        return masks.sum(1).astype(float)

    areas(kept, np.array([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0]]))
    assert seen == [6]


def test_random_orders_have_half_the_area_on_average() -> None:
    orders = random_orders(5, 400, np.random.default_rng(0))
    assert (np.sort(orders, 1) == np.arange(5)).all()
    weight = np.array([5.0, 0.0, 1.0, -2.0, 0.0])
    found, whole = areas(lambda masks: masks @ weight, orders)
    assert found.mean(0) / whole == pytest.approx([0.5, 0.5], abs=0.05)
