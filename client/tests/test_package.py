"""The package as it is installed: what it needs, its version, its types."""

import inspect
import re
import tomllib

import tunix_rt
from tests.pages import ROOT
from tests.test_layering import imports, root_of
from tunix_rt import Client

PACKAGE = ROOT / "client" / "src" / "tunix_rt"


def project(directory) -> dict:
    return tomllib.loads((directory / "pyproject.toml").read_text())["project"]


def test_it_has_the_version_of_the_site():
    assert tunix_rt.__version__ == project(ROOT)["version"]


def test_it_needs_httpx_rich_and_typer_alone():
    named = {needed.partition(">")[0] for needed in project(ROOT / "client")["dependencies"]}
    assert named == {"httpx", "rich", "typer"}


def test_it_says_that_it_is_typed():
    assert (PACKAGE / "py.typed").exists()


def test_all_that_it_names_is_there_and_public():
    assert all(hasattr(tunix_rt, name) for name in tunix_rt.__all__)
    assert sorted(tunix_rt.__all__) == tunix_rt.__all__


def methods(part: object) -> set[str]:
    public = inspect.getmembers_static(type(part), inspect.isfunction)
    return {name for name, _ in public if not name.startswith("_")}


def test_the_page_names_every_method():
    page = (ROOT / "docs" / "python.md").read_text()
    rows = re.findall(r"^\| (?:`(\w+)`)? *\| (`.*`) \|$", page, flags=re.MULTILINE)
    named = {part: set(re.findall(r"`(\w+)`", row)) for part, row in rows}
    with Client("http://localhost", "KEY") as client:
        parts = {name: part for name, part in vars(client).items() if not name.startswith("_")}
        assert {part for part in named if part} == set(parts)
        assert {part: methods(known) for part, known in parts.items()} == {
            part: names for part, names in named.items() if part
        }
        assert named[""] == methods(client) - {"close"}


def modules_that_import(*names: str) -> set[str]:
    """Name our modules that import one of them, themselves or by another of ours."""
    found = set(names)
    while True:
        more = {
            ".".join(["tunix_rt", *path.relative_to(PACKAGE).with_suffix("").parts])
            for path in PACKAGE.rglob("*.py")
            for name in imports(path.read_text())
            if found & {name, name.rpartition(".")[0], root_of(name)}
        }
        if more <= found:
            return found - set(names)
        found |= more


def test_a_program_that_uses_the_client_loads_nothing_that_draws():
    found = modules_that_import("typer", "rich")
    assert "tunix_rt.command.cli" in found
    assert not found & {"tunix_rt.client", "tunix_rt.__init__"}
