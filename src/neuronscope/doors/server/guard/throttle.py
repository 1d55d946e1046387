"""How often may somebody be wrong? A bucket of drops for each address, refilled by time."""

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_ADDRESSES = 10_000


@dataclass
class _Bucket:
    drops: float
    filled: float
    missed: int = 0


class Throttle:
    """Buckets that hold ``burst`` drops and gain ``rate`` a second, one for each address."""

    def __init__(self, *, burst: int, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._rate, self._clock = burst, rate, clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def full_enough(self, address: str) -> bool:
        """Say whether a drop is left, and take none."""
        with self._lock:
            return self._bucket(address).drops >= 1

    def take(self, address: str) -> int | None:
        """Take a drop and return how often there was none since the last; nothing where there is none."""
        with self._lock:
            bucket = self._bucket(address)
            if bucket.drops < 1:
                bucket.missed += 1
                return None
            bucket.drops -= 1
            missed, bucket.missed = bucket.missed, 0
            return missed

    def _bucket(self, address: str) -> _Bucket:
        now, place = self._clock(), _network(address)
        bucket = self._buckets.pop(place, None) or _Bucket(self._burst, now)
        bucket.drops = min(self._burst, bucket.drops + (now - bucket.filled) * self._rate)
        bucket.filled = now
        self._buckets[place] = bucket
        while len(self._buckets) > MOST_ADDRESSES:
            self._buckets.popitem(last=False)
        return bucket


def _network(address: str) -> str:
    """Return what stands for an address: of the newer protocol the network, which one person has whole."""
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv4Address) or known.ipv4_mapped is not None:
        return str(known)
    return str(ipaddress.ip_network((known, 64), strict=False))
