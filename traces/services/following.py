"""Whose turn it is: filling the indexes behind ingest, beside ingest."""

import time
from collections.abc import Callable, Sequence

from traces.services import indexing

FEW_AT_ONCE = 100  # traces: where there are fewer, it is cheaper to wait until more have come
PAUSE_SECONDS = 0.5
SHORT_PAUSE_SECONDS = 0.1  # when ingest ends, both processors are idle until that is seen
PATIENCE_SECONDS = 3.0
LONG_PATIENCE_SECONDS = 60.0
MANY = 30_000  # traces: more than can be indexed within some seconds


class Follower:
    """Index what is pending for some kinds, in turns; of batches, the first kind's that has any.

    Traces that came in by few are indexed in every turn. Batches are left while more of them keep
    coming in, as who sends them waits for it and nobody for the index; but not for longer than
    makes a difference, a few seconds where the index can follow and a minute where it cannot.
    Then as much time is the index's as was left to ingest, so that neither is ever held up. While
    traces come in by few, one process at a time indexes batches: a processor stays free for those.
    """

    def __init__(self, kinds: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.kinds = kinds
        self._clock = clock
        self._gives_way_since: float | None = None
        self._works_until = 0.0

    def turn(self) -> tuple[dict[str, int], float]:
        """Index some traces; tell how many of each kind, and after how many seconds to go on."""
        done: dict[str, int] = {}
        pending = {kind: indexing.waiting(kind=kind) for kind in self.kinds}
        gives_way = self._gives_way(list(pending.values()))
        for kind, waiting in pending.items():
            few = indexing.index_some(kind=kind, few_alone=True) if waiting.few else 0
            batch = 0
            if waiting.in_batches and not gives_way:
                batch = indexing.index_some(kind=kind, one_at_a_time=waiting.few > 0)
            done[kind] = few + batch
            if batch:
                return done, 0.0  # what has come in by few meanwhile is next
        if max(done.values()) >= FEW_AT_ONCE:
            return done, 0.0
        return done, SHORT_PAUSE_SECONDS if gives_way else PAUSE_SECONDS

    def _gives_way(self, pending: Sequence[indexing.Waiting]) -> bool:
        now = self._clock()
        if not any(waiting.coming_in for waiting in pending):
            self._gives_way_since = None
            return False
        if now < self._works_until:
            return False
        if self._gives_way_since is None:
            self._gives_way_since = now
        given = now - self._gives_way_since
        many = any(waiting.in_batches > MANY for waiting in pending)
        if given < (LONG_PATIENCE_SECONDS if many else PATIENCE_SECONDS):
            return True
        self._gives_way_since = None
        self._works_until = now + given
        return False
