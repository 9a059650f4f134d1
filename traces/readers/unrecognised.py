"""What to say of records that no format recognises: what they hold, what comes near, what to do."""

from collections.abc import Sequence
from typing import Any

from traces.readers.draft import Unreadable
from traces.readers.formats import FORMATS, ReaderFormat, recognises
from traces.readers.mapping import MAX_NAME_CHARS, keys_of
from traces.unexpected import Unexpected
from tunix_site.strict_json import shown

NEAREST = 3
MAP = "map=prompt:FIELD,final_answer:FIELD"


def unrecognised(records: Sequence[dict[str, Any]]) -> str:
    """Say what the first records hold, which formats come nearest, and how to go on."""
    keys = list(dict.fromkeys(name for record in records for name in record))
    said = [
        "The format was not recognised from the first records.",
        _several(records) or f"They have the keys: {keys_of(dict.fromkeys(keys))}.",
        *_lists(records),
        *_nearest(set(keys)),
        f"Say which field is which with {MAP}, or name a format: {', '.join(FORMATS)}.",
    ]
    return " ".join(filter(None, said))


def _several(records: Sequence[dict[str, Any]]) -> str:
    """Name the formats where each record is of one, but not all of the same."""
    unexpected = Unexpected()
    found = [
        next((fmt.name for fmt in FORMATS.values() if recognises(fmt, one, unexpected)), None)
        for one in records
    ]
    names = dict.fromkeys(name for name in found if name)
    return f"They are of several formats: {', '.join(names)}." if len(names) > 1 else ""


def _lists(records: Sequence[dict[str, Any]]) -> list[str]:
    """Name the keys of the only record under which lists of objects stand: they may be records."""
    if len(records) > 1:
        return []
    names = [
        shown(name)[:MAX_NAME_CHARS]
        for name, value in records[0].items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
    ]
    if not names:
        return []
    return [
        f"Lists of objects stand under: {', '.join(names)}. If these are the records, send them "
        f"under data, or by themselves: jq -c '.{names[0]}[]' FILE."
    ]


def _nearest(keys: set[str]) -> list[str]:
    """Name the formats that share most keys with the records, and what they lack of each."""
    needed = {fmt.name: _needed(fmt) for fmt in FORMATS.values()}
    near = sorted(
        (name for name, names in needed.items() if names & keys),
        key=lambda name: (len(needed[name] - keys), -len(needed[name] & keys)),
    )
    if not near:
        return []
    return [f"Nearest: {'; '.join(_lack(name, needed[name] - keys) for name in near[:NEAREST])}."]


def _lack(name: str, lacking: set[str]) -> str:
    if not lacking:
        return f"{name} (its fields hold something else)"
    return f"{name} (lacks {', '.join(sorted(lacking))})"


def _needed(fmt: ReaderFormat) -> set[str]:
    """Name the fields without which the format's example is none of it."""
    return {name for name in fmt.example if not _is_of(fmt, name)}


def _is_of(fmt: ReaderFormat, left_out: str) -> bool:
    record = {name: value for name, value in fmt.example.items() if name != left_out}
    try:
        return fmt.recognises(record) and bool(list(fmt.read(record)))
    except Unreadable:
        return False
