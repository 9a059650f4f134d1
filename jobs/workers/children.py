"""A job's child program: watched while it runs, and ended with the job, however that ends."""

import contextlib
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from django.conf import settings

from jobs.progress import Progress
from tunix_site.serving.processes import GRACE_SECONDS

SUPERVISOR = (sys.executable, "-E", "-S", "-m", "jobs.workers.supervisor")
LOOK_SECONDS = 0.25
KILLING_SECONDS = 5.0
MAX_LINE_BYTES = 8 * 1024
READ_BYTES = 64 * 1024


class Line(NamedTuple):
    """A line of what a program writes, to `out` or `err`; one that is too long comes in pieces."""

    stream: str
    text: bytes


@contextmanager
def child_program(
    command: Sequence[str],
    *,
    progress: Progress,
    directory: Path,
    environment: Mapping[str, str] | None = None,
    grace_seconds: float = GRACE_SECONDS,
) -> Iterator["Child"]:
    """Run a program in a process group of its own while the block runs.

    At the end of the block it is asked to stop by SIGTERM, with all of its group, and killed after
    `grace_seconds`; so it is where this process is killed. It is killed as well when the lease of
    the job has not been renewed for its length. Nothing that it started is left, on Linux also
    outside of its group.
    """
    lease = settings.JOB_LEASE_SECONDS
    process = subprocess.Popen(
        [*SUPERVISOR, str(lease), str(grace_seconds), str(directory), *command],
        cwd=settings.BASE_DIR,
        env=environment,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    with process:
        child = Child(process, progress)
        progress.after_beat.append(child.renew)
        try:
            yield child
        finally:
            progress.after_beat.remove(child.renew)
            child.end(time.monotonic() + grace_seconds + KILLING_SECONDS)


class Child:
    """A program that runs; who reads its lines or waits for it finds where the job has to stop."""

    def __init__(self, process: subprocess.Popen[bytes], progress: Progress) -> None:
        self._process = process
        self._progress = progress
        self._lifeline = cast("IO[bytes]", process.stdin)
        self._streams = {"out": process.stdout, "err": process.stderr}
        self._lock = threading.Lock()

    def lines(self) -> Iterator[Line]:
        """Yield what the program writes, as it comes; raise as `progress.check` meanwhile.

        A program that writes faster than its lines are taken waits.
        """
        rest = dict.fromkeys(self._streams, b"")
        for stream, read in self._reads():
            self._look()
            *lines, last = (rest[stream] + read).split(b"\n")
            for line in lines:
                yield from (Line(stream, piece) for piece in _pieces(line))
            *pieces, rest[stream] = _pieces(last)
            yield from (Line(stream, piece) for piece in pieces)
        yield from (Line(stream, last) for stream, last in rest.items() if last)

    def wait(self) -> int:
        """Return the exit code, as a shell gives it; what the program still writes is dropped."""
        for _ in self._reads():
            self._look()
        while True:
            self._look()
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self._process.wait(LOOK_SECONDS)

    def renew(self) -> None:
        """Tell the supervisor that the job is still ours."""
        with self._lock:
            if not self._lifeline.closed:
                with contextlib.suppress(BrokenPipeError):  # it has ended, as `wait` will find
                    self._lifeline.write(b".")

    def end(self, until: float) -> None:
        """Stop the program if it runs, by a time of the monotonic clock at the latest."""
        with self._lock:
            self._lifeline.close()
        for _ in self._reads():  # its last words, lest it waits for someone to take them
            if time.monotonic() > until:
                break
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()  # the program dies with its supervisor

    def _look(self) -> None:
        self._progress.check()
        if not self._progress.is_told:  # there is no beat to do it
            self.renew()

    def _reads(self) -> Iterator[tuple[str, bytes]]:
        """Yield pieces of what the program writes, empty ones while it does not, up to its end."""
        with selectors.DefaultSelector() as selector:
            for stream, pipe in self._streams.items():
                selector.register(cast("IO[bytes]", pipe), selectors.EVENT_READ, stream)
            while selector.get_map():
                ready = selector.select(LOOK_SECONDS)
                if not ready:
                    if self._process.poll() is not None:  # what it left, if killed, may write on
                        return
                    yield "out", b""
                for key, _ in ready:
                    if read := os.read(key.fd, READ_BYTES):
                        yield key.data, read
                    else:
                        selector.unregister(key.fileobj)


def _pieces(line: bytes) -> list[bytes]:
    return [
        line[start : start + MAX_LINE_BYTES] for start in range(0, len(line) or 1, MAX_LINE_BYTES)
    ]
