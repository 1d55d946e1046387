"""A stamp says where numbers came from, and stops being theirs as soon as they change."""

import json
import sys
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings

from neuronscope.results import digest, fixed, label, provenance, stamp
from tests.results.drawn import datasets, trees


@pytest.fixture
def result() -> xr.Dataset:
    return label(
        {"layer": [0, 1], "token": ("position", ["a", "b"])},
        effect=("layer position", [[1.0, 2.0], [3.0, 4.0]], {"units": "logits"}),
        site=("layer", ["z.0", "z.1"]),
    )


def test_the_stamp_holds_every_fact_as_one_json_text(result: xr.Dataset) -> None:
    stamped = stamp(
        result,
        analysis="activation_patching",
        version=2,
        arguments={"prompt": "Paris", "layers": (1, 2), "metric": json.dumps},
        models={"model": {"name": "builtin:scribe", "fingerprint": "ab12"}},
        parents={"reference": "cd34"},
        seed=7,
        seconds=0.25,
        peak_memory_mb=100.5,
    )
    assert isinstance(stamped.attrs["provenance"], str)
    facts = provenance(stamped)
    assert facts["analysis"] == "activation_patching"
    assert facts["version"] == 2
    assert facts["arguments"] == {"prompt": "Paris", "layers": [1, 2], "metric": "function json.dumps"}
    assert facts["models"] == {"model": {"name": "builtin:scribe", "fingerprint": "ab12"}}
    assert facts["parents"] == {"reference": "cd34"}
    assert (facts["seed"], facts["seconds"], facts["peak_memory_mb"]) == (7, 0.25, 100.5)
    assert facts["packages"]["numpy"] == np.__version__
    assert facts["packages"]["xarray"] == xr.__version__
    assert facts["created"].endswith("+00:00")
    assert facts["digest"] == digest(result)
    assert facts["derived"] is False


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(datasets() | trees())
def test_stamping_changes_no_value_and_not_the_original(sent: xr.Dataset | xr.DataTree) -> None:
    before = sent.copy(deep=True)
    stamped = stamp(sent, analysis="drawn")
    xr.testing.assert_identical(sent, before)
    assert provenance(stamped)["derived"] is False
    del stamped.attrs["provenance"]
    xr.testing.assert_identical(stamped, before)


CHANGES = {
    "a value": lambda ds: ds.assign(effect=ds.effect + 1e-12),
    "a text": lambda ds: ds.assign(site=("layer", ["z.0", "z.2"])),
    "where one text ends and the next begins": lambda ds: ds.assign(site=("layer", ["z.0z", ".1"])),
    "a token": lambda ds: ds.assign_coords(token=("position", ["a", "c"])),
    "a label": lambda ds: ds.assign_coords(layer=[0, 2]),
    "a dtype": lambda ds: ds.assign(effect=ds.effect.astype("f4")),
    "an axis": lambda ds: ds.rename_dims(position="head"),
    "a name": lambda ds: ds.rename(effect="cause"),
    "the order along an axis": lambda ds: ds.isel(position=[1, 0]),
    "units": lambda ds: ds.assign(effect=ds.effect.assign_attrs(units="nats")),
    "an attribute": lambda ds: ds.assign_attrs(clean_metric=1.0),
    "a variable left out": lambda ds: ds[["effect"]],
    "a coordinate made a variable": lambda ds: ds.reset_coords("token"),
    "a mean": lambda ds: ds[["effect"]].mean("position"),
    "the axes turned": lambda ds: ds.transpose("position", "layer"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_result_admits_that_it_is_derived(what: str, result: xr.Dataset) -> None:
    changed = CHANGES[what](stamp(result, analysis="effect"))
    assert digest(changed) != digest(result)
    changed.attrs.setdefault("provenance", stamp(result, analysis="effect").attrs["provenance"])
    assert provenance(changed)["derived"] is True
    assert provenance(changed)["analysis"] == "effect"


def test_what_xarray_calls_identical_has_one_digest(result: xr.Dataset) -> None:
    same = [
        result[["site", "effect"]],
        result.assign(site=result.site.astype(object)),
        result.assign(effect=result.effect.astype(">f8")),
        result.assign(effect=result.effect.copy(data=np.asfortranarray(result.effect.values))),
        result.copy(deep=True),
    ]
    for other in same:
        xr.testing.assert_identical(other, result)
        assert digest(other) == digest(result)
    holes = label({}, v=("layer", [np.nan, 0.0, -0.0])), label({}, v=("layer", [-np.nan, -0.0, 0.0]))
    xr.testing.assert_identical(*holes)
    assert digest(holes[0]) == digest(holes[1])


def test_a_digest_is_sixteen_hexadecimal_digits_and_never_drifts(result: xr.Dataset) -> None:
    assert digest(result) == "86f7be3931050486"


def test_long_arrays_are_told_apart_at_every_place() -> None:
    long = np.zeros(2**20 + 5, dtype="f4")
    late = long.copy()
    late[-1] = 1
    assert digest(label({}, v=("neuron", long))) != digest(label({}, v=("neuron", late)))


def test_a_tree_and_a_dataset_of_the_same_values_are_different(result: xr.Dataset) -> None:
    assert digest(xr.DataTree(result)) != digest(result)


def test_a_result_without_a_readable_stamp_is_derived(result: xr.Dataset) -> None:
    for text in ("not json", "[1]", 3):
        assert provenance(result.assign_attrs(provenance=text)) == {"derived": True}
    assert provenance(result) == {"derived": True}
    half = stamp(result[["effect"]], analysis="a")
    assert provenance(half - half)["derived"] is True


def large() -> xr.Dataset:
    values = np.random.default_rng(0).normal(size=(400, 400))
    return label({"layer": range(400)}, effect=("layer neuron", values), small=("layer", values[0]))


def test_a_large_result_that_cannot_change_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    result = large()
    expected = digest(result)
    kept = fixed(result)
    assert digest(kept) == expected
    read: list[str] = []
    module = sys.modules["neuronscope.results.provenance"]
    enter = module._enter

    def noted(ledger: Any, name: str, *rest: Any, **more: Any) -> None:
        read.append(name)
        enter(ledger, name, *rest, **more)

    monkeypatch.setattr(module, "_enter", noted)
    assert digest(kept) == digest(kept.copy(deep=False)) == expected
    assert "effect" not in read
    with pytest.raises(ValueError, match="read-only"):
        kept.effect.values[0, 0] = 1.0


def test_what_changes_beside_a_large_array_changes_the_digest() -> None:
    kept = fixed(large())
    first = digest(kept)
    assert digest(kept.assign_attrs(note="x")) != first
    assert digest(kept.rename(effect="other")) != first
    assert digest(kept.assign(small=kept.small + 1)) != first
    assert digest(kept.assign(effect=kept.effect * 2)) != first
    assert digest(kept.transpose("neuron", "layer")) != first
    assert digest(kept) == first == digest(large())


def test_a_new_array_in_the_place_of_an_old_one_is_read_anew() -> None:
    digests = set()
    for number in range(20):
        kept = fixed(large() + number)
        digests.add(digest(kept))
        del kept
    assert len(digests) == 20
