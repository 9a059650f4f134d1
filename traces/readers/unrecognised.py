"""What to say of records that no format recognises: what they hold, what comes near, what to do."""

from collections.abc import Sequence
from typing import Any

from traces.readers.draft import Unreadable
from traces.readers.formats import FORMATS, ReaderFormat, recognises
from traces.readers.mapping import MAX_NAME_CHARS, TARGETS, keys_of
from traces.readers.speakers import message_of
from traces.sources.source import BrokenSource
from traces.sources.unexpected import Unexpected
from tunix_site.strict_json import shown

NEAREST = 3
MAX_LISTS = 5
MAX_REASON_CHARS = 200  # a reason may hold what the record says
MAP = "map=prompt:FIELD,thought:FIELD,final_answer:FIELD"


class Unrecognised(BrokenSource):
    """No format fits; `found` says what the records hold and what comes near them."""

    def __init__(self, found: str, advice: str) -> None:
        super().__init__(f"{found} {advice}")
        self.found = found


def unrecognised(records: Sequence[dict[str, Any]]) -> Unrecognised:
    """Say what the first records hold, which formats come nearest, and how to go on."""
    keys = list(dict.fromkeys(name for record in records for name in record))
    said = [
        "The format was not recognised from the first records.",
        _several(records) or f"They have the keys: {keys_of(dict.fromkeys(keys))}.",
        *_lists(records),
        *_nearest(records, set(keys)),
    ]
    advice = (
        f"Say which field is which with {MAP} (in commands --map; targets are "
        f"{', '.join(TARGETS)}), or name a format: {', '.join(FORMATS)}."
    )
    return Unrecognised(" ".join(filter(None, said)), advice)


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
    nested = {
        f"{above}.{name}": value
        for above, inner in records[0].items()
        if isinstance(inner, dict)
        for name, value in inner.items()
    }
    names = [
        shown(name)[:MAX_NAME_CHARS]
        for name, value in {**records[0], **nested}.items()
        if isinstance(value, list) and value and isinstance(value[0], dict)
        if message_of(value[0]) is None
    ][:MAX_LISTS]
    if not names:
        return []
    return [
        f"Lists of objects stand under: {', '.join(names)}. If these are the records, send them "
        f"under data, or by themselves: jq -c '.{names[0]}[]' FILE."
    ]


def _nearest(records: Sequence[dict[str, Any]], keys: set[str]) -> list[str]:
    """Name the formats that share most keys with the records, and what they lack of each."""
    needed = {fmt.name: _needed(fmt) for fmt in FORMATS.values() if not fmt.is_last}
    near = sorted(
        (name for name, names in needed.items() if names & keys),
        key=lambda name: (len(needed[name] - keys), -len(needed[name] & keys)),
    )
    said = [_lack(FORMATS[name], needed[name] - keys, records[0]) for name in near[:NEAREST]]
    last = [_lack(fmt, set(), records[0]) for fmt in FORMATS.values() if fmt.is_last]
    return [f"Nearest: {'; '.join([*said, *last])}."]


def _lack(fmt: ReaderFormat, lacking: set[str], record: dict[str, Any]) -> str:
    """Name a format and the fields that it lacks, or else why it does not read the record."""
    if lacking:
        return f"{fmt.name} (lacks {', '.join(sorted(lacking))})"
    try:
        list(fmt.read(fmt.of(record)))
    except Unreadable as error:
        field, reason = shown(error.field)[:MAX_NAME_CHARS], error.reason.rstrip(".")
        return f"{fmt.name} ({field}: {shown(reason[:MAX_REASON_CHARS])})"
    return fmt.name


def _needed(fmt: ReaderFormat) -> set[str]:
    """Name the fields without which the format's example is none of it."""
    needed = {name for name in fmt.example if not _is_of(fmt, [*fmt.example.keys() - {name}])}
    for name in fmt.example:  # of some that it needs any one will do
        if _is_of(fmt, [*needed]):
            break
        needed.add(name)
    return needed


def _is_of(fmt: ReaderFormat, names: Sequence[str]) -> bool:
    record = {name: fmt.example[name] for name in names}
    try:
        return fmt.recognises(record) and bool(list(fmt.read(record)))
    except Unreadable:
        return False
