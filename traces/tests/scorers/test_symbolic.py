"""Formulas compared by math-verify, in a process that is killed when it takes too long."""

import os
import signal
import threading

import pytest

from traces.reasoning.answers.comparing import Comparison
from traces.scorers import program as beside
from traces.scorers.scorer import TryAgain
from traces.scorers.symbolic import process
from traces.scorers.symbolic.gate import refusal
from traces.scorers.symbolic.process import PROGRAM

SQUARES = "(x-1)(x+1)", "x^2-1"
SAME = Comparison("right", "math_verify")
TOO_LONG = Comparison("undecided", "math_verify", "it took too long or too much memory")


@pytest.fixture
def program():
    """The program, which has answered once."""
    assert process.compare(*SQUARES) == SAME
    return PROGRAM._running


@pytest.mark.parametrize(
    ("answer", "reference", "outcome"),
    [
        ("\\frac{\\sqrt{3}}{2}", "\\frac{3}{2\\sqrt{3}}", "right"),
        ("sqrt(8)", "2\\sqrt{2}", "right"),
        ("2pi", "2\\pi", "right"),
        ("x > 5", "(5, \\infty)", "right"),
        ("\\begin{pmatrix}1\\\\2\\end{pmatrix}", "\\begin{pmatrix}1\\\\2\\end{pmatrix}", "right"),
        ("x = 5", "y = 5", "wrong"),
        ("5x", "5", "wrong"),
    ],
)
def test_formulas_are_compared(answer, reference, outcome):
    assert process.compare(answer, reference) == Comparison(outcome, "math_verify")


@pytest.mark.parametrize(
    "formula",
    [
        "2^{9999999999}",
        "(2^{99999})^1",
        "\\binom{99999999}{49999999}",
        "\\prod_{n=1}^{99999999} n",
        "(x+y+z+a+b+c)^{200}",
    ],
)
def test_a_formula_that_takes_too_long_ends_the_program_alone(program, formula):
    assert process.compare(formula, "y") in (
        TOO_LONG,
        Comparison("wrong", "math_verify"),
        Comparison("undecided", "math_verify", "a power of a power"),
    )
    assert process.compare(*SQUARES) == SAME


def test_a_program_that_was_ended_is_replaced(program, monkeypatch):
    monkeypatch.setattr(PROGRAM, "answer_seconds", 120)  # its processor time ends before
    assert process.compare("10^{99999999}", "10^{99999998}") == TOO_LONG
    assert program.returncode == -signal.SIGPROF
    assert process.compare(*SQUARES) == SAME
    assert PROGRAM._running.pid != program.pid


def test_a_program_that_was_killed_between_is_replaced(program):
    os.kill(program.pid, signal.SIGKILL)
    assert process.compare(*SQUARES) in (SAME, TOO_LONG)  # it may not have ended yet
    assert process.compare(*SQUARES) == SAME
    assert PROGRAM._running.pid != program.pid


def test_a_program_that_stands_still_is_killed(program, monkeypatch):
    monkeypatch.setattr(PROGRAM, "answer_seconds", 0.1)
    os.kill(program.pid, signal.SIGSTOP)
    assert process.compare(*SQUARES) == TOO_LONG
    assert program.returncode == -signal.SIGKILL


def test_a_program_that_nobody_asks_ends_and_is_started_anew(monkeypatch):
    PROGRAM.stop()
    monkeypatch.setattr(beside, "IDLE_SECONDS", 0.01)
    assert process.compare(*SQUARES) in (SAME, TOO_LONG)  # it may end before it is asked
    if program := PROGRAM._running:
        assert program.wait(timeout=60) == 0
    monkeypatch.undo()
    assert process.compare(*SQUARES) == SAME


def test_one_asks_at_a_time_and_nobody_waits_for_ever(monkeypatch):
    monkeypatch.setattr(beside, "WAIT_SECONDS", 0.01)
    PROGRAM._lock.acquire()
    try:
        with pytest.raises(TryAgain):
            process.compare(*SQUARES)
    finally:
        PROGRAM._lock.release()
    assert process.compare(*SQUARES) == SAME


def test_many_threads_get_each_their_own_answer(program, monkeypatch):
    monkeypatch.setattr(beside, "WAIT_SECONDS", 60.0)
    found: dict[int, Comparison] = {}

    def ask(n: int) -> None:
        found[n] = process.compare(f"x+{n}+y", f"y+{n - n % 2}+x")

    threads = [threading.Thread(target=ask, args=[n]) for n in range(beside.MAX_ASKING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[n].outcome for n in range(3)] == ["right", "wrong", "right"]


def test_few_wait_and_the_others_are_told_to_come_again(program):
    places = PROGRAM._places
    for _ in range(beside.MAX_ASKING):
        assert places.acquire(blocking=False)
    with pytest.raises(TryAgain):
        process.compare(*SQUARES)
    places.release(beside.MAX_ASKING)
    assert process.compare(*SQUARES) == SAME


def test_it_knows_no_secrets_of_the_site(program):
    with open(f"/proc/{program.pid}/environ") as file:
        assert file.read().strip("\0") == "LANG=C.UTF-8"


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("x" * 201, "more than 200 characters"),
        ("9" * 51, "more than 50 digits in a row"),
        ("(" * 11 + "x" + ")" * 11, "brackets deeper than 10"),
        ("\\frac{" * 11 + "1", "brackets deeper than 10"),
        ("42!", "a factorial"),
        ("9^9^9", "a power of a power"),
        ("9^{9^9}", "a power of a power"),
        ("9^{(9^9)}", "a power of a power"),
        ("9 ^ { 9 ** 9 }", "a power of a power"),
        ("2**3**4", "a power of a power"),
        ("9^\\sqrt{9^9}", "a power of a power"),
        ("12:00", "a time or a ratio"),
        ("5\\%", "a percentage"),
        ("5 percent", "a percentage"),
        ("1 2", "numbers side by side"),
        ("1,00", "a comma in a number"),
        ("There are 5 apples", "words"),
        ("x\x1b", "a control character"),
    ],
)
def test_the_gate_refuses(formula, reason):
    assert refusal(formula) == reason


@pytest.mark.parametrize(
    "formula",
    [
        "",
        "\\sin x or \\cos xy",
        "x^2+y^2",
        "x^{2}-3^{x}",
        "(x^2)(y^2)",
        "(" * 10 + ")" * 10,
        "9" * 50,
        "\\frac{x^2}{y^3}",
    ],
)
def test_the_gate_lets_through(formula):
    assert refusal(formula) is None
