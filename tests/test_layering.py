"""Who may import whom: one way between the apps, and nothing across to the training programs."""

import ast
import os
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.pages import ROOT
from training import programs

PAGE = ROOT / "docs" / "architecture.md"
ORDER = re.compile(r"^\w+(?: <- \w+)+$", re.MULTILINE)


def layers(page: str) -> tuple[str, ...]:
    """Give the apps from the lowest up, as the page has them: each may import those before it."""
    [line] = ORDER.findall(page)
    return tuple(line.split(" <- "))


LAYERS = layers(PAGE.read_text())
SHARED = "traces.reasoning."
JOBS = ROOT / "training" / "jobs"
OF_THE_WEB = {"django", "rest_framework", "drf_spectacular", "unfold", "psycopg", *LAYERS}
BY_TEXT = {
    *("import_module", "__import__", "import_string", "get_model", "get_app_config"),
    *("ForeignKey", "OneToOneField", "ManyToManyField"),
}
OF_TRAINING = {
    "jax",
    "jaxlib",
    "flax",
    "optax",
    "orbax",
    "qwix",
    "tunix",
    "transformers",
    "torch",
    "safetensors",
    "reasoning_gym",
}


def imports(code: str, package: str = "") -> Iterator[str]:
    """Yield the full names that a module imports, also inside its functions and by their text."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: -(node.level - 1) or None] if node.level else []
            module = ".".join([*above, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and node.args:
            yield from named(ast.unparse(node.func).rpartition(".")[2], node.args[0])


def named(called: str, argument: ast.expr) -> Iterator[str]:
    """Yield what a call names by its text: a module to import, or a model to refer to."""
    text = argument.value if isinstance(argument, ast.Constant) else None
    if isinstance(text, str) and called in BY_TEXT:
        yield text


def root_of(name: str) -> str:
    return name.partition(".")[0]


def modules(*directories: str) -> Iterator[tuple[Path, str]]:
    """Yield the web application's modules, tests left out, with the package each is in."""
    for directory in directories:
        for path in sorted((ROOT / directory).rglob("*.py")):
            if "tests" not in path.parts and JOBS not in path.parents:
                package = ".".join(path.relative_to(ROOT).parent.parts)
                yield path, package


def upward(layer: str, code: str, package: str = "") -> list[str]:
    """Give the imports of a layer's module that go against the direction."""
    above = LAYERS[LAYERS.index(layer) + 1 :]
    return [name for name in imports(code, package) if root_of(name) in above]


def of_training(code: str, package: str = "") -> list[str]:
    """Give a web module's imports of what lives in the training environment.

    `datasets` is ours, unless what is taken from it is nothing of ours.
    """
    return [
        name
        for name in imports(code, package)
        if root_of(name) in OF_TRAINING or (root_of(name) == "datasets" and not is_ours(name))
    ]


def is_ours(name: str) -> bool:
    parts = name.split(".")
    places = [ROOT.joinpath(*parts[:length]) for length in range(2, len(parts) + 1)]
    return any(place.is_dir() or place.with_suffix(".py").exists() for place in places)


def of_the_web(code: str) -> list[str]:
    """Give a program's imports of the web, but for what both know of reasoning text."""
    return [
        name
        for name in imports(code)
        if root_of(name) in OF_THE_WEB and not name.startswith(SHARED)
    ]


def test_every_app_of_ours_has_its_place():
    assert {path.parent.name for path in ROOT.glob("*/apps.py")} == set(LAYERS)
    assert set(LAYERS) <= {name.split(".")[0] for name in settings.INSTALLED_APPS}
    with (ROOT / "pyproject.toml").open("rb") as file:
        tool = tomllib.load(file)["tool"]
    tested = {path.partition("/")[0] for path in tool["pytest"]["ini_options"]["testpaths"]}
    assert set(LAYERS) <= tested & set(tool["coverage"]["run"]["source"])


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_run_one_way(layer):
    assert len(list(modules(layer))) > 3
    found = [(str(path), upward(layer, path.read_text(), pkg)) for path, pkg in modules(layer)]
    assert not [(path, names) for path, names in found if names]


