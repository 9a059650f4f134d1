"""Arrow's columns as JSON's values.

What JSON has no type for becomes text: times as ISO 8601 (UTC with Z), decimals by their digits,
durations by their count, bytes as the UTF-8 they hold or else in base64. What JSON cannot hold is
Refused where it stands, as in `strict_json`.
"""

import math
from base64 import b64encode
from itertools import pairwise
from typing import Any
from uuid import UUID

import pyarrow as pa
from pyarrow import types

from tunix_site.strict_json import INT64, NotFinite, Refused

OUT_OF_RANGE = "<value out of range"  # so Arrow writes a time that no calendar has


class UnreadableType(Exception):
    """A column is of a type that has no values here."""


def values(column: pa.Array) -> list[Any]:
    """Give a column's values, None where there is none; UnreadableType."""
    for is_of_type, convert in _CONVERTERS:
        if is_of_type(column.type):
            return convert(column)
    raise UnreadableType(f"values of the type {column.type} are not read")


def _texts(column: pa.Array) -> list[Any]:
    try:
        return list(column.to_numpy(zero_copy_only=False))  # four times as fast as to_pylist
    except (pa.ArrowException, UnicodeDecodeError):
        refused = Refused("The text is not UTF-8.")
        return [_text(value, refused) for value in column.cast(pa.large_binary()).to_pylist()]


def _binaries(column: pa.Array) -> list[Any]:
    return [
        None if value is None else _text(value, b64encode(value).decode())
        for value in column.to_pylist()
    ]


def _text(value: bytes | None, otherwise: Any) -> Any:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return otherwise


def _plain(column: pa.Array) -> list[Any]:
    return list(column.to_pylist())


def _large_integers(column: pa.Array) -> list[Any]:
    return [
        value
        if value is None or value in INT64
        else Refused("The integer does not fit in 64 bits.")
        for value in column.to_pylist()
    ]


def _floats(column: pa.Array) -> list[Any]:
    return [
        value if value is None or math.isfinite(value) else NotFinite(f"{value} is no JSON number.")
        for value in column.to_pylist()
    ]


def _timestamps(column: pa.Array) -> list[Any]:
    zone = "Z" if column.type.tz else ""
    if zone:
        column = column.cast(pa.timestamp(column.type.unit))  # UTC, whatever the zone
    return [
        f"{text.replace(' ', 'T')}{zone}" if isinstance(text, str) else text
        for text in _as_text(column)
    ]


def _as_text(column: pa.Array) -> list[Any]:
    return [
        Refused("The time is out of range.") if text and text.startswith(OUT_OF_RANGE) else text
        for text in column.cast(pa.string()).to_pylist()
    ]


def _dictionaries(column: pa.Array) -> list[Any]:
    used = column.indices.unique().drop_null()
    found = dict(zip(used.to_pylist(), values(column.dictionary.take(used)), strict=True))
    return [found.get(index) for index in column.indices.to_pylist()]


def _lists(column: pa.Array) -> list[Any]:
    if not (types.is_list(column.type) or types.is_large_list(column.type)):
        column = column.cast(pa.large_list(column.type.value_field))
    bounds = column.offsets.to_pylist()
    items = values(column.values.slice(bounds[0], bounds[-1] - bounds[0]))
    return _where_valid(column, [items[a - bounds[0] : b - bounds[0]] for a, b in pairwise(bounds)])


def _structs(column: pa.Array) -> list[Any]:
    names = [field.name for field in column.type]
    if len(set(names)) < len(names):
        raise UnreadableType("a struct names a field twice")
    fields = [values(part) for part in column.flatten()]
    return _where_valid(
        column, [dict(zip(names, row, strict=True)) for row in zip(*fields, strict=True)]
    )


def _maps(column: pa.Array) -> list[Any]:
    if not types.is_string(column.type.key_type):
        raise UnreadableType(f"maps by {column.type.key_type} are not read")
    bounds = column.offsets.to_pylist()
    length = bounds[-1] - bounds[0]
    keys = values(column.keys.slice(bounds[0], length))
    items = values(column.items.slice(bounds[0], length))
    return _where_valid(
        column,
        [
            _mapping(keys[a - bounds[0] : b - bounds[0]], items[a - bounds[0] : b - bounds[0]])
            for a, b in pairwise(bounds)
        ],
    )


def _mapping(keys: list[Any], items: list[Any]) -> Any:
    if not all(isinstance(key, str) for key in keys):
        return Refused("A key is not UTF-8.")
    found = dict(zip(keys, items, strict=True))
    return found if len(found) == len(keys) else Refused("A key occurs twice.")


def _where_valid(column: pa.Array, found: list[Any]) -> list[Any]:
    if not column.null_count:
        return found
    valid = column.is_valid().to_pylist()
    return [value if is_valid else None for value, is_valid in zip(found, valid, strict=True)]


def _extensions(column: pa.Array) -> list[Any]:
    found = values(column.storage)
    if column.type.extension_name != "arrow.uuid":
        return found
    raw = column.storage.to_pylist()
    return [None if value is None else str(UUID(bytes=value)) for value in raw]


_CONVERTERS = [
    (types.is_string, _texts),
    (types.is_large_string, _texts),
    (types.is_string_view, _texts),
    (types.is_uint64, _large_integers),
    (types.is_integer, _plain),
    (types.is_boolean, _plain),
    (types.is_null, _plain),
    (types.is_floating, _floats),
    (types.is_dictionary, _dictionaries),
    (types.is_struct, _structs),
    (types.is_map, _maps),
    (types.is_list, _lists),
    (types.is_large_list, _lists),
    (types.is_fixed_size_list, _lists),
    (types.is_list_view, _lists),
    (types.is_large_list_view, _lists),
    (types.is_timestamp, _timestamps),
    (types.is_date, _as_text),
    (types.is_time, _as_text),
    (types.is_decimal, _as_text),
    (types.is_duration, _as_text),
    (types.is_binary, _binaries),
    (types.is_large_binary, _binaries),
    (types.is_fixed_size_binary, _binaries),
    (types.is_binary_view, _binaries),
    (lambda kind: isinstance(kind, pa.BaseExtensionType), _extensions),
]
