"""A JSON array, read item by item."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from traces.sources.lines import too_long
from traces.sources.source import BadRecord, BrokenSource, Chunk, Record, chunks
from tunix_site import strict_json

MAX_TOKENS = 1_000_000  # of an item: `[{},{},...` takes forty times its bytes once parsed
LONGEST_TOKEN = 16  # of those that fail to parse when cut off, such as -Infinity and \ud83d
CUT_AT = ("", ".", "e", "E")  # after what may be the beginning of a longer number

_mark = re.compile(r"[^ \t\n\r]").search
_structure = re.compile(r'["\[\]{},]').search
_tokens = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{,]', re.DOTALL).finditer
_end_or_escape = re.compile(r'["\\]').search


def read_array(blocks: Iterable[bytes], *, max_record_bytes: int) -> Iterator[Chunk]:
    """Give the items of an array; BrokenSource, with the item's number, at what is no JSON.

    An item that is too long is skipped without being held.
    """
    return chunks(Items(blocks, max_record_bytes))


class Items:
    """The text at hand, and where in it the next item begins."""

    kind = "array"
    by_commas = True  # what parts the items

    def __init__(self, blocks: Iterable[bytes], limit: int) -> None:
        self.texts = _texts(blocks)
        self.limit = limit
        self.text = ""
        self.position = 0
        self.number = 0
        self.may_go_on = True  # what stands at the end of the text at hand

    def __iter__(self) -> Iterator[tuple[Record | BadRecord, int]]:
        while self.go_on():
            yield self.read()

    def go_on(self) -> bool:
        """Go to the next item, or to the end of the array and of the text."""
        mark = self._mark()
        self.position += 1
        if self.number == 0 and self._mark() == "]":
            self.position += 1
            mark = "]"
        if mark == "]":
            self._finish()
            return False
        if self.number and mark != ",":
            raise BrokenSource(f"Item {self.number:,} is followed by {mark!a}, not by a comma.")
        self.number += 1
        return True

    def _mark(self) -> str:
        """Go to what is no white space, and give its first character."""
        while (found := _mark(self.text, self.position)) is None:
            self.position = len(self.text)
            if not self._get_more(1):
                raise BrokenSource(f"The {self.kind} ends early, with item {self.number:,}.")
        self.position = found.start()
        return found.group()

    def _finish(self) -> None:
        while _mark(self.text, self.position) is None:
            self.position = len(self.text)
            if not self._get_more(1):
                return
        raise BrokenSource(f"Something follows the {self.kind}'s end, after item {self.number:,}.")

    def _get_more(self, chars: int) -> bool:
        """Get at least so many characters where there are so many."""
        got = [self.text[self.position :]]
        while chars > 0 and (text := next(self.texts, None)) is not None:
            got.append(text)
            chars -= len(text)
        self.text = "".join(got)
        self.position = 0
        return len(got) > 1

    def read(self) -> tuple[Record | BadRecord, int]:
        self._mark()
        while (found := self._parse()) is None:
            tried = len(self.text) - self.position
            if tried > self.limit:
                self._skip()
                return BadRecord(self.number, "", too_long("item", self.limit)), 0
            if self._has_many_tokens():
                self._skip()
                return BadRecord(self.number, "", f"Holds more than {MAX_TOKENS:,} JSON tokens."), 0
            if self._get_more(tried):  # twice the text each time: never quadratic
                continue
            if not self.may_go_on:
                raise BrokenSource(f"The {self.kind} ends early, in item {self.number:,}.")
            self.may_go_on = False
        value, end = found
        start, self.position = self.position, end
        return self._record(value, start, end), end - start

    def _parse(self) -> tuple[Any, int] | None:
        """Parse the item; None where it may go on after the text at hand."""
        whole = len(self.text) - (LONGEST_TOKEN if self.may_go_on else 0)
        try:
            value, end = strict_json.raw_decode(self.text, self.position)
        except json.JSONDecodeError as error:
            if error.pos >= whole or error.msg.startswith("Unterminated"):
                return None
            place = error.pos - self.position
            raise BrokenSource(
                f"Item {self.number} is not JSON: {error.msg} at its character {place + 1:,}."
            ) from None
        except RecursionError:
            raise BrokenSource(
                f"Item {self.number} nests deeper than {strict_json.MAX_DEPTH} levels."
            ) from None
        if end > whole and self.text[end : end + 1] in CUT_AT:
            return None
        return value, end

    def _has_many_tokens(self) -> bool:
        """Tell whether the text at hand, which is all the item's, holds more tokens than it may."""
        quick = sum(self.text.count(mark, self.position) for mark in "{[,")  # also those in texts
        tokens = _tokens(self.text, self.position)
        return quick > MAX_TOKENS and next(islice(tokens, MAX_TOKENS, None), None) is not None

    def _record(self, value: Any, start: int, end: int) -> Record | BadRecord:
        # a character takes four bytes at most
        if (end - start) * 4 > self.limit and len(self.text[start:end].encode()) > self.limit:
            return BadRecord(self.number, "", too_long("item", self.limit))
        if isinstance(value, strict_json.Refused):
            return BadRecord(self.number, "", value.reason)
        if not isinstance(value, dict):
            return BadRecord(self.number, "", "The item is not an object.")
        return Record(self.number, None, value)

    def _skip(self, depth: int = 0) -> None:
        """Go to what follows the item, holding none of it; `depth` counts what of it is open."""
        quoted = False
        while True:
            found = (_end_or_escape if quoted else _structure)(self.text, self.position)
            mark = found.group() if found else ""
            self.position = found.start() if found else len(self.text)
            taken = 2 if mark == "\\" else 1
            if self.position + taken > len(self.text):
                if not self._get_more(1):
                    raise BrokenSource(f"The {self.kind} ends early, in item {self.number:,}.")
                continue
            if mark == '"':
                quoted = not quoted
            elif mark in ("[", "{"):
                depth += 1
            elif mark in ("]", "}") and depth:
                depth -= 1
                if not depth and not self.by_commas:
                    self.position += 1
                    return
            elif mark != "\\" and not depth:
                return
            self.position += taken


def _texts(blocks: Iterable[bytes]) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    for block in blocks:
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            yield error.object[: error.start].decode()
            raise BrokenSource("The text is not UTF-8.") from None
        yield text
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BrokenSource("The text ends within a character.") from None
