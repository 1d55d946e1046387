"""A result's kind and its place on screen follow from its axes and from nothing else."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from neuronscope.results import KINDS, Plane, kind_of, plane
from neuronscope.words import AXES, BadInput


def over(*axes: str, token: bool = False) -> xr.Dataset:
    coords = {"token": ("position", ["a", "b"])} if token else {}
    return xr.Dataset({"value": (axes, np.zeros([2] * len(axes)))}, coords)


@pytest.mark.parametrize(
    ("axes", "kind", "x", "y", "sliders"),
    [
        ("depth position rank", "grid", "position", "depth", "rank"),
        ("layer head query key", "attention", "key", "query", "layer head"),
        ("layer neuron position", "grid", "position", "neuron", "layer"),
        ("direction depth position", "grid", "position", "depth", "direction"),
        ("layer head", "grid", "head", "layer", ""),
        ("rank layer position", "grid", "position", "layer", "rank"),
        ("item other", "matrix", "other", "item", ""),
        ("step item other", "matrix", "other", "item", "step"),
        ("item component", "points", "component", "item", ""),
        ("step component", "trajectory", "component", "step", ""),
        ("y x", "field", "x", "y", ""),
        ("node layer", "graph", "node", None, "layer"),
        ("edge", "graph", "edge", None, ""),
        ("layer rank", "ranking", "rank", None, "layer"),
        ("item", "ranking", "item", None, ""),
        ("line", "ranking", "line", None, ""),
        ("item rank", "ranking", "rank", None, "item"),
        ("layer bound", "profile", "layer", None, ""),
        ("layer head bound", "grid", "head", "layer", "bound"),
        ("position", "profile", "position", None, ""),
        ("step", "profile", "step", None, ""),
        ("prompt site", "grid", "site", "prompt", ""),
    ],
)
def test_axes_decide_the_kind_and_the_plane(
    axes: str, kind: str, x: str, y: str | None, sliders: str
) -> None:
    dims = axes.split()
    assert kind_of(over(*dims)) == kind
    assert plane(dims, kind) == Plane(x, y, tuple(sliders.split()))


def test_positions_with_their_tokens_are_tokens() -> None:
    assert kind_of(over("position", token=True)) == "tokens"
    assert kind_of(over("layer", token=True)) == "profile"
    assert plane(["position"], "tokens") == Plane("position", None, ())


def test_a_mean_over_positions_turns_a_grid_into_a_profile() -> None:
    grid = over("depth", "position")
    assert (kind_of(grid), kind_of(grid.mean("position"))) == ("grid", "profile")


def test_the_first_variable_decides() -> None:
    both = xr.Dataset({"entropy": ("layer", [1.0]), "effect": (("layer", "head"), [[1.0]])})
    assert kind_of(both) == "profile"
    assert kind_of(both[["effect", "entropy"]]) == "grid"


def test_a_tree_has_the_kind_of_its_first_part() -> None:
    tree = xr.DataTree.from_dict({"/circuit": over("edge"), "/scores": over("layer", "head")})
    assert kind_of(tree) == "graph"


@settings(deadline=None)
@given(st.lists(st.sampled_from(sorted(AXES)), unique=True, min_size=1, max_size=5), st.booleans())
def test_every_result_with_an_axis_has_one_of_ten_kinds_and_loses_no_axis(
    axes: list[str], token: bool
) -> None:
    result = over(*axes, token=token)
    try:
        kind = kind_of(result)
    except BadInput:
        assert axes == ["bound"]
        return
    assert kind in KINDS
    shown = plane(axes, kind)
    placed = [shown.x, *filter(None, [shown.y]), *shown.sliders]
    assert len(placed) == len(set(placed))
    assert set(axes) - set(placed) <= {"bound"}
    assert shown.sliders[-1:] == ("rank",) or "rank" not in shown.sliders


def test_there_are_at_most_ten_kinds() -> None:
    assert len(KINDS) == 10


def test_a_single_number_or_nothing_has_no_kind() -> None:
    with pytest.raises(BadInput, match=r"'value' is a single number, which no view draws; give it an axis"):
        kind_of(over())
    with pytest.raises(BadInput, match="A result without variables has no kind"):
        kind_of(xr.Dataset())
    with pytest.raises(BadInput, match="A result without variables has no kind"):
        kind_of(xr.DataTree())
