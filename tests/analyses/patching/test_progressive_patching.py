"""Progressive patching, held to activation patching, to attribution patching and to its own beginning."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from neuronscope import activation_patching, attribution_patching, catalogue, progressive_patching
from neuronscope.contract import ask
from neuronscope.models import Model, open_model
from neuronscope.results import Cancelled, Progress, Store, digest, listening, provenance

PAIR = {
    "prompt": "When Mary and John went to the shop, John gave a drink to",
    "corrupt": "When Mary and John went to the shop, Mary gave a drink to",
    "target": " Mary",
    "distractor": " John",
}


@pytest.fixture(scope="module")
def scribe() -> Model:
    return open_model("builtin:scribe")


def test_without_exact_cells_it_is_attribution_patching(scribe: Model) -> None:
    found = progressive_patching(scribe, **PAIR, sites="z", direction="both", n_cells=0)
    estimated = attribution_patching(scribe, **PAIR, sites="z")
    np.testing.assert_allclose(found.effect, estimated.effect, rtol=1e-9)
    assert np.isnan(found.exact).all()
    assert found.attrs["n_exact"] == 0


def test_with_all_cells_exact_it_is_activation_patching(scribe: Model) -> None:
    found = progressive_patching(scribe, **PAIR, sites="z", direction="both", n_cells=10_000)
    exact = activation_patching(scribe, **PAIR, sites="z")
    np.testing.assert_allclose(found.effect, exact.effect, atol=1e-5)
    assert sorted(found.order[0].values.ravel()) == list(range(1, found.order[0].size + 1))


def test_some_cells_are_exact_and_the_others_estimated(scribe: Model) -> None:
    found = progressive_patching(scribe, **PAIR, n_cells=11)
    measured = found.exact.notnull()
    assert int(measured.sum()) == 11
    np.testing.assert_array_equal(found.effect.where(measured, 0), found.exact.where(measured, 0))
    np.testing.assert_array_equal(found.effect.where(~measured, 0), found.estimate.where(~measured, 0))
    np.testing.assert_allclose(
        found.disagreement.values[measured], (found.exact - found.estimate).values[measured]
    )
    first = abs(found.estimate - found.estimate.where(found.exact.isnull())).isnull() & (found.order == 1)
    assert int(first.sum()) == 1


def test_what_is_offered_after_so_many_cells_is_the_answer_with_so_many(scribe: Model) -> None:
    seen: list[xr.Dataset] = []

    def stop_after_two(progress: Progress) -> None:
        if len(seen) == 2:
            raise Cancelled

    with pytest.raises(Cancelled), listening(stop_after_two, unfinished=seen.append):
        progressive_patching(scribe, **PAIR, n_cells=64)
    assert [one.attrs["n_exact"] for one in seen] == [8, 16]
    for one in seen:
        assert digest(one) == digest(progressive_patching(scribe, **PAIR, n_cells=one.attrs["n_exact"]))


def test_what_is_stopped_is_stored_as_the_answer_with_fewer_cells(scribe: Model, tmp_path: Path) -> None:
    store, definition = Store(tmp_path), catalogue.find("progressive_patching")
    asked = {"model": scribe, **PAIR, "n_cells": 24}

    def stop(progress: Progress) -> None:
        if progress.what == "batches of exact cells" and progress.done == 2:
            raise Cancelled

    with pytest.raises(Cancelled), listening(stop):
        ask(definition, asked, store=store)
    (kept,) = store.ls()
    assert kept.digest == digest(ask(definition, asked | {"n_cells": 16}))
    fewer = ask(definition, asked | {"n_cells": 16}, store=store)
    assert provenance(fewer)["arguments"]["n_cells"] == 16
    assert len(store.ls()) == 1
