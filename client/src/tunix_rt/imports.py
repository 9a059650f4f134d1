"""Files and streams of any length, sent as they are read, and again where that broke off."""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from tunix_rt.batches import OnError
from tunix_rt.errors import Unsendable
from tunix_rt.http.transport import Body, Transport, document, encoded
from tunix_rt.progress import Progress, silent
from tunix_rt.results import ImportSummary

PATH = "/api/traces/import"
PIECE_BYTES = 256 * 1024
KEPT_IN_MEMORY = 16 * 1024 * 1024  # bytes of a stream, before they go to the disk
# The site stores while it reads: it may take nothing for a while, and answers when all is stored.
TIMEOUT = httpx.Timeout(connect=10, write=600, read=3600, pool=10)
NDJSON = {"Content-Type": "application/x-ndjson"}


def options(
    fmt: str,
    source: str | None,
    mapping: Mapping[str, str] | str | None,
    on_error: OnError,
    *,
    dry_run: bool,
) -> dict[str, Any]:
    """Write an import's parameters as the site reads them."""
    if isinstance(mapping, Mapping):
        mapping = ",".join(f"{name}:{column}" for name, column in mapping.items())
    return {
        "format": fmt,
        "source": source,
        "map": mapping,
        "on_error": on_error,
        "dry_run": dry_run,
    }


def import_file(
    transport: Transport, path: Path, query: Mapping[str, Any], progress: Progress | None
) -> ImportSummary:
    """Send a file; OSError where it cannot be read."""
    size = path.stat().st_size
    tell = progress or silent

    def body() -> Iterator[bytes]:
        done = 0
        with path.open("rb") as file:
            while piece := file.read(min(PIECE_BYTES, size - done)):  # what is added later waits
                yield piece
                done += len(piece)
                tell(done, size)

    return _sent(transport, body, query, size)


def import_records(
    transport: Transport,
    records: Iterable[Mapping[str, Any]],
    query: Mapping[str, Any],
    progress: Progress | None,
) -> ImportSummary:
    """Send records as they are drawn."""
    tell = progress or silent
    with Replayed(_pieces(records)) as pieces:

        def body() -> Iterator[bytes]:
            done = 0
            for piece in pieces:
                yield piece
                done += len(piece)
                tell(done, None)

        return _sent(transport, body, query, None)


def post_lines(
    transport: Transport, path: str, records: Iterable[Mapping[str, Any]], query: Mapping[str, Any]
) -> Any:
    """Send records as lines, as they are drawn, to a route where the same lines may come again."""
    with Replayed(_pieces(records)) as pieces:
        response = transport.send(
            "POST",
            path,
            query=query,
            headers=NDJSON,
            body=lambda: iter(pieces),
            repeatable=True,
            timeout=TIMEOUT,
        )
    return document(response)


class Replayed:
    """Pieces that can be gone through again: a temporary file keeps those that were drawn."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._error: Exception | None = None
        self._kept = tempfile.SpooledTemporaryFile(KEPT_IN_MEMORY)  # noqa: SIM115  # closed at the exit

    def __enter__(self) -> "Replayed":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._kept.close()

    def __iter__(self) -> Iterator[bytes]:
        self._kept.seek(0)
        while piece := self._kept.read(PIECE_BYTES):
            yield piece
        while piece := self._drawn():
            self._kept.seek(0, os.SEEK_END)
            self._kept.write(piece)
            yield piece

    def _drawn(self) -> bytes:
        """Draw the next piece, empty at the end; after an error there is no end, but the error."""
        if self._error is None:
            try:
                return next(self._pieces, b"")
            except Exception as error:
                self._error = error
        raise self._error


def _pieces(records: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """Write records as lines, in pieces."""
    piece = bytearray()
    for index, record in enumerate(records):
        try:
            piece += encoded(record) + b"\n"
        except Unsendable as error:
            raise Unsendable(f"item {index}: {error}") from None
        if len(piece) >= PIECE_BYTES:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def _sent(
    transport: Transport, body: Body, query: Mapping[str, Any], length: int | None
) -> ImportSummary:
    response = transport.send(
        "POST",
        PATH,
        query=query,
        headers=NDJSON,
        body=body,
        length=length,
        repeatable=True,
        timeout=TIMEOUT,
    )
    summary: ImportSummary = document(response)
    return summary
