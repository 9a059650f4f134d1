"""Progress for people: a bar on a terminal; in a file or a log a line every few seconds.

`training/jobs/progress_bar.py` is a copy, as its programs import nothing of the web.
"""

import sys
from collections.abc import Iterable
from typing import IO, Any

from tqdm import tqdm

SECONDS = 5.0  # between lines
LINE = "{desc}{n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}{postfix}]"


def progress_bar(iterable: Iterable[Any] | None = None, *, desc: str = "", **options: Any) -> Any:
    """Show on stderr how far the work is: done, total and rate. Options are those of tqdm."""
    return tqdm(iterable, **options, **_shown(desc))


def reading_bar(file: IO[bytes], *, total: int | None, desc: str) -> Any:
    """Show how much of a file is read; enter it for the file that counts."""
    return tqdm.wrapattr(file, "read", total=total, **_shown(desc))


def _shown(desc: str) -> dict[str, Any]:
    common = {"desc": f"{desc}: " if desc else "", "file": sys.stderr}
    if sys.stderr.isatty():
        return common
    lines = {"file": _Lines(sys.stderr), "mininterval": SECONDS, "miniters": 1, "bar_format": LINE}
    return common | lines


class _Lines:
    """A file in which what tqdm draws over itself becomes lines, each unlike the one before."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._last = ""

    def write(self, drawn: str) -> None:
        line = drawn.strip()
        if line and line != self._last:
            self._file.write(f"{line}\n")
            self._last = line

    def flush(self) -> None:
        self._file.flush()
