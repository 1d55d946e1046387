"""Drawn results of every shape that analyses may return, and what it means for one to come back equal."""

import numpy as np
import xarray as xr
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from neuronscope.results import digest

AXES = ("depth", "position", "rank")
DTYPES = (
    *("float32", "float64", "float16", "int64", "int32", "int8", "uint8", "uint64", "bool"),
    *("complex64", "complex128", "<U4", "object", ">f4", ">i8", "datetime64[ns]", "timedelta64[s]"),
)
any_text = st.text(st.characters(), max_size=5) | st.sampled_from(
    ["", "\0", "a\0", "\ud800", "été", " the", "\n"]
)
plain_values = st.recursive(  # without NaN, which xarray calls different from itself inside a mapping
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=5,
)
attributes = st.dictionaries(
    any_text | st.sampled_from(["units", "long_name", "coordinates", "dtype", "_FillValue", "scale_factor"]),
    plain_values
    | st.floats()
    | st.sampled_from([np.float32(0.1), np.int64(3), np.bool_(True), np.array([1.5, np.nan], "f4")]),
    max_size=3,
)


@st.composite
def values(draw: st.DrawFn, shape: tuple[int, ...]) -> np.ndarray:
    """Draw an array of any dtype that results may have, NaN, infinities and odd text among its values."""
    dtype = draw(st.sampled_from(DTYPES))
    if dtype == "object":
        words = np.empty(shape, dtype=object)
        words[...] = ""
        for place in np.ndindex(shape):
            words[place] = draw(any_text)
        return words
    # A fixed-width array drops NUL characters at the end of a word.
    fixed = any_text.map(lambda word: word[:4].rstrip("\0")) if dtype == "<U4" else None
    return draw(arrays.arrays(dtype, shape, elements=fixed))


@st.composite
def labels_of_axes(draw: st.DrawFn) -> dict[str, np.ndarray]:
    """Draw the labels of each axis, and with them its size, which may be 0."""
    lists = st.lists(st.integers(-5, 5), max_size=3) | st.lists(st.sampled_from(["", "é", "ab "]), max_size=3)
    drawn = {axis: draw(lists) for axis in AXES}
    return {axis: np.array(labels, dtype=None if labels else "int64") for axis, labels in drawn.items()}


any_labels = labels_of_axes()


@st.composite
def datasets(draw: st.DrawFn, labels: st.SearchStrategy = any_labels) -> xr.Dataset:
    """Draw a dataset: a few variables over shared axes, some of them empty, with coordinates."""
    known = draw(labels)
    names = draw(st.permutations(["probability", "été", "a b", "Zeta"]))[: draw(st.integers(1, 4))]

    def variable() -> tuple:
        axes = draw(st.lists(st.sampled_from(AXES), unique=True))
        return axes, draw(values(tuple(known[axis].size for axis in axes))), draw(attributes)

    coords = {"token": variable()} if draw(st.booleans()) else {}
    for axis in draw(st.lists(st.sampled_from(AXES), unique=True)):
        coords[axis] = ([axis], known[axis], draw(attributes))
    return xr.Dataset({name: variable() for name in names}, coords, draw(attributes))


@st.composite
def trees(draw: st.DrawFn) -> xr.DataTree:
    """Draw a tree of up to three datasets over the same axes, in any order, some of them nested."""
    paths = draw(st.permutations(["/b", "/a", "/a/part", "/c d"]))[: draw(st.integers(1, 3))]
    labels = st.just(draw(any_labels))
    name = draw(st.none() | st.just("circuit"))
    return xr.DataTree.from_dict({path: draw(datasets(labels)) for path in paths}, name=name)


def assert_same(back: xr.Dataset | xr.DataTree, sent: xr.Dataset | xr.DataTree) -> None:
    """Hold a result to another in values, names, order, dtypes, attributes and digest."""
    if isinstance(sent, xr.DataTree):
        xr.testing.assert_identical(back, sent)
        assert isinstance(back, xr.DataTree)
        assert [node.path for node in back.subtree] == [node.path for node in sent.subtree]
        pairs = [
            (one.to_dataset(), two.to_dataset()) for one, two in zip(back.subtree, sent.subtree, strict=True)
        ]
    else:
        xr.testing.assert_identical(back, sent)
        assert isinstance(back, xr.Dataset)
        pairs = [(back, sent)]
    for one, two in pairs:
        assert list(one.data_vars) == list(two.data_vars)
        for name in two.variables:
            assert one[name].dtype == two[name].dtype, name
    assert digest(back) == digest(sent)
