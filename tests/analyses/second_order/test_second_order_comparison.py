"""Two reports side by side, held to reports that are known."""

import numpy as np
import pytest

from neuronscope.analyses.second_order.second_order_comparison import second_order_comparison
from neuronscope.analyses.second_order.second_order_report import second_order_report
from neuronscope.results import label
from neuronscope.words import BadInput
from tests.analyses.second_order.test_second_order_report import effects_of, sparse


def test_a_report_beside_itself_differs_in_nothing() -> None:
    report = second_order_report(effects_of(sparse(0.02)))
    found = second_order_comparison(report, report)
    assert found.item.values.tolist() == report.item.values.tolist()
    assert all(str(verdict).startswith("both ") for verdict in found.verdict.values)
    np.testing.assert_array_equal(found.value[:, 0], found.value[:, 1])
    np.testing.assert_allclose(found.depth_share[:, 0], found.depth_share[:, 1])
    assert not found.apart.any()
    assert found.group.values.tolist() == ["first", "second"]


def test_reports_that_differ_say_so_line_by_line() -> None:
    dense = np.random.default_rng(0).standard_normal((12, 200))
    reports = [
        second_order_report(effects_of(effect)).assign_attrs(model=name)
        for effect, name in ((sparse(0.02), "one"), (dense, "two"))
    ]
    found = second_order_comparison(*reports)
    assert found.group.values.tolist() == ["one", "two"]
    held = found.sel(item="sparsity by participation")
    assert held.status.values.tolist() == ["met", "missed"]
    assert bool(held.apart)
    low, high = float(held.value_low[0]), float(held.value_high[0])
    assert str(held.verdict.values).startswith(f"met at 0.02 ({low:.3g} to {high:.3g}); missed at 0.3")
    assert not bool(found.sel(item="no effects").apart)
    assert str(found.sel(item="no effects").verdict.values) == "both not measured"


def test_layers_lie_over_the_same_depth_however_many_there_are() -> None:
    variance = np.zeros((5, 3))
    variance[1] = 1.0
    finer = np.zeros((10, 3))
    finer[[2, 3]] = 1.0
    reports = [second_order_report(effects_of(sparse(0.1), variance=one)) for one in (variance, finer)]
    found = second_order_comparison(*reports)
    wanted = np.zeros(10)
    wanted[[2, 3]] = 0.5
    np.testing.assert_allclose(found.depth_share, np.stack([wanted, wanted], 1), atol=1e-12)
    np.testing.assert_allclose(found.bin, np.arange(0.05, 1, 0.1))


def test_results_that_are_no_reports_are_refused_in_words() -> None:
    report = second_order_report(effects_of(sparse(0.1)))
    with pytest.raises(BadInput, match="second has no finding: give a result of second_order_report"):
        second_order_comparison(report, label({}, x=("item", [1.0])))
    other = report.assign_coords(item=[f"other {line}" for line in report.item.values])
    with pytest.raises(BadInput, match="no line in common"):
        second_order_comparison(report, other)
