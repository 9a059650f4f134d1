"""The types of what a format gives, told without Arrow: it takes 50 MiB, and lines need none.

A type is `str`, `int`, `float`, `bool`, `datetime` or `Json`; a list is `[type]`, an object a
Struct with its keys.
"""

from typing import Any, TypeAlias

import msgspec

Kind: TypeAlias = "type[Any] | list[Kind]"
Schema: TypeAlias = dict[str, Kind]


class Json:
    """An object whose keys differ from row to row: a column of Parquet has it as JSON."""


class Step(msgspec.Struct, gc=False):
    i: int
    type: str
    content: str


class Message(msgspec.Struct, gc=False):
    role: str
    content: str


class ThoughtMessage(Message, gc=False):
    """A message with what was thought before it; empty where nothing was."""

    reasoning_content: str


read_steps = msgspec.json.Decoder(list[Step]).decode
