"""Gathering what is stored together, and the next of it while the database works."""

from collections.abc import Iterator

from traces.intake.incoming import Incoming, Refusal, Unread

STORED_AT_ONCE = 2_000  # traces in a transaction
STORED_BYTES = 16 * 1024 * 1024  # of their JSON, after which it takes no more of them

Item = Incoming | Refusal | Unread


class Batches:
    """What becomes of records, in batches of which the next can be gathered one by one before.

    A batch ends with the item that makes it large. An error waits until those before it are given.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._next: list[Item] = []
        self._size = 0
        self._ended = False
        self._error: Exception | None = None

    def __iter__(self) -> Iterator[list[Item]]:
        while True:
            while self._takes_more():
                self._gather()
            if not self._next:
                break
            batch, self._next, self._size = self._next, [], 0
            yield batch
        if self._error is not None:
            raise self._error

    def gather(self) -> None:
        """Take one more into the next batch, unless that is full or the items have ended."""
        if self._takes_more():
            self._gather()

    def _takes_more(self) -> bool:
        if self._ended:
            return False
        last = self._next[-1] if self._next else None
        if isinstance(last, Incoming) and last.is_chosen:  # a pair is stored at once
            return True
        return len(self._next) < STORED_AT_ONCE and self._size < STORED_BYTES

    def _gather(self) -> None:
        try:
            item = next(self._items)
        except StopIteration:
            self._ended = True
        except Exception as error:
            self._ended, self._error = True, error
        else:
            self._next.append(item)
            if isinstance(item, Incoming):
                self._size += item.size
