"""How often each record has come in a file, at eight bytes a record."""

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]


class Occurrences:
    """Counts records by their digests, of which it keeps 64 bits, in sorted runs that double.

    Two records that share those bits count as one: the second gets another number than it need,
    and so it does whenever the file is read again.
    """

    def __init__(self) -> None:
        self._runs: list[Keys] = []
        self._repeated: dict[int, int] = {}

    def numbers(self, digests: list[bytes]) -> list[int]:
        """Count digests, in order; the first occurrence of each is 1."""
        keys = np.frombuffer(b"".join([digest[:8] for digest in digests]), dtype="<u8")
        new = np.unique(keys)
        seen = self._seen(new)
        fresh = new[~seen]
        if len(fresh) == len(keys):
            numbers = [1] * len(keys)
        else:
            before = set(new[seen].tolist())
            numbers = [self._next(key, before) for key in keys.tolist()]
        self._add(fresh)
        return numbers

    def _next(self, key: int, before: set[int]) -> int:
        """Count a key that may have come before, in an earlier call or in this one."""
        number = self._repeated.get(key, 1 if key in before else 0) + 1
        before.add(key)
        if number > 1:
            self._repeated[key] = number
        return number

    def _seen(self, keys: Keys) -> NDArray[np.bool_]:
        seen = np.zeros(len(keys), dtype=np.bool_)
        for run in self._runs:
            places = np.searchsorted(run, keys)
            places[places == len(run)] = 0
            seen |= run[places] == keys
        return seen

    def _add(self, run: Keys) -> None:
        if not len(run):
            return
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        self._runs.append(run)
