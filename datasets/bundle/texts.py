"""Texts of a bundle: files that lie here as they are, and YAML, written by a serializer."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

TEMPLATES = Path(__file__).resolve().parent / "templates"


@cache
def template(name: str) -> str:
    """Read a file; it lies there as `NAME.txt`, so that nobody takes it for a module of ours."""
    return (TEMPLATES / f"{name}.txt").read_text(encoding="utf-8")


def as_yaml(document: dict[str, Any]) -> str:
    """Write a document with its keys as they are given; whatever a value holds, it stays one."""
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)
    return text
