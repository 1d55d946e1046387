"""Random heads are as many as those found, of the same layers while there are any."""

import numpy as np
import pytest

from neuronscope.instruments.heads.random_sets import drawn_sets, loss_increases
from neuronscope.instruments.heads.repeated import repeated_loss, repeated_strings
from neuronscope.models import open_model

OTHERS = [(layer, head) for layer in range(3) for head in range(4)]


def test_sets_are_of_the_layers_of_the_heads_found() -> None:
    others = [head for head in OTHERS if head not in [(1, 0), (1, 1)]]
    others += [(1, head) for head in range(4, 9)]
    sets = drawn_sets([(1, 0), (1, 1)], others, 20)
    assert len(set(map(tuple, sets))) == len(sets) == 20
    for some in sets:
        assert [layer for layer, _ in some] == [1, 1]
        assert len(set(some)) == 2


def test_other_layers_lend_heads_where_their_own_has_none_left() -> None:
    others = [(0, 0), (1, 3)]
    assert drawn_sets([(1, 0), (1, 1)], others, 2) == [[(0, 0), (1, 3)]]


def test_fewer_others_make_smaller_sets_and_none_makes_no_set() -> None:
    assert drawn_sets([(1, 0), (1, 1)], [(0, 0)], 3) == [[(0, 0)]]
    assert drawn_sets([(1, 0)], [], 3) == []
    assert drawn_sets([], OTHERS, 3) == []


def test_no_set_comes_twice_so_that_a_rank_among_them_is_no_smaller_than_their_number_allows() -> None:
    sets = drawn_sets([(1, 0)], [(1, 1), (1, 2), (1, 3)], 19)
    assert sorted(sets) == [[(1, 1)], [(1, 2)], [(1, 3)]]


@pytest.mark.parametrize("ablation", ["mean", "resample", "zero"])
def test_only_the_heads_of_the_circuit_cost_anything(ablation: str) -> None:
    model = open_model("builtin:handmade-induction")
    strings = repeated_strings(model, n=6)
    plain = repeated_loss(model, strings)
    lost = loss_increases(model, strings, [[(1, 0)], [(0, 0)], [(1, 1), (0, 2)]], plain, ablation=ablation)
    assert lost.shape == (3, 6)
    assert (lost[:2] > 1).all()
    np.testing.assert_allclose(lost[2], 0, atol=1e-6)
