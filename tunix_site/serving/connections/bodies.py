"""What has come of a request and was not read yet, and whether its body is whole."""

from collections.abc import Callable
from typing import Protocol

from gunicorn.http.body import Body, ChunkedReader, LengthReader
from gunicorn.http.message import Request
from gunicorn.http.unreader import Unreader

READ_AT_ONCE = 8 * 1024  # where nobody says how much he wants; chunks are cut out of it
MAX_READ = 1024**2
MAX_CHUNKS = 1000  # that the event loop looks at
MAX_SIZE_LINE = 8190


class Inbox(Unreader):
    """Holds what has come; the parser of requests and the application read from it.

    More than that is to be had only while `more` waits for it, in a thread.
    """

    def __init__(self) -> None:
        self.data = bytearray()
        self.more: Callable[[int], bytes] | None = None

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        wanted = -1 if size is None else size
        if wanted < 0:
            wanted = max(READ_AT_ONCE, min(read_ahead or 0, MAX_READ))
            return self._take(wanted) if self.data else self.chunk(wanted)
        while len(self.data) < wanted:
            piece = self.chunk(max(wanted, read_ahead or 0) - len(self.data))
            if not piece:
                break
            self.data += piece
        return self._take(wanted)

    def chunk(self, size_hint: int | None = None) -> bytes:
        if self.more is None:
            return b""
        return self.more(min(max(size_hint or 0, READ_AT_ONCE), MAX_READ))

    def unread(self, data: bytes) -> None:  # type: ignore[override]
        self.data[:0] = data

    def _take(self, size: int) -> bytes:
        with memoryview(self.data) as held, held[:size] as piece:
            taken = bytes(piece)
        del self.data[:size]
        return taken


class Framing(Protocol):
    def is_whole(self, data: bytearray) -> bool:
        """Say whether all of the body has come; later calls see the same data and more."""

    def is_lost(self) -> bool:
        """Say whether the end is not looked for any more."""


class Sized:
    """A body of a known length; of 0 bytes where there is none."""

    def __init__(self, length: int) -> None:
        self.length = length

    def is_whole(self, data: bytearray) -> bool:
        return len(data) >= self.length

    def is_lost(self) -> bool:
        return False


class Chunked:
    """Finds the end of a chunked body without reading it.

    What is no chunk counts as whole: who reads it finds out. So that tiny chunks cannot keep the
    event loop busy, the end is not looked for beyond MAX_CHUNKS.
    """

    def __init__(self) -> None:
        self.at = 0  # where the next chunk begins
        self.chunks = 0

    def is_lost(self) -> bool:
        return self.chunks > MAX_CHUNKS

    def is_whole(self, data: bytearray) -> bool:
        while self.at < len(data) and not self.is_lost():
            end = data.find(b"\r\n", self.at, self.at + MAX_SIZE_LINE)
            if end < 0:
                return len(data) - self.at >= MAX_SIZE_LINE
            try:
                size = int(data[self.at : end].partition(b";")[0], 16)
            except ValueError:
                return True
            if size <= 0:
                return data.find(b"\r\n\r\n", end) >= 0
            self.at = end + 2 + size + 2
            self.chunks += 1
        return False


def framing_of(request: "HeldRequest") -> Framing:
    reader = request.body.reader
    return Sized(reader.length) if isinstance(reader, LengthReader) else Chunked()


class HeldRequest(Request):
    """A request whose body may still be coming when it is answered; then it is the last one."""

    body: Body  # the parser has set it, or failed
    _expected_100_continue: bool

    whole = False  # all of the body has come
    answered_closed = False

    def should_close(self) -> bool:
        if not self.body_is_in():
            self.answered_closed = True  # as the head of the answer has said
        return self.answered_closed or super().should_close()

    def body_is_in(self) -> bool:
        """Say whether where the next request begins is known, or will be without waiting."""
        if self.body.failed:  # type: ignore[attr-defined]
            return False
        reader = self.body.reader
        if isinstance(reader, ChunkedReader):
            return self.whole or reader.parser is None
        return self.whole or (isinstance(reader, LengthReader) and reader.length == 0)

    def pass_over_body(self) -> bool:
        """Read what the application left of the body; False where there is no end to it."""
        while self.body_is_in():
            if not self.body.read(64 * 1024):
                return True
        return False
