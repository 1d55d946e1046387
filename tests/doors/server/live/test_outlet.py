"""Frames wait for a slow reader, and work for nobody is given up."""

import asyncio
import threading

from neuronscope.doors.server.live.outlet import MOST_BYTES, MOST_FRAMES, Outlet


async def collected(outlet: Outlet) -> bytes:
    return b"".join([some async for some in outlet.read()])


def test_frames_come_out_in_order_and_end() -> None:
    outlet = Outlet()
    assert all(outlet.put(bytes([number])) for number in range(5))
    outlet.close()
    assert asyncio.run(collected(outlet)) == bytes(range(5))


def test_whoever_puts_waits_until_somebody_has_read() -> None:
    outlet, passed = Outlet(), []

    def put() -> None:
        for number in range(4 * MOST_FRAMES):
            outlet.put(bytes([number]))
            passed.append(number)
        outlet.close()

    thread = threading.Thread(target=put)
    thread.start()
    thread.join(0.3)
    assert len(passed) == MOST_FRAMES
    assert asyncio.run(collected(outlet)) == bytes(range(4 * MOST_FRAMES))
    thread.join(10)
    assert len(passed) == 4 * MOST_FRAMES


def test_large_frames_fill_the_pipe_by_their_bytes() -> None:
    outlet = Outlet(patience=0.05)
    assert outlet.put(bytes(MOST_BYTES))
    assert not outlet.put(b"more")


def test_a_reader_that_reads_nothing_is_given_up() -> None:
    outlet = Outlet(patience=0.05)
    assert [outlet.put(b"x") for _ in range(MOST_FRAMES + 2)] == [True] * MOST_FRAMES + [False] * 2
    assert outlet.left


def test_a_reader_that_leaves_lets_go_whoever_waits() -> None:
    outlet = Outlet()
    for _ in range(MOST_FRAMES):
        outlet.put(b"x")
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(outlet.put(b"x")))
    thread.start()
    outlet.leave()
    thread.join(10)
    assert answers == [False]
    assert not outlet.put(b"x")
