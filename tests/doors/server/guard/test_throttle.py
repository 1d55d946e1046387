"""Whoever is wrong too often waits, and nobody else does."""

from neuronscope.doors.server.guard.throttle import MOST_ADDRESSES, Throttle


class Clock:
    """Time that goes on when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills_again_with_time() -> None:
    clock = Clock()
    throttle = Throttle(burst=3, rate=2, clock=clock)
    assert [throttle.take("a") for _ in range(5)] == [0, 0, 0, None, None]
    assert not throttle.full_enough("a")
    clock.now = 0.5
    assert throttle.full_enough("a")
    assert throttle.take("a") == 2, "it says how many it did not let through"
    clock.now = 100.0
    assert [throttle.take("a") for _ in range(4)] == [0, 0, 0, None]


def test_each_address_has_a_bucket_of_its_own() -> None:
    throttle = Throttle(burst=1, rate=0.001, clock=Clock())
    assert (throttle.take("192.0.2.1"), throttle.take("192.0.2.1"), throttle.take("192.0.2.2")) == (
        0,
        None,
        0,
    )
    assert (throttle.take("::ffff:192.0.2.9"), throttle.take("::ffff:192.0.2.8")) == (0, 0)


def test_a_whole_network_of_the_newer_protocol_is_one_person() -> None:
    throttle = Throttle(burst=1, rate=0.001, clock=Clock())
    assert throttle.take("2001:db8::1") == 0
    assert throttle.take("2001:db8::2") is None
    assert throttle.take("2001:db8:0:1::1") == 0


def test_many_addresses_do_not_fill_the_memory() -> None:
    throttle = Throttle(burst=1, rate=1, clock=Clock())
    for number in range(MOST_ADDRESSES + 50):
        throttle.take(f"address {number}")
    assert len(throttle._buckets) == MOST_ADDRESSES
