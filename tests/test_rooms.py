"""How the house is kept: small modules, few in a folder, and none that go round in a circle."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.pages import ROOT
from tests.test_layering import JOBS, LAYERS, imports

MAX_LINES = 300
MAX_LOOSE = 12
CLIENT = "client/src"
PLACES = (*LAYERS, CLIENT, "benchmarks", "chaos")

# Longer than others, and why.
LONG: dict[str, str] = {}

# Folders that are tables: a module an entry.
TABLES = {
    "benchmarks": "a benchmark each",
    "datasets/formats": "a format each",
    "traces/readers": "a format of source records each",
    "training/jobs": "programs that are run by path, and what they share",
}


def is_of_its_own(path: Path) -> bool:
    return not {"tests", "migrations", "__pycache__"} & set(path.parts)


def modules_of(places: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """Yield the name by which each module is imported, and its path below the root."""
    for place in places:
        for path in sorted((ROOT / place).rglob("*.py")):
            below = path.relative_to(ROOT)
            if is_of_its_own(below):
                start = CLIENT if place == CLIENT else JOBS.relative_to(ROOT)
                inside = below.relative_to(start) if below.is_relative_to(start) else below
                parts = inside.with_suffix("").parts
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), below


MODULES = dict(modules_of(PLACES))


def without_types(code: str) -> str:
    """Leave out what is imported for the types alone."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return ast.unparse(tree)


def graph(modules: dict[str, str]) -> dict[str, set[str]]:
    """Give for each module by its code those of ours that it imports, also in its functions."""
    found: dict[str, set[str]] = {}
    for name, code in modules.items():
        named = imports(without_types(code), name.rpartition(".")[0])
        nearest = {one if one in modules else one.rpartition(".")[0] for one in named}
        found[name] = nearest & modules.keys() - {name}
    return found


def circles(arrows: dict[str, set[str]]) -> list[list[str]]:
    """Give what is left when all that imports nothing, or is imported by nothing, is taken away."""
    left = {name: set(targets) for name, targets in arrows.items()}
    while True:
        used = {target for targets in left.values() for target in targets}
        gone = {name for name, targets in left.items() if not targets or name not in used}
        if not gone:
            return sorted([name, *sorted(targets)] for name, targets in left.items())
        left = {name: targets - gone for name, targets in left.items() if name not in gone}


def test_modules_are_small():
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in MODULES.values()}
    assert len(lengths) > 300
    assert {path for path, lines in lengths.items() if lines > MAX_LINES} == set(LONG)


def test_a_folder_has_few_loose_modules():
    loose = Counter(
        path.parent.as_posix() for path in MODULES.values() if path.name != "__init__.py"
    )
    crowded = {folder for folder, count in loose.items() if count > MAX_LOOSE}
    assert crowded == set(TABLES)


def test_no_files_import_each_other_in_a_circle():
    codes = {name: (ROOT / path).read_text() for name, path in MODULES.items()}
    arrows = graph(codes)
    assert len(arrows["traces.views.traces"]) > 10
    assert circles(arrows) == []


def test_folders_of_an_app_import_each_other_one_way():
    arrows = graph({name: (ROOT / path).read_text() for name, path in MODULES.items()})
    between: dict[str, set[str]] = {}
    for name, targets in arrows.items():
        if folder := folder_of(name):
            others = filter(None, map(folder_of, targets))
            between.setdefault(folder, set()).update({*others} - {folder})
    assert "traces/intake" in between["traces/services"]
    assert circles(between) == []


def folder_of(name: str) -> str | None:
    """Give the folder of an app that a module is in; what lies loose in an app is in none."""
    parts = MODULES[name].parts
    return "/".join(parts[:2]) if len(parts) > 2 else None


@pytest.mark.parametrize(
    ("second", "found"),
    [
        ("import one", 2),
        ("from one import y", 2),
        ("def late():\n    from one import y", 2),
        ("if TYPE_CHECKING:\n    import one", 0),
        ("import json", 0),
    ],
)
def test_a_circle_is_found_but_of_types_alone(second, found):
    codes = {"one": "import two", "two": second, "three": "import one"}
    assert len(circles(graph(codes))) == found
