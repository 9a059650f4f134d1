"""The types of what a format gives, told without Arrow: it takes 50 MiB, and lines need none.

A type is `str`, `int` or `datetime`, a list is `[type]`, an object `{name: type}`.
"""

from typing import Any, TypeAlias

Kind: TypeAlias = "type[Any] | list[Kind] | dict[str, Kind]"
Schema: TypeAlias = dict[str, Kind]

STEPS: Kind = [{"i": int, "type": str, "content": str}]
