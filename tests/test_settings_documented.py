"""Every variable that the code reads is in docs/settings.md and .env.example, with its default."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from tests.pages import ROOT

READERS = ("text", "secret", "folder", "integer", "flag", "words", "networks", "origins", "choice")
OURS = (
    "tunix_site",
    "jobs",
    "traces",
    "evalsets",
    "datasets",
    "training",
    "pages",
    "benchmarks",
    "chaos",
)
OF_THE_SYSTEM = {"PATH"}  # every program has it, and nobody sets it for us


def programs() -> list[Path]:
    found = [ROOT / "manage.py", ROOT / "conftest.py"]
    for directory in OURS:
        found += (ROOT / directory).rglob("*.py")
    return [path for path in found if "tests" not in path.parts]


def settings_read(code: str) -> dict[str, str]:
    """Give the variables that are read by tunix_site.env, each with its default as text."""
    found = {}
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="env"), attr=reader),
                args=[ast.Constant(value=str(name)), *rest],
                keywords=keywords,
            ) if reader in READERS:
                named = [word.value for word in keywords if word.arg == "default"]
                found[name] = default_text(reader, next(iter([*named, *rest[:1]]), None))
                if reader == "secret":
                    found[f"{name}_FILE"] = ""
    return found


def default_text(reader: str, default: ast.expr | None) -> str:
    value: Any = "" if default is None else evaluated(default)
    if reader == "flag":
        return "1" if value else "0"
    return str(value)


def evaluated(expression: ast.expr) -> Any:
    """Evaluate a constant, or arithmetic of constants."""
    assert not [node for node in ast.walk(expression) if isinstance(node, ast.Name | ast.Call)]
    return eval(compile(ast.Expression(expression), "default", "eval"))


def with_constants(tree: ast.Module) -> ast.AST:
    """Put the texts of a module's own constants in place of their names."""
    texts = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    class Constants(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return texts.get(node.id, node) if isinstance(node.ctx, ast.Load) else node

    return Constants().visit(tree)


def environment_read(code: str) -> set[str]:
    """Give the names that are looked up in os.environ itself."""
    found = set()
    tree = with_constants(ast.parse(code))
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(attr="environ") | ast.Name(id="environment"),
                    attr="get" | "setdefault" | "pop",
                ),
                args=[ast.Constant(value=str(name)), *_],
            ):
                found.add(name)
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="os"), attr="getenv"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                found.add(name)
            case ast.Compare(
                left=ast.Constant(value=str(name)), comparators=[ast.Attribute(attr="environ")]
            ):
                found.add(name)
            case ast.Subscript(
                value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name))
            ):
                found.add(name)
    return found


def table(page: str) -> dict[str, str]:
    """Give the variables of the settings' table with their defaults."""
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\| \S", page, flags=re.MULTILINE)
    return dict(rows)


def example(text: str) -> dict[str, str]:
    return dict(re.findall(r"^# ([A-Z_]+)=(.*)$", text, flags=re.MULTILINE))


PAGE = (ROOT / "docs" / "settings.md").read_text()
SETTINGS, ELSEWHERE = PAGE.split("## Read elsewhere")


@pytest.fixture(scope="module")
def read() -> dict[str, str]:
    return {
        name: default
        for path in programs()
        for name, default in settings_read(path.read_text()).items()
    }


def test_the_page_lists_exactly_what_is_read_with_its_default(read):
    assert table(SETTINGS) == read


def test_the_example_lists_exactly_what_is_read_with_its_default(read):
    assert example((ROOT / ".env.example").read_text()) == read


def test_what_is_read_elsewhere_is_on_the_page(read):
    looked_up = {name for path in programs() for name in environment_read(path.read_text())}
    on_the_page = set(re.findall(r"^\| `([A-Z_]+)` \| ", ELSEWHERE, flags=re.MULTILINE))
    assert on_the_page == looked_up - OF_THE_SYSTEM - set(read)


def test_readings_are_recognised():
    code = """
PORT = env.integer("PORT", 8 * 1000)
DEBUG = env.flag("DEBUG")
HTTPS = env.flag("HTTPS", default=True)
LEVEL = env.choice("LEVEL", "INFO", ("DEBUG", "INFO"))
URL = env.text("URL")
KEY = env.secret("KEY")
"""
    assert settings_read(code) == {
        "PORT": "8000",
        "DEBUG": "0",
        "HTTPS": "1",
        "LEVEL": "INFO",
        "URL": "",
        "KEY": "",
        "KEY_FILE": "",
    }


def test_lookups_are_recognised():
    code = """
import os
os.environ.get("A")
os.environ["B"]
"C" in os.environ
os.getenv("D", "x")
os.environ.setdefault("E", "x")
NAME = "F"
os.environ.get(NAME)
"""
    assert environment_read(code) == set("ABCDEF")


def test_a_page_that_lacks_a_variable_or_names_another_default_is_found(read):
    without = "\n".join(line for line in SETTINGS.splitlines() if "`PORT`" not in line)
    assert table(without) != read
    assert table(SETTINGS.replace("`8000`", "`8001`")) != read