def test_the_web_imports_nothing_of_the_training_environment():
    found = {
        path.relative_to(ROOT).as_posix(): of_training(path.read_text(), package)
        for path, package in modules(*LAYERS, "benchmarks", "chaos")
    }
    # the one program that runs in the training environment from elsewhere
    assert [path for path, names in found.items() if names] == ["benchmarks/jax_loop.py"]


def test_the_training_programs_import_nothing_of_the_web():
    found = [(str(path), of_the_web(path.read_text())) for path in sorted(JOBS.rglob("*.py"))]
    assert len(found) > 10
    assert not [(path, names) for path, names in found if names]


def test_the_client_imports_nothing_of_the_site():
    """It is installed where there is nothing of it, nor of what the site is made of."""
    its_own = {"httpx", "typer", "rich", "tunix_rt"}  # rich comes with typer
    paths = sorted((ROOT / "client" / "src").rglob("*.py"))
    found = {root_of(name) for path in paths for name in imports(path.read_text())}
    assert found >= its_own
    assert found - sys.stdlib_module_names == its_own


@pytest.mark.skipif(not programs.PYTHON.exists(), reason="the training environment is missing")
def test_a_training_program_gets_the_library_that_has_our_apps_name(tmp_path, monkeypatch, capfd):
    """Also where the repository is on the path of whoever starts it."""
    (tmp_path / "whose.py").write_text("import datasets\nprint(datasets.__file__)\n")
    monkeypatch.setattr(programs, "JOBS", tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(ROOT)
    programs.run_program("whose")
    found = Path(capfd.readouterr().out.strip())
    assert ROOT / ".venv-training" in found.parents
    assert found.parts[-3:] == ("site-packages", "datasets", "__init__.py")
    assert "PYTHONPATH" in os.environ


@pytest.mark.parametrize(
    ("layer", "code", "found"),
    [
        ("tunix_site", "import traces.models", ["traces.models"]),
        ("traces", "def late():\n    from datasets import models", ["datasets.models"]),
        ("datasets", "from ...training.demo import Demo", ["training.demo.Demo"]),
        ("training", "from datasets import models\nimport traces", []),
        ("traces", "import tunix_site.env, jobs.models, django", []),
        ("jobs", "from traces.models import Trace", ["traces.models.Trace"]),
        ("jobs", "importlib.import_module('traces.models')", ["traces.models"]),
        ("jobs", "apps.get_model('traces', 'Trace')", ["traces"]),
        ("traces", "models.ForeignKey('datasets.Dataset', CASCADE)", ["datasets.Dataset"]),
        ("traces", "models.ForeignKey('jobs.Job', CASCADE)", []),
    ],
)
def test_an_import_upwards_is_found(layer, code, found):
    assert upward(layer, code, package="datasets.below") == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import jax.numpy as jnp", ["jax.numpy"]),
        ("def late():\n    from tunix.sft import peft_trainer", ["tunix.sft.peft_trainer"]),
        ("from datasets import load_dataset", ["datasets.load_dataset"]),
        ("import datasets", ["datasets"]),
        ("from datasets import models, recipe", []),
        ("from datasets.models import Dataset", []),
        ("from tunix_site import env", []),
    ],
)
def test_an_import_of_the_training_environment_is_found(code, found):
    assert of_training(code) == found


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import django", ["django"]),
        ("from traces.models import Trace", ["traces.models.Trace"]),
        ("import datasets", ["datasets"]),
        ("from traces.reasoning.templates import TEMPLATES", []),
        ("import traces.readers.fields", ["traces.readers.fields"]),
        ("from errors import InputError\nimport jax", []),
    ],
)
def test_an_import_of_the_web_is_found(code, found):
    assert of_the_web(code) == found
