"""The requirements files are closed: nothing is left to be decided when they are installed."""

import sysconfig
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.pages import ROOT
from tests.requirements import Needs, Pin, asked_for, installed, pins_of, unmet

PYTHONS = ("3.11", "3.12", "3.13")
OURS = Path(sysconfig.get_path("purelib"))
FILES = ("requirements", "requirements-dev", "requirements-training", "requirements-uv")
FILES += ("requirements-datasets3", "requirements-datasets5", "requirements-openapi")
FILES += ("requirements-bench",)


def where_installed(name: str) -> Path:
    """Give the directory of an environment in which the file's packages are found."""
    if name in ("requirements", "requirements-dev"):  # the second holds the first
        return OURS
    environment = ROOT / f".venv-{name.removeprefix('requirements-')}"
    if not (environment / ".ready").exists():
        pytest.skip(f"{environment.name} is missing: make makes it when it is needed")
    [found] = environment.glob("lib/python*/site-packages")
    return found


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", FILES)
def test_every_requirement_of_every_package_is_pinned(name, python):
    problems = unmet(
        roots=asked_for(ROOT / f"{name}.in"),
        pins=pins_of((ROOT / f"{name}.txt").read_text()),
        packages=installed(where_installed(name)),
        python=python,
    )
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("name", FILES)
def test_every_pin_is_one_version_for_all_pythons_and_has_hashes(name):
    text = (ROOT / f"{name}.txt").read_text()
    pins = pins_of(text)
    assert pins
    assert {package: found for package, found in pins.items() if len(found) > 1} == {}
    blocks = text.replace("\\\n", "").splitlines()
    assert [line[:60] for line in blocks if "--hash=sha256:" not in line] == []


def test_what_the_developers_have_the_server_has_in_the_same_version():
    server = pins_of((ROOT / "requirements.txt").read_text())
    developers = pins_of((ROOT / "requirements-dev.txt").read_text())
    assert {name: pins for name, pins in server.items() if developers.get(name) != pins} == {}


def test_no_file_names_an_index():
    for name in FILES:
        assert "://" not in (ROOT / f"{name}.txt").read_text()


def found_unmet(**packages: Needs) -> list[str]:
    pins = {name: [Pin(needs.version)] for name, needs in packages.items()}
    roots = [Requirement("a")]
    return unmet(roots=roots, pins=pins, packages=packages, python="3.12")


def needing(*requirements: str) -> Needs:
    return Needs("1.0", tuple(map(Requirement, requirements)))


@pytest.mark.parametrize(
    ("packages", "problem"),
    [
        ({}, "the file needs a, which is not pinned"),
        ({"a": needing("b")}, "a needs b, which is not pinned"),
        ({"a": needing("b>=2"), "b": needing()}, "a needs b>=2, and 1.0 is pinned"),
        ({"a": needing("b[x]"), "b": needing('c; extra == "x"')}, "b[x] needs c"),
        ({"a": needing('b; python_version >= "3.12"')}, "a needs b"),
        ({"a": Needs("1.0", python="<3.12")}, "a 1.0 runs on Python <3.12 alone"),
    ],
)
def test_what_is_not_met_is_found(packages, problem):
    assert any(found.startswith(problem) for found in found_unmet(**packages))


@pytest.mark.parametrize(
    "packages",
    [
        {"a": needing()},
        {"a": needing("B>=1"), "b": needing()},
        {"a": needing('b; python_version < "3.12"')},
        {"a": needing('b; extra == "x"')},
        {"a": needing("b[x]"), "b": needing('c; extra == "x"', "a"), "c": needing()},
    ],
)
def test_what_is_met_is_no_problem(packages):
    assert found_unmet(**packages) == []


def test_a_pin_that_is_not_installed_is_not_taken_on_trust():
    pins = {"a": [Pin("2.0")]}
    problems = unmet(roots=[], pins=pins, packages={"a": needing()}, python="3.12")
    assert problems == ["a 2.0 is pinned and not installed: it cannot be read"]
