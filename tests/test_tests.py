"""The tests themselves: each asserts something, waits for what happens and hides no error.

Each checker is a function over source text, tried on samples beside it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import ROOT

Function = ast.FunctionDef | ast.AsyncFunctionDef
PLACES = (
    "tunix_site",
    "jobs",
    "traces",
    "evalsets",
    "datasets",
    "training",
    "pages",
    "tests",
    "benchmarks",
)
RAISE = {"pytest.raises", "pytest.warns", "pytest.fail"}
ASSERT_ELSEWHERE = {  # of libraries: they raise
    "call_and_validate",
    "django_assert_num_queries",
    "django_assert_max_num_queries",
    "assert_allclose",
    "assert_array_equal",
}
WAITS = {"tunix_site/tests/live.py"}  # `wait_until` looks again after a pause, until a deadline


def of_tests(path: Path) -> bool:
    return "tests" in path.parts or path.name == "conftest.py" or path.name.startswith("test_")


def codes() -> dict[str, str]:
    """Give the code of all tests and what they share, by path."""
    below = [path for place in PLACES for path in (ROOT / place).rglob("*.py")]
    paths = [ROOT / "conftest.py", *below]
    named = [(path.relative_to(ROOT), path) for path in paths]
    return {name.as_posix(): path.read_text() for name, path in named if of_tests(name)}


def functions(code: str) -> Iterator[Function]:
    return (node for node in ast.walk(ast.parse(code)) if isinstance(node, Function))


def called(function: ast.AST) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(function) if isinstance(node, ast.Call)}


def asserts(function: Function) -> bool:
    """Tell whether a function by itself can fail on what it finds."""
    return bool(called(function) & RAISE) or any(
        isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant | ast.Tuple)
        for node in ast.walk(function)
    )


def helpers(codes: list[str]) -> set[str]:
    """Name the functions that assert, or call one that does."""
    found = set(ASSERT_ELSEWHERE)
    every = [function for code in codes for function in functions(code)]
    while more := {
        function.name
        for function in every
        if function.name not in found and (asserts(function) or last_names(function) & found)
    }:
        found |= more
    return found


def last_names(function: Function) -> set[str]:
    return {name.rpartition(".")[2] for name in called(function)}


def cannot_fail(code: str, helpers: set[str]) -> list[str]:
    """Name the tests that assert nothing, nor call what does."""
    return [
        function.name
        for function in functions(code)
        if function.name.startswith("test_")
        and not asserts(function)
        and not last_names(function) & helpers
    ]


def swallowed(code: str) -> list[str]:
    """Give the lines where code goes on after any exception, whatever it was."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ExceptHandler):
            idle = all(isinstance(part, ast.Pass | ast.Continue) for part in node.body)
            raised = any(isinstance(part, ast.Raise) for part in ast.walk(node))
            if idle or (broad(node.type) and not raised):
                found.append(f"line {node.lineno}")
        elif isinstance(node, ast.With):
            contexts = [item.context_expr for item in node.items]
            hides = any("suppress" in ast.unparse(context) for context in contexts)
            if hides and any(isinstance(part, ast.Assert) for part in ast.walk(node)):
                found.append(f"line {node.lineno}")
    return found


def broad(kind: ast.expr | None) -> bool:
    return kind is None or ast.unparse(kind) in ("Exception", "BaseException")


def sleeps(code: str) -> list[str]:
    """Give the lines that wait for a time, in place of what is to happen."""
    return [
        f"line {node.lineno}"
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("time.sleep", "sleep")
    ]


def measured(code: str) -> list[str]:
    """Give the lines that assert how long something took."""
    asserted = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Assert)]
    return [
        f"line {node.lineno}"
        for node in asserted
        for part in ast.walk(node.test)
        if isinstance(part, ast.BinOp)
        and isinstance(part.op, ast.Sub)
        and re.search(r"\b(monotonic|perf_counter|time)\(\)", ast.unparse(part))
    ]


def test_every_test_can_fail():
    every = codes()
    known = helpers(list(every.values()))
    names = [function.name for code in every.values() for function in functions(code)]
    assert len([name for name in names if name.startswith("test_")]) > 1000
    found = {path: cannot_fail(code, known) for path, code in every.items()}
    assert not {path: names for path, names in found.items() if names}


def test_no_test_hides_what_goes_wrong():
    found = {path: swallowed(code) for path, code in codes().items()}
    assert not {path: lines for path, lines in found.items() if lines}


def test_no_test_waits_for_a_time():
    found = {path: sleeps(code) for path, code in codes().items() if path not in WAITS}
    assert not {path: lines for path, lines in found.items() if lines}


def test_no_test_measures_a_time():
    found = {path: measured(code) for path, code in codes().items()}
    assert not {path: lines for path, lines in found.items() if lines}


@pytest.mark.parametrize(
    "body",
    [
        "read(1)",
        "assert True",
        "assert (read(1), 'a pair is always true')",
        "check_nothing(1)",
        "read(assertion=1)",
        "for x in range(9): read(x)",
    ],
)
def test_a_test_that_cannot_fail_is_found(body):
    code = f"def check_nothing(x): read(x)\ndef test_it(reader):\n    {body}\n"
    assert cannot_fail(code, helpers([code])) == ["test_it"]


@pytest.mark.parametrize(
    "body",
    [
        "assert read(1)",
        "with pytest.raises(ValueError): read(1)",
        "with pytest.warns(UserWarning): read(1)",
        "look(1)",
        "world.look(1)",
        "case.call_and_validate()",
    ],
)
def test_a_test_that_can_is_none(body):
    code = f"def test_it():\n    {body}\n"
    shared = "def look(x): look_closer(x)\ndef look_closer(x): assert x\n"
    assert cannot_fail(code, helpers([code, shared])) == []


@pytest.mark.parametrize(
    "code",
    [
        "try: read()\nexcept ValueError: pass",
        "try: read()\nexcept: print()",
        "try: read()\nexcept Exception as error: print(error)",
        "for x in y:\n    try: read()\n    except ValueError: continue",
        "with suppress(ValueError):\n    assert read()",
    ],
)
def test_an_exception_that_is_hidden_is_found(code):
    assert len(swallowed(code)) == 1


def test_an_exception_that_is_looked_at_is_none():
    assert not swallowed("try: read()\nexcept ValueError as error: assert error.line")
    assert not swallowed("try: read()\nexcept BaseException:\n    stop()\n    raise")
    assert not swallowed("with suppress(FileNotFoundError): path.unlink()")


def test_a_pause_is_found():
    assert sleeps("import time\ntime.sleep(1)") == ["line 2"]
    assert not sleeps("program = 'time.sleep(1)'")


def test_a_limit_of_time_is_found():
    assert measured("began = monotonic()\nassert time.monotonic() - began < 1") == ["line 2"]
    assert not measured("assert time.monotonic() < deadline")
