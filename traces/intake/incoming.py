"""What becomes of a source record: documents on their way in, or a refusal."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from jobs.progress import MAX_FIELD_CHARS, MAX_MESSAGE_CHARS
from traces.document import TraceDocument


class Refusal(NamedTuple):
    """A record that does not become traces: its line, the field and why; the field may be ""."""

    line: int
    field: str
    message: str

    @classmethod
    def of(cls, line: int, field: str, message: str) -> "Refusal":
        return cls(line, field[:MAX_FIELD_CHARS], message[:MAX_MESSAGE_CHARS])


class Unread(NamedTuple):
    """A record that this version refuses, and the name by which an earlier one may have stored it.

    By that name its first trace is known, the second one by `/1` behind it.
    """

    refusal: Refusal
    name: str

    @property
    def line(self) -> int:
        return self.refusal.line


class Incoming(msgspec.Struct, gc=False):
    """A document from a file, and what is to be done beside storing it.

    `size` is about that of its JSON, by which those that are held at once are bounded. It is
    `named_by_digest` where its external_id is that of no other record; where the source named it,
    `source_record` gives what it was read from. One that `is_chosen` is better than the next one,
    which is of the same line.
    """

    line: int
    document: TraceDocument
    size: int
    status: str | None = None
    scores: Sequence[dict[str, Any]] = ()
    step_labels: dict[str, int] | None = None
    named_by_digest: bool = False
    original: dict[str, Any] | None = None
    source_record: Callable[[], dict[str, Any]] | None = None
    is_chosen: bool = False
