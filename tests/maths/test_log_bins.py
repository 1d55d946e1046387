"""Every number falls into the bin whose ends hold it, and quantiles come from the counts."""

import numpy as np
import pytest
import torch

from neuronscope.maths.log_bins import N_BINS, bins_of, counts_of, edges, quantiles, share_beyond


def drawn(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(n) * np.exp(3 * rng.standard_normal(n))).astype(np.float32)


def test_every_number_is_between_the_ends_of_its_bin() -> None:
    special = [0.0, -0.0, 1e-30, 2.0**-14, -(2.0**-14), 1.0, 1.125, -1.125, 1024.0, 1e20, -1e20, np.inf]
    values = np.concatenate([drawn(5000), np.float32(special)])
    bins = bins_of(torch.from_numpy(values)).numpy()
    low, high = edges()[bins], edges()[bins + 1]
    assert (np.abs(values) >= np.where(values >= 0, low, -high)).all()
    assert (np.abs(values) <= np.where(values >= 0, high, -low)).all()
    assert len(edges()) == N_BINS + 1
    assert (np.diff(edges()) > 0).all()


def test_counts_add_up_over_parts() -> None:
    values = torch.from_numpy(drawn(3000)).view(3, 1000)
    assert torch.equal(counts_of(values), counts_of(values[:, :400]) + counts_of(values[:, 400:]))
    assert counts_of(values).sum(1).tolist() == [1000] * 3


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9, 0.99])
def test_a_quantile_is_right_to_an_eighth_of_its_size(share: float) -> None:
    values = drawn(4000, seed=4)
    counts = counts_of(torch.from_numpy(values)[None])
    found = quantiles(counts, [share], [values.min()], [values.max()])[0, 0]
    exact = np.quantile(values, share, method="inverted_cdf")
    assert abs(found - exact) <= abs(exact) / 8 + 2.0**-14


def test_the_ends_are_the_least_and_the_greatest() -> None:
    values = np.float32([-0.17, 0.0, 0.3, 2.7])
    counts = counts_of(torch.from_numpy(values)[None])
    found = quantiles(counts, [0, 1], [values.min()], [values.max()])[0]
    np.testing.assert_array_equal(found, [values.min(), values.max()])


def test_the_shares_below_and_above_a_value_are_those_of_the_counts() -> None:
    values = drawn(4000, seed=5)
    counts = counts_of(torch.from_numpy(values)[None])[0]
    for value in (-3.0, 0.0, 0.7, 40.0):
        below, above = share_beyond(counts, value, values.min(), values.max())
        assert below == pytest.approx((values < value).mean(), abs=0.01)
        assert above == pytest.approx((values > value).mean(), abs=0.01)
