"""Toy models do what Elhage et al. 2022 found: dense features get dimensions, sparse ones pair up."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
from safetensors.torch import load_file

from neuronscope.analyses.neurons.toy_superposition import toy_superposition
from neuronscope.learned.toy_superposition import Toy, ToyModels, errors, features_of
from neuronscope.results import kind_of, load, provenance
from neuronscope.words import BadInput

SWEEP: dict[str, Any] = {"importances": (1.0, 0.7), "densities": (1.0, 0.02), "steps": 800, "rows": 192}
TINY: dict[str, Any] = {"importances": (0.7,), "densities": (0.5,), "steps": 20, "rows": 8}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return toy_superposition(out=tmp_path_factory.mktemp("toys") / "made", **SWEEP)


@pytest.fixture(scope="module")
def found(folder: Path) -> xr.Dataset:
    return load(folder / "metrics.nc")


def test_dense_features_of_falling_importance_get_the_dimensions_by_rank(found: xr.Dataset) -> None:
    dense = found.sel(importance=0.7, density=1.0)
    np.testing.assert_allclose(dense.length, np.arange(10) < 5, atol=0.05)
    np.testing.assert_allclose(dense.dimensionality[:5], 1, atol=0.02)
    assert np.isnan(dense.dimensionality[5:]).all()
    np.testing.assert_allclose(dense.interference[:5], 0, atol=0.01)
    np.testing.assert_allclose(dense.loss, dense.loss_without, rtol=0.03)


def test_sparse_features_of_equal_importance_form_antipodal_pairs(found: xr.Dataset) -> None:
    sparse = found.sel(importance=1.0, density=0.02)
    np.testing.assert_allclose(sparse.dimensionality, 0.5, atol=0.05)
    assert float(sparse.features_per_dimension) == pytest.approx(2, abs=0.1)
    weight = sparse.weight / sparse.length
    cosine = (weight.values @ weight.values.T) - np.eye(10)
    np.testing.assert_allclose(cosine.min(1), -1, atol=0.05)
    assert sparse.loss < 0.3 * sparse.loss_without


def test_the_shares_sum_to_the_dimensions_at_most(found: xr.Dataset) -> None:
    assert (found.dimensionality.sum("feature") <= 5 + 1e-9).all()


def test_the_folder_holds_the_weights_that_were_measured(folder: Path, found: xr.Dataset) -> None:
    held = load_file(folder / "model.safetensors")
    np.testing.assert_allclose(found.weight, held["weight"], atol=1e-7)
    assert kind_of(found) == "grid"
    assert provenance(found)["analysis"] == "toy_superposition"


def test_the_forward_pass_and_its_error_are_their_formulas() -> None:
    toy = Toy(importances=(1.0, 0.5), densities=(0.3,), n_features=4, n_dimensions=2, rows=6)
    models, x = ToyModels(toy), features_of(toy, 3)
    weight, bias = models.weight[1, 0], models.bias[1, 0]
    back = torch.relu(x[:, 1, 0] @ weight @ weight.T + bias)
    expected = ((x[:, 1, 0] - back) ** 2 * torch.tensor([1, 0.5, 0.25, 0.125])).sum(1).mean()
    torch.testing.assert_close(errors(toy, models, x)[1, 0], expected)


def test_features_are_there_as_often_as_said() -> None:
    toy = Toy(importances=(1.0,), densities=(1.0, 0.2), rows=4000)
    x = features_of(toy, 0)
    there = (x > 0).float().mean((0, 1, 3))
    np.testing.assert_allclose(there, [1, 0.2], atol=0.01)
    np.testing.assert_allclose(x[:, 0, 0].mean(), 0.5, atol=0.01)
    assert torch.equal(x, features_of(toy, 0))


def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path: Path) -> None:
    whole = toy_superposition(out=tmp_path / "whole", **TINY)
    again = toy_superposition(out=tmp_path / "whole", **TINY)
    other = toy_superposition(out=tmp_path / "other", **TINY)
    for one in (again, other):
        for name, weight in load_file(one / "model.safetensors").items():
            assert torch.equal(weight, load_file(whole / "model.safetensors")[name])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"densities": (0.5, 0.0)}, "densities holds 0; give"),
        ({"importances": (1.5,)}, "importances holds 1.5"),
    ],
)
def test_shares_out_of_range_are_refused_in_words(tmp_path: Path, arguments: dict, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        toy_superposition(out=tmp_path / "toys", **{**TINY, **arguments})


def test_a_folder_of_another_run_is_refused_in_words(tmp_path: Path) -> None:
    toy_superposition(out=tmp_path / "toys", **TINY)
    with pytest.raises(BadInput, match="holds a run with rows=8, not 9"):
        toy_superposition(out=tmp_path / "toys", **{**TINY, "rows": 9})
