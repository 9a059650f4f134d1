"""The tests run in the training environment; the repository's root is kept off their path.

With it, `import datasets` would find our app, in this process and in the programs it starts.
"""

import os
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

sys.path[:] = [path for path in sys.path if Path(path or ".").resolve() != ROOT]
sys.path.insert(0, str(ROOT / "training" / "jobs"))
import root  # noqa: E402, F401  # as the programs do: last, so that nothing of ours hides a library

_compiled = tempfile.TemporaryDirectory(prefix="compiled-")
os.environ.pop("PYTHONPATH", None)
os.environ |= {
    "JAX_PLATFORMS": "cpu",
    "TRANSFORMERS_VERBOSITY": "error",
    # What one run has compiled, others need not: most of a small run's time.
    "JAX_COMPILATION_CACHE_DIR": _compiled.name,
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
}

import pytest  # noqa: E402  # what it imports shall see the path and the environment
from helpers import problem, write_lines  # noqa: E402
from runs import PLANS, Runs  # noqa: E402


def pytest_unconfigure() -> None:
    _compiled.cleanup()


def runs_of(item):
    """Name the runs that a test looks at."""
    named = {name for mark in item.iter_markers("runs") for name in mark.args}
    return named | ({"trained"} & set(item.fixturenames))


def pytest_collection_modifyitems(items):
    """Put what needs no run before what does, and that in the order in which runs are trained."""
    order = list(PLANS)
    items.sort(key=lambda item: max(map(order.index, runs_of(item)), default=-1))


@pytest.fixture(scope="session")
def shared(tmp_path_factory):
    """A directory for what many tests read and none changes."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture(scope="session")
def eval_set(shared):
    return write_lines(shared / "evalset.jsonl", [problem(number) for number in range(6)])


@pytest.fixture(scope="session", autouse=True)
def runs(request, shared):
    """Start the runs that the chosen tests look at; give each by its name."""
    started = Runs(shared, set().union(*map(runs_of, request.session.items)))
    yield started
    started.close()


@pytest.fixture(scope="session")
def trained(runs):
    """The run that most tests look at."""
    return runs("trained")
