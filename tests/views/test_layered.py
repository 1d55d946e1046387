"""Layers put every node above what feeds it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from neuronscope.views.layered import layered

edges = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=30)


@given(edges)
def test_in_a_graph_without_cycles_every_edge_goes_up(pairs: list[tuple[int, int]]) -> None:
    upward = [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]]
    at = layered(8, upward)
    assert all(at[b, 1] > at[a, 1] for a, b in upward)


@given(edges)
def test_any_graph_gets_places_of_its_own(pairs: list[tuple[int, int]]) -> None:
    at = layered(8, pairs)
    assert np.isfinite(at).all()
    assert len(np.unique(at, axis=0)) == 8


def test_the_height_is_the_longest_way() -> None:
    assert layered(4, [(0, 3), (0, 1), (1, 2), (2, 3)])[:, 1].tolist() == [0, 1, 2, 3]


def test_no_nodes_need_no_place() -> None:
    assert layered(0, []).shape == (0, 2)
