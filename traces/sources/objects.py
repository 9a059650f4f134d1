"""Records under a key of one object, and objects that follow each other over several lines.

    {"data": [{...}, {...}], "count": 2}        records under a key: see KEYS
    {"rows": [{"row_idx": 0, "row": {...}}]}    the same, as Hugging Face's datasets-server has them
    {\\n  "prompt": ...\\n}\\n{\\n  "prompt": ...  each object is a record

Which of these a text is, or JSON Lines, its head tells.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum, auto
from typing import Any

from traces.sources.arrays import LONGEST_TOKEN, Items
from traces.sources.source import BadRecord, BrokenSource, Chunk, Record, chunks
from tunix_site import strict_json

KEYS = frozenset(
    [
        *("data", "rows", "records", "examples", "items", "entries", "samples", "instances"),
        *("traces", "results", "runs", "observations", "resourceSpans"),
        *("train", "training", "test", "validation", "valid", "val", "dev", "eval"),
    ]
)
BESIDE = frozenset(["features"])  # of a datasets-server's answer: what its columns hold
SERVED = {"row_idx", "row"}  # keys of its rows
OF_A_TURN = ({"role", "content"}, {"from", "value"})
MAX_NAME_CHARS = 10_000
MAX_NAMED = 10  # keys, in an error

_mark = re.compile(r"[^ \t\n\r]").search


class Layout(Enum):
    """What a text that begins with an object is."""

    LINES = auto()
    OBJECTS = auto()
    UNDER_A_KEY = auto()


class _Object(Items):
    """One object, gone through field by field."""

    kind = "object"
    is_taken = False  # the list that stood here

    def fields(self) -> Iterator[tuple[str, bool]]:
        """Give each field's name, and whether a list of objects begins there.

        Whoever asks for the next one stands behind the value, or at the list's first object, and
        then its rest is passed over.
        """
        self._take("{")
        if self._mark() == "}":
            self.position += 1
            return
        while True:
            name = self._name()
            self._take(":")
            is_open = self._mark() == "["
            self.position += is_open
            is_listed = is_open and self._mark() == "{"
            self.is_taken = False
            yield name, is_listed
            if not self.is_taken:
                self._skip(depth=int(is_open))
            if self._mark() == "}":
                self.position += 1
                return
            self._take(",")

    def items(self) -> Iterator[tuple[Record | BadRecord, int]]:
        """Give the objects of the list that begins here."""
        while True:
            self.number += 1
            yield self.read()
            mark = self._mark()
            self.position += 1
            if mark == "]":
                self.is_taken = True
                return
            if mark != ",":
                raise BrokenSource(f"Item {self.number:,} is followed by {mark!a}, not by a comma.")

    def _take(self, expected: str) -> None:
        mark = self._mark()
        if mark != expected:
            raise BrokenSource(f"The object has {mark!a} where {expected!a} should stand.")
        self.position += 1

    def _name(self) -> str:
        if self._mark() != '"':
            raise BrokenSource("The object has something else where a key should stand.")
        while (found := self._parse()) is None:
            if len(self.text) - self.position > MAX_NAME_CHARS or not self.may_go_on:
                raise BrokenSource("The object has a key that does not end.")
            self.may_go_on = self._get_more(1)
        name, self.position = found
        return str(name)

    def _record(self, value: Any, start: int, end: int) -> Record | BadRecord:
        record = super()._record(value, start, end)
        if isinstance(record, BadRecord) or not (record.value or {}).keys() >= SERVED:
            return record
        return _served(record.line, value)


def _served(line: int, value: dict[str, Any]) -> Record | BadRecord:
    """Take a row out of what the datasets-server says about it."""
    row, cut = value["row"], value.get("truncated_cells")
    if cut:
        return BadRecord(line, "truncated_cells", "The server cut cells of this row off.")
    if not isinstance(row, dict):
        return BadRecord(line, "row", "Not an object.")
    return Record(line, None, row)


class _Objects(Items):
    """Objects one after another, parted by white space at most."""

    kind = "object"
    by_commas = False

    def go_on(self) -> bool:
        while (found := _mark(self.text, self.position)) is None:
            self.position = len(self.text)
            if not self._get_more(1):
                return False
        self.position = found.start()
        if found.group() != "{":
            raise BrokenSource(f"Item {self.number:,} is followed by {found.group()!a}.")
        self.number += 1
        return True


def layout_of(head: bytes, is_record: Callable[[dict[str, Any]], bool]) -> Layout:
    """Tell how the records of a text that begins with an object are laid out, by its head.

    Records stand under a key of KEYS, unless the whole object `is_record`. BrokenSource where
    other lists of objects stand beside them: one of several cannot be chosen here.
    """
    text = head.decode(errors="replace")
    first = text.partition("\n")[0]
    apart = Layout.LINES
    found = _parsed(first)
    if found is None and not _goes_on(first, text):
        return Layout.LINES
    if found is None and first != text:
        apart = Layout.OBJECTS
        found = _parsed(text)
    if found is None:
        lists = _lists_begun(head)
    else:
        value, end = found
        if text[end:].strip() or not isinstance(value, dict) or is_record(value):
            return apart
        lists = [name for name, listed in value.items() if _is_listed(listed)]
    lists = [name for name in lists if name not in BESIDE]
    if KEYS.isdisjoint(lists):
        return apart
    if len(lists) > 1:
        raise _several(lists)
    return Layout.UNDER_A_KEY


def _parsed(text: str) -> tuple[Any, int] | None:
    """Parse what the text begins with; None where it is no JSON, or not all of it."""
    try:
        return strict_json.raw_decode(text, 0)
    except (json.JSONDecodeError, RecursionError):
        return None


def _goes_on(first: str, text: str) -> bool:
    """Tell a first line whose object goes on behind it, or behind the head, from a broken one."""
    try:
        strict_json.raw_decode(first, 0)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Unterminated"):
            return first == text  # a string may not go on in another line
        return error.pos >= len(first.rstrip()) - (LONGEST_TOKEN if first == text else 0)
    except RecursionError:
        return first == text
    return False


def _lists_begun(head: bytes) -> list[str]:
    """Name the lists of objects in an object that may go on behind the head."""
    lists = []
    try:
        for name, is_listed in _Object([head], len(head)).fields():
            if is_listed:
                lists.append(name)
    except BrokenSource:
        pass  # the head ends
    return lists


def _is_listed(value: Any) -> bool:
    """Tell a list of objects that may be records: the turns of a conversation are none."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return False
    return not any(value[0].keys() >= names for names in OF_A_TURN)


def read_objects(blocks: Iterable[bytes], *, max_record_bytes: int) -> Iterator[Chunk]:
    """Give objects that follow each other; BrokenSource at what is no JSON."""
    return chunks(_Objects(blocks, max_record_bytes))


def read_under_key(blocks: Iterable[bytes], *, max_record_bytes: int) -> Iterator[Chunk]:
    """Give the objects of the list that stands under a key; what else stands there is passed over.

    BrokenSource where a second such list comes.
    """
    return chunks(_under_key(_Object(blocks, max_record_bytes)))


def _under_key(walked: _Object) -> Iterator[tuple[Record | BadRecord, int]]:
    lists: list[str] = []
    for name, is_listed in walked.fields():
        if is_listed and name not in BESIDE:
            lists.append(name)
            if len(lists) > 1:
                raise _several(lists)
            yield from walked.items()
    walked._finish()  # nothing may follow


def _several(lists: list[str]) -> BrokenSource:
    names = ", ".join(strict_json.shown(name)[:64] for name in lists[:MAX_NAMED])
    return BrokenSource(
        f"Lists of records stand under several keys: {names}. Send one of them alone, as a JSON "
        f"array or JSON Lines: jq -c '.{lists[0][:64]}[]' FILE."
    )
