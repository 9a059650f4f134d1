"""Leaky buckets: so many at once, then one in so many seconds. What flows over is refused."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass


@dataclass(frozen=True)
class Leak:
    """How much a bucket holds, and how many seconds it takes to lose one."""

    capacity: int
    seconds: float

    def level_after(self, level: float, seconds: float) -> float:
        return max(0.0, level - max(0.0, seconds) / self.seconds)

    def wait(self, level: float) -> float:
        """Give the seconds until one more fits; 0 where it does."""
        return max(0.0, level + 1 - self.capacity) * self.seconds


class Buckets:
    """Buckets by key, in this process; of more than `max_keys` the longest untouched are dropped.

    A bucket that is dropped is empty when its key comes again: that errs on the side of letting in.
    """

    def __init__(self, leak: Leak, *, max_keys: int = 10_000) -> None:
        self.leak = leak
        self.max_keys = max_keys
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: Hashable) -> float:
        """Put one more into the key's bucket, or give the seconds to wait where none fits."""
        now = time.monotonic()
        with self._lock:
            level, since = self._levels.get(key, (0.0, now))
            level = self.leak.level_after(level, now - since)
            wait = self.leak.wait(level)
            self._levels[key] = (level if wait else level + 1, now)
            self._levels.move_to_end(key)
            if len(self._levels) > self.max_keys:
                self._levels.popitem(last=False)
        return wait

    def clear(self) -> None:
        with self._lock:
            self._levels.clear()
