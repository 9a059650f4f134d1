"""Exports, into a file or row by row, gone on with where they broke off."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tunix_rt.errors import ApiError, BrokenOff, Foreign, Incomplete, Misconfigured
from tunix_rt.http import lines
from tunix_rt.http.parts import Part
from tunix_rt.http.transport import Transport, segment
from tunix_rt.progress import Progress, silent

AS_IT_IS = {"Accept-Encoding": "identity"}
COMPRESSED = (".gz", ".zst")
PARTIAL = httpx.codes.PARTIAL_CONTENT
NO_SUCH_RANGE = httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE


@dataclass(frozen=True)
class Exported:
    """A file that is whole, and what its format `left_out`, as the site says it, if anything."""

    path: Path
    row_count: int
    byte_count: int
    content_digest: str
    left_out: str | None


@dataclass(frozen=True)
class Bundled:
    """An archive that is whole."""

    path: Path
    byte_count: int
    content_digest: str


@dataclass(frozen=True)
class Head:
    """What the head of an export says of it."""

    row_count: int
    content_digest: str
    etag: str | None
    is_lines: bool
    takes_ranges: bool
    left_out: str | None

    @classmethod
    def of(cls, response: httpx.Response, path: str) -> "Head":
        headers = response.headers
        if "X-Row-Count" not in headers:
            raise Foreign(f"GET {path}")
        left_out = headers.get("X-Rows-Left-Out")
        return cls(
            row_count=int(headers["X-Row-Count"]),
            content_digest=headers.get("X-Content-Digest", ""),
            etag=headers.get("ETag"),
            is_lines=headers.get("Content-Type", "").startswith("application/x-ndjson"),
            takes_ranges=headers.get("Accept-Ranges") == "bytes",
            left_out=None if left_out == "0" else left_out,
        )


def path_of(key: str, *, parquet: bool = False) -> str:
    return f"/api/datasets/{segment(key)}/export.{'parquet' if parquet else 'jsonl'}"


def whole_lines(
    transport: Transport, key: str, query: Mapping[str, Any], digest: str | None
) -> Iterator[bytes]:
    """Yield the lines of an export; where it breaks off, go on after those that came."""
    _refuse_after(query)
    path, came, promised = path_of(key), 0, None
    attempts = transport.retries.begin()
    while promised is None or came < promised:
        before = came
        try:
            with transport.stream("GET", path, query={**query, "after": came or None}) as response:
                head = Head.of(response, path)
                if not head.is_lines:
                    raise Misconfigured(f"{path}: this format has no lines; export it to a file.")
                digest = _checked_digest(head, digest, path)
                promised = head.row_count
                for line in lines.whole_lines(response):
                    came += 1
                    yield line
            _check_rows(came, promised, path)
        except BrokenOff:
            if came > before:
                attempts = transport.retries.begin()
            if not attempts.wait():
                raise


def to_file(
    transport: Transport,
    key: str,
    target: Path,
    query: Mapping[str, Any],
    *,
    parquet: bool,
    digest: str | None,
    overwrite: bool,
    progress: Progress | None,
) -> Exported:
    """Write an export to a file, which gets its name when it is whole.

    What came is in a part beside it, with which the next call goes on.
    """
    _refuse_after(query)
    if target.suffix in COMPRESSED:
        raise Misconfigured(f"{target}: what is written is not compressed; name it otherwise.")
    _refuse_what_is_there(target, overwrite=overwrite)
    with Part(target) as part:
        path = path_of(key, parquet=parquet)
        download = Download(transport, path, query, part, digest, progress or silent)
        head = download.run()
        size = part.size
        part.finish()
    return Exported(target, head.row_count, size, head.content_digest, head.left_out)


def bundle_to_file(
    transport: Transport,
    key: str,
    target: Path,
    query: Mapping[str, Any],
    *,
    overwrite: bool,
    progress: Progress | None,
) -> Bundled:
    """Write an archive to a file, which gets its name when it is whole.

    Where it breaks off it begins anew.
    """
    _refuse_what_is_there(target, overwrite=overwrite)
    path, tell = f"/api/datasets/{segment(key)}/bundle.zip", progress or silent
    attempts = transport.retries.begin()
    with Part(target) as part:
        while True:
            part.start(None)
            try:
                with transport.stream("GET", path, query=query, headers=AS_IT_IS) as response:
                    if response.headers.get("Content-Type") != "application/zip":
                        raise Foreign(f"GET {path}")
                    for piece in lines.pieces(response):
                        part.write(piece)
                        tell(part.size, None)
                break
            except BrokenOff:
                if not attempts.wait():
                    raise
        size = part.size
        part.finish()
    return Bundled(target, size, response.headers.get("X-Content-Digest", ""))


class Download:
    """Attempts to get a whole export into a part."""

    def __init__(
        self,
        transport: Transport,
        path: str,
        query: Mapping[str, Any],
        part: Part,
        digest: str | None,
        progress: Progress,
    ) -> None:
        self._transport, self._path, self._query = transport, path, query
        self._part, self._digest, self._progress = part, digest, progress
        self._by_rows = False  # whether to go on after whole lines, or else after bytes

    def run(self) -> Head:
        """Try until it is whole; BrokenOff where the attempts bring nothing more."""
        attempts = self._transport.retries.begin()
        while True:
            before = self._part.size
            try:
                head = self._attempt()
                break
            except BrokenOff:
                if self._part.size > before:
                    attempts = self._transport.retries.begin()
                if not attempts.wait():
                    raise
        if head.is_lines and self._part.rows != head.row_count:
            rows = self._part.rows
            self._part.discard()
            _check_rows(rows, head.row_count, self._path)
        return head

    def _attempt(self) -> Head:
        after, headers = self._where_to_go_on()
        query = {**self._query, "after": after}
        try:
            with self._transport.stream(
                "GET", self._path, query=query, headers=headers
            ) as response:
                head = Head.of(response, self._path)
                self._digest = _checked_digest(head, self._digest, self._path)
                if self._goes_on(response, head, after):
                    self._write(response, head)
                    return head
        except ApiError as error:
            if "Range" not in headers or error.status_code != NO_SUCH_RANGE:
                raise
            self._part.discard()  # it was whole already, or of something else
        return self._attempt()

    def _where_to_go_on(self) -> tuple[int | None, dict[str, str]]:
        """Give the rows to leave out and the headers of the next attempt."""
        if self._by_rows:
            self._part.cut()
            return self._part.rows or None, AS_IT_IS
        if self._part.size and self._part.etag:
            ranged = {"Range": f"bytes={self._part.size}-", "If-Range": self._part.etag}
            return None, {**AS_IT_IS, **ranged}
        return None, AS_IT_IS

    def _goes_on(self, response: httpx.Response, head: Head, after: int | None) -> bool:
        """Prepare the part for what comes; False where another attempt is to ask for less."""
        if response.status_code == PARTIAL:
            begins = response.headers.get("Content-Range", "").partition("-")[0]
            if begins != f"bytes {self._part.size}":
                raise Incomplete(f"{self._path}: other bytes came than were asked for.")
        elif after is None:
            if self._part.rows and head.is_lines and head.etag and head.etag == self._part.etag:
                self._by_rows = True
                return False
            self._part.start(head.etag)
            self._by_rows = head.is_lines and not (head.takes_ranges and head.etag)
        return True

    def _write(self, response: httpx.Response, head: Head) -> None:
        for piece in lines.pieces(response):
            self._part.write(piece)
            if head.is_lines:
                self._progress(self._part.rows, head.row_count)
            else:
                self._progress(self._part.size, None)


def _refuse_what_is_there(target: Path, *, overwrite: bool) -> None:
    if target.exists() and not overwrite:
        raise FileExistsError(
            f"{target} is there already; --force (overwrite=True in Python) replaces it."
        )


def _refuse_after(query: Mapping[str, Any]) -> None:
    if "after" in query:
        raise Misconfigured("`after` is the client's own way to go on: an export is given whole.")


def _checked_digest(head: Head, digest: str | None, path: str) -> str:
    """Give the digest that came; Incomplete where it is not the one that is known."""
    if digest is not None and head.content_digest != digest:
        raise Incomplete(f"{path}: the dataset's digest is {head.content_digest}, not {digest}.")
    return head.content_digest


def _check_rows(came: int, promised: int, path: str) -> None:
    if came != promised:
        raise Incomplete(f"{path}: {came:,} of {promised:,} rows came.")
