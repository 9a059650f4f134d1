"""One `serve` per TUNIX_VAR: two would empty each other's counts and look after one database."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from tunix_site.env import kept_under


class AlreadyServed(Exception):
    """Another process serves from this directory; the message says which and what to do."""


@contextlib.contextmanager
def only_server(var_dir: Path, address: str) -> Iterator[None]:
    """Hold the directory for this process while the block runs; AlreadyServed where another does.

    The lock is the process's own: those that it forks do not hold it beyond its end.
    """
    with kept_under(var_dir):
        var_dir.mkdir(parents=True, exist_ok=True)
        lock = (var_dir / "serve.lock").open("a+")
    with lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise AlreadyServed(
                f"{lock.read().strip() or 'Another process'} serves from {var_dir} already. "
                "Stop that one, or set TUNIX_VAR (and PORT) to serve something else."
            ) from None
        lock.truncate(0)
        lock.write(f"Process {os.getpid()} ({address})\n")
        lock.flush()
        yield
