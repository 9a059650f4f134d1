"""From the lines of a body to items: each checked as the API checks an item, its errors by line."""

from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ValidationError

from evalsets.document import MAX_ITEMS, Item
from evalsets.serializers import ItemSerializer
from traces.sources.lines import split_lines, too_long
from tunix_site.errors import Invalid
from tunix_site.strict_json import InvalidJSON, loads

BLOCK_BYTES = 256 * 1024
MAX_LINES = MAX_ITEMS  # bad and blank ones as well: each takes its time
MAX_ERRORS = 100  # that are told; the others are counted
BLANK = b" \t\r"


class ItemLines:
    """The items of a file of JSON Lines, which can be gone through again.

    Invalid names the bad lines, once all are read. A line and the ids are what is held in memory.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def __iter__(self) -> Iterator[Item]:
        read = _Reading()
        for number, line in enumerate(self._lines(), start=1):
            if number > MAX_LINES:
                raise Invalid({"detail": f"Nothing was stored: more than {MAX_LINES:,} lines."})
            item = read.item(number, line)
            if item is not None and not read.error_count:
                yield item
        read.refuse_bad()

    def _lines(self) -> Iterator[bytes | None]:
        """Yield the lines; None stands for one that is too long."""
        self._file.seek(0)
        blocks = iter(lambda: self._file.read(BLOCK_BYTES), b"")
        for lines in split_lines(blocks, settings.MAX_TRACE_BYTES):
            yield from [None] if lines is None else lines


class _Reading:
    """What was found on the way through the lines."""

    def __init__(self) -> None:
        self.error_count = 0
        self._errors: list[dict[str, Any]] = []
        self._line_of: dict[str, int] = {}
        self._serializer = ItemSerializer()  # validating leaves nothing behind in it

    def item(self, number: int, line: bytes | None) -> Item | None:
        """Read a line; None where it is blank, or bad, which is noted."""
        if line is None:
            self._note(number, "", too_long("line", settings.MAX_TRACE_BYTES))
            return None
        if not line.strip(BLANK):
            return None
        try:
            item = self._serializer.read(loads(line))
        except InvalidJSON as error:
            self._note(number, "", str(error).replace("The body", "The line"))
        except ValidationError as error:
            for field, reasons in _flat(error.detail):
                self._note(number, field, reasons)
        else:
            first = self._line_of.setdefault(item.id, number)
            if first == number:
                return item
            self._note(number, "id", f"Line {first} has this id.")
        return None

    def _note(self, line: int, field: str, message: str) -> None:
        self.error_count += 1
        if len(self._errors) < MAX_ERRORS:
            self._errors.append({"line": line, "field": field, "message": message})

    def refuse_bad(self) -> None:
        if self.error_count:
            plural = "" if self.error_count == 1 else "s"
            said = f"Nothing was stored: {self.error_count:,} error{plural}."
            raise Invalid({"detail": said, "errors": self._errors})


def _flat(detail: Any, within: str = "") -> Iterable[tuple[str, str]]:
    """Give the errors of a serializer by the path of the field."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            path = "" if name == "non_field_errors" else f"{within}.{name}".lstrip(".")
            yield from _flat(inner, path)
    else:
        yield within, " ".join(map(str, detail))
