"""Packing keeps boundaries and is a function of its arguments."""

import numpy as np
import pytest

from neuronscope.data.packing import document_of, joined, pack, window
from neuronscope.words import BadInput


def test_rows_hold_whole_documents_between_boundaries() -> None:
    documents = iter([[1, 2], [3], [4, 5, 6], [7, 8, 9, 9, 9]])
    rows = pack(documents, 2, 5, boundary=0)
    assert rows.tolist() == [[1, 2, 0, 3, 0], [0, 4, 5, 6, 0]]


def test_a_document_is_cut_at_the_end_of_a_row() -> None:
    assert pack(iter([[1, 2, 3, 4], [5]]), 1, 3, boundary=0).tolist() == [[1, 2, 3]]


def test_an_epoch_reads_every_window_once() -> None:
    stream = np.arange(103)
    starts = [int(window(stream, index, 10, seed=1)[0]) for index in range(9)]
    assert len({start % 10 for start in starts}) == 1
    assert sorted(start // 10 for start in starts) == list(range(9))
    assert all(np.array_equal(window(stream, 4, 10, seed=1), window(stream, 4, 10, seed=1)) for _ in range(2))


def test_epochs_and_seeds_differ() -> None:
    stream = np.arange(1003)
    first = [int(window(stream, index, 10, seed=1)[0]) for index in range(99)]
    second = [int(window(stream, index + 99, 10, seed=1)[0]) for index in range(99)]
    other = [int(window(stream, index, 10, seed=2)[0]) for index in range(99)]
    assert first != second
    assert first != other


def test_a_stream_without_a_window_is_refused() -> None:
    with pytest.raises(
        BadInput, match=r"A stream of 12 tokens has no windows of 10: give at least 20 tokens\."
    ):
        window(np.arange(12), 0, 10, seed=0)


def test_a_stream_has_every_document_behind_its_boundary() -> None:
    documents = [[1, 2, 3], [], [4]]
    stream = joined(documents, boundary=0)
    assert stream.tolist() == [0, 1, 2, 3, 0, 0, 4]
    assert joined([], boundary=0).tolist() == []
    whole = document_of(stream, boundary=0)
    assert [stream[(whole == place) & (stream != 0)].tolist() for place in range(3)] == documents


def test_a_row_cut_out_of_a_document_begins_with_document_0() -> None:
    stream = joined([[1, 2, 3], [4, 5], [6]], boundary=0)
    for start in range(len(stream) - 4):
        found = document_of(stream[start : start + 4], boundary=0)
        assert found[0] == 0
        assert set(np.diff(found)) <= {0, 1}
        assert ((np.diff(found) == 1) == (stream[start + 1 : start + 4] == 0)).all()
