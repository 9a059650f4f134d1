"""Programs beside this process: how they are asked, and what becomes of those that are slow."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from traces.scorers import program
from traces.scorers.program import Program
from traces.scorers.scorer import TryAgain

SAY_READY = "import json, sys, time\nprint('\"ready\"', flush=True)\n"
TELL_LENGTHS = "for line in sys.stdin: print(len(json.loads(line)), flush=True)\n"


@pytest.fixture
def program_of(tmp_path):
    """Make programs of Python code."""
    made = []

    def make(code: str, *, answer_seconds: float = 60.0) -> Program:
        (tmp_path / "worker.py").write_text(code)
        one = Program(tmp_path / "worker.py", work="testing", answer_seconds=answer_seconds)
        made.append(one)
        return one

    yield make
    for one in made:
        one.stop()


def test_a_line_of_any_length_is_answered(program_of):
    lengths = program_of(SAY_READY + TELL_LENGTHS)
    assert [lengths.ask("é" * count) for count in (0, 1, 1_000_000)] == [0, 1, 1_000_000]


def test_an_answer_of_any_length_is_read(program_of):
    said = "for line in sys.stdin: print(json.dumps('x' * json.loads(line)), flush=True)\n"
    assert len(program_of(SAY_READY + said).ask(1_000_000)) == 1_000_000


@pytest.mark.parametrize("length", [1, 1_000_000])
def test_one_that_reads_nothing_is_killed(program_of, length):
    still = program_of(SAY_READY + "time.sleep(60)\n", answer_seconds=0.1)
    assert still.ask("x" * length) is None
    assert still._running is None


@pytest.mark.parametrize("length", [1, 1_000_000])
def test_one_that_ends_meanwhile_answers_nothing(program_of, length):
    assert program_of(SAY_READY + "sys.stdin.read(1)\nsys.exit(1)\n").ask("x" * length) is None


@pytest.mark.parametrize("code", ["", "no Python", "print('\"steady\"', flush=True)"])
def test_one_that_does_not_say_that_it_is_ready_is_told_of(program_of, code):
    with pytest.raises(TryAgain, match="The program for testing did not start"):
        program_of(code).ask("x")


def test_whoever_is_interrupted_leaves_no_answer_for_the_next(program_of, monkeypatch):
    lengths = program_of(SAY_READY + TELL_LENGTHS)
    assert lengths.ask("x") == 1

    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(program, "_line", interrupted)
        with pytest.raises(KeyboardInterrupt):
            lengths.ask("xx")
    assert lengths.ask("xxx") == 3


def test_quick_answers_reach_more_than_may_ask_at_once(program_of, monkeypatch):
    monkeypatch.setattr(program, "PLACE_SECONDS", 60)
    lengths = program_of(SAY_READY + TELL_LENGTHS)
    assert lengths.ask("") == 0
    with ThreadPoolExecutor(2 * program.MAX_ASKING) as pool:
        found = list(pool.map(lengths.ask, ["x" * count for count in range(60)]))
    assert found == list(range(60))
