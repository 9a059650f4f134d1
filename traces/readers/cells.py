"""Cells of CSV: all are text, and a format says which of them it wants as the JSON they hold."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from traces.sources.json_texts import BEGINNINGS, opened
from traces.sources.source import Cells

OTHERS = "*"  # every column that is not named
FLAGS = {"true": True, "false": False}

Wanted = Mapping[str, Callable[[Any], bool]]


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_list_of_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_object, value))


def wanted(
    *,
    lists: Iterable[str] = (),
    objects: Iterable[str] = (),
    messages: Iterable[str] = (),
    flags: Iterable[str] = (),
    other_objects: bool = False,
) -> Wanted:
    """Say which columns hold lists, objects or flags, and which texts or lists of messages."""
    return {
        **dict.fromkeys(lists, _is_list),
        **dict.fromkeys(objects, _is_object),
        **dict.fromkeys(messages, _is_list_of_objects),
        **dict.fromkeys(flags, _is_flag),
        **({OTHERS: _is_object} if other_objects else {}),
    }


def with_structures(row: Cells, columns: Wanted) -> dict[str, Any]:
    """Parse the cells that hold what is wanted of their columns; all others stay text."""
    other = columns.get(OTHERS)
    return {
        name: cell if is_wanted is None else _parsed(cell, is_wanted)
        for name, cell in row.items()
        for is_wanted in [columns.get(name, other)]
    }


def listed(cell: Any) -> Any:
    """Parse a cell that holds a JSON list; any other stays as it is."""
    return _parsed(cell, _is_list)


def once_parsed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Parse every cell that holds JSON, as all were once: rows are named by their digests then."""
    return {name: _parsed(cell, lambda value: True) for name, cell in row.items()}


def _parsed(cell: Any, is_wanted: Callable[[Any], bool]) -> Any:
    if is_wanted is _is_flag and isinstance(cell, str):
        return FLAGS.get(cell.strip().lower(), cell)
    starts = isinstance(cell, str) and cell.startswith(BEGINNINGS)  # a blank before it is text
    value = opened(cell) if starts else cell
    return value if value is not cell and is_wanted(value) else cell
