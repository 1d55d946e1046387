"""One key cannot take the whole server."""

from contextlib import ExitStack

import pytest

from neuronscope.doors.server.guard.load import MOST_REQUESTS, MOST_STREAMS, Busy, Load


def test_so_many_at_once_and_no_more_until_one_ends() -> None:
    load = Load()
    with ExitStack() as held:
        for _ in range(MOST_REQUESTS):
            held.enter_context(load.taken("ann", stream=False))
        with pytest.raises(Busy), load.taken("ann", stream=False):
            pass
        with load.taken("bob", stream=False):
            pass
    with load.taken("ann", stream=False):
        pass


def test_streams_leave_room_for_other_requests() -> None:
    load = Load()
    with ExitStack() as held:
        for _ in range(MOST_STREAMS):
            held.enter_context(load.taken("ann", stream=True))
        with pytest.raises(Busy), load.taken("ann", stream=True):
            pass
        held.enter_context(load.taken("ann", stream=False))


def test_nothing_is_remembered_of_who_has_gone() -> None:
    load = Load()
    with pytest.raises(ValueError, match="broke"), load.taken("ann", stream=True):
        raise ValueError("broke")
    assert not load._now
