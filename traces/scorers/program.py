"""A program beside this process that works with strangers' text, and is killed when it is slow."""

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from traces.scorers.scorer import TryAgain

READY = "ready"
START_SECONDS = 60.0  # to load a library takes a second on a machine that has nothing else to do
WAIT_SECONDS = 15.0  # for others who ask
MAX_ASKING = 3  # at once, of the threads of this process: the others have something else to do
PLACE_SECONDS = 0.5  # for one of these: most answers come much sooner
IDLE_SECONDS = 300.0  # until it gives its memory back
PIECE_BYTES = 64 * 1024


class Program:
    """It is started when it is first asked and again after it ended.

    It is run by path, with the seconds after which it ends when nobody asks it. First it says that
    it is ready; then it answers each line of JSON with one. One asks at a time, and few wait.
    """

    def __init__(self, path: Path, *, work: str, answer_seconds: float) -> None:
        """Take its file, what it is doing, to tell who has to wait, and how long it may take."""
        self._path = path
        self._work = work
        self.answer_seconds = answer_seconds
        self._places = threading.BoundedSemaphore(MAX_ASKING)
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        atexit.register(self.stop)

    def ask(self, question: Any) -> Any:
        """Give its answer; None where it ended, or took too long or too much memory.

        TryAgain where others keep it busy, or it does not start.
        """
        if not self._places.acquire(timeout=PLACE_SECONDS):
            raise TryAgain(f"Others are {self._work}: try again.")
        try:
            return self._ask_in_turn(json.dumps(question).encode() + b"\n")
        finally:
            self._places.release()

    def _ask_in_turn(self, line: bytes) -> Any:
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise TryAgain(f"Others are {self._work}: try again.")
        said = None
        try:
            program = self._started()
            said = self._exchange(program, line)
            if said is None and _ended_well(program):  # as nobody had asked it for long
                said = self._exchange(self._started(), line)
            return said
        finally:
            if said is None:  # what it still says would pass for the answer to another question
                self.stop()
            self._lock.release()

    def stop(self) -> None:
        """End it, whatever it does."""
        program, self._running = self._running, None
        if program:
            program.kill()
            program.communicate()

    def _started(self) -> subprocess.Popen[bytes]:
        if self._running and self._running.poll() is not None:
            self.stop()
        if self._running is None:
            self._running = subprocess.Popen(
                [sys.executable, "-I", str(self._path), str(IDLE_SECONDS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8"},  # no secrets for what works with strangers' text
                bufsize=0,
            )
            assert self._running.stdin  # noqa: S101  # it was started with pipes
            os.set_blocking(self._running.stdin.fileno(), False)
            if _line(self._running, time.monotonic() + START_SECONDS) != READY:
                self.stop()
                raise TryAgain(f"The program for {self._work} did not start: try again.")
        return self._running

    def _exchange(self, program: subprocess.Popen[bytes], line: bytes) -> Any:
        until = time.monotonic() + self.answer_seconds
        return _line(program, until) if _sent(program, line, until) else None


def _sent(program: subprocess.Popen[bytes], line: bytes, until: float) -> bool:
    """Send a line of any length; False where the program ends, or does not read it in time."""
    assert program.stdin  # noqa: S101  # it was started with pipes
    left = memoryview(line)
    while left:
        if not _is_ready(program.stdin.fileno(), select.POLLOUT, until):
            return False
        try:
            left = left[program.stdin.write(left) or 0 :]
        except BrokenPipeError:
            return False
    return True


def _line(program: subprocess.Popen[bytes], until: float) -> Any:
    """Read a line, and what it means; None where the program ends, or says nothing in time."""
    assert program.stdout  # noqa: S101  # it was started with pipes
    read = b""
    while not read.endswith(b"\n"):
        if not _is_ready(program.stdout.fileno(), select.POLLIN, until):
            return None
        piece = program.stdout.read(PIECE_BYTES)
        if not piece:
            return None
        read += piece
    return json.loads(read)


def _is_ready(descriptor: int, event: int, until: float) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, event)
    left = until - time.monotonic()
    return left > 0 and bool(waiting.poll(left * 1_000))


def _ended_well(program: subprocess.Popen[bytes]) -> bool:
    try:
        return program.wait(timeout=1) == 0
    except subprocess.TimeoutExpired:
        return False
