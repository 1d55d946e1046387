"""Packing keeps boundaries and is a function of its arguments."""

import numpy as np
import pytest

from neuronscope.data.packing import pack, window


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
        ValueError, match="a stream of 12 tokens has no windows of 10; give at least 20 tokens"
    ):
        window(np.arange(12), 0, 10, seed=0)
