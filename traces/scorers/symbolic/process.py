"""Comparing formulas in another process, which is killed and replaced when it takes too long."""

import atexit
import json
import re
import select
import subprocess
import sys
import threading
import time
from pathlib import Path

from traces.reasoning.answers.comparing import RIGHT, UNDECIDED, WRONG, Comparison
from traces.scorers.scorer import TryAgain
from traces.scorers.symbolic.gate import refusal
from traces.scorers.symbolic.worker import READY

HOW = "math_verify"
PROGRAM = Path(__file__).with_name("worker.py")
START_SECONDS = 60.0  # to load math-verify takes a second on a machine that has nothing else to do
ANSWER_SECONDS = 10.0  # the program ends itself after two of processor time
WAIT_SECONDS = 15.0  # for others who ask
MAX_ASKING = 3  # at once, of the threads of this process: the others have something else to do
IDLE_SECONDS = 300.0  # until it gives its memory back
MAX_ANSWER_BYTES = 1_000
BUSY = "Others are comparing formulas: try again."

_ROOT = re.compile(r"(?<![\\A-Za-z])sqrt\s*\(([^()]*)\)")
_PI = re.compile(r"(?<![\\A-Za-z])pi(?![A-Za-z])")


def compare(answer: str, reference: str) -> Comparison:
    """Compare formulas by computer algebra; TryAgain where others keep it busy.

    Undecided is what the gate refuses, what is no formula and what takes too long.
    """
    formulas = _formula(answer), _formula(reference)
    if reason := refusal(formulas[0]) or refusal(formulas[1]):
        return Comparison(UNDECIDED, HOW, reason)
    said = _PROCESS.ask(*formulas)
    outcome = said if said in (RIGHT, WRONG) else UNDECIDED
    return Comparison(outcome, HOW, "" if said == outcome else said)


def _formula(text: str) -> str:
    text = " ".join(text.replace("\\$", "").replace("$", "").split())
    return _PI.sub(r"\\pi ", _ROOT.sub(r"\\sqrt{\1}", text))


class _Process:
    """The program, started when it is first asked and again after it ended.

    One asks at a time, and few wait.
    """

    def __init__(self) -> None:
        self._places = threading.BoundedSemaphore(MAX_ASKING)
        self._lock = threading.Lock()
        self._program: subprocess.Popen[bytes] | None = None

    def ask(self, answer: str, reference: str) -> str:
        if not self._places.acquire(blocking=False):
            raise TryAgain(BUSY)
        try:
            return self._ask_in_turn(answer, reference)
        finally:
            self._places.release()

    def _ask_in_turn(self, answer: str, reference: str) -> str:
        if not self._lock.acquire(timeout=WAIT_SECONDS):
            raise TryAgain(BUSY)
        try:
            line = json.dumps([answer, reference]).encode() + b"\n"
            program = self._running()
            said = _exchange(program, line)
            if said is None and _ended_well(program):  # as nobody had asked it for long
                said = _exchange(self._running(), line)
            if said is None:
                self.stop()
            return said or "it took too long or too much memory"
        finally:
            self._lock.release()

    def stop(self) -> None:
        """End the program, whatever it does."""
        program, self._program = self._program, None
        if program:
            program.kill()
            program.communicate()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._program and self._program.poll() is not None:
            self.stop()
        if self._program is None:
            self._program = subprocess.Popen(
                [sys.executable, "-I", str(PROGRAM), str(IDLE_SECONDS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8"},  # no secrets for what computes with strangers' text
                bufsize=0,
            )
            if _line(self._program, START_SECONDS) != READY:
                self.stop()
                raise TryAgain("The program that compares formulas did not start: try again.")
        return self._program


def _exchange(program: subprocess.Popen[bytes], line: bytes) -> str | None:
    """Send a line and read its answer; None where the program ends, or takes too long."""
    assert program.stdin  # noqa: S101  # it was started with pipes
    try:
        program.stdin.write(line)
    except BrokenPipeError:
        return None
    return _line(program, ANSWER_SECONDS)


def _ended_well(program: subprocess.Popen[bytes]) -> bool:
    try:
        return program.wait(timeout=1) == 0
    except subprocess.TimeoutExpired:
        return False


def _line(program: subprocess.Popen[bytes], seconds: float) -> str | None:
    assert program.stdout  # noqa: S101  # it was started with pipes
    read = b""
    answers = select.poll()
    answers.register(program.stdout, select.POLLIN)
    until = time.monotonic() + seconds
    while not read.endswith(b"\n"):
        left = until - time.monotonic()
        if left <= 0 or not answers.poll(left * 1_000):
            return None
        piece = program.stdout.read(MAX_ANSWER_BYTES)
        if not piece:
            return None
        read += piece
    said: str = json.loads(read)
    return said


_PROCESS = _Process()
atexit.register(_PROCESS.stop)
