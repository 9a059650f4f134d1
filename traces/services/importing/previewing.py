"""What an import of a file would come to, by its first records."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Any

from django.db import transaction

from events.actors import Actor
from traces.intake.record_values import parsed_or_none
from traces.readers.unrecognised import Unrecognised
from traces.services.importing.batches import Batches
from traces.services.importing.imports import read_incoming, records_of, store_incoming
from traces.services.importing.summary import ImportRequest, Summary
from traces.sources.json_texts import opened
from traces.sources.source import BrokenSource, Chunk, Record, Source
from traces.sources.unexpected import Unexpected
from tunix_site import strict_json
from tunix_site.database.patience import patience
from tunix_site.errors import TooLarge

MOST_RECORDS = 200
SECONDS = 10.0  # of a statement: another import may hold the same names
LOOKED_AT = 20  # records whose fields are named
MAX_FIELDS = 60
MAX_DEPTH = 3
LOOK_BYTES = 1024**3  # that a file may unfold to, in work as well
SPOOL_BYTES = 256 * 1024**2  # of a compressed Parquet file, on disk meanwhile
TOO_FAR = (
    "To be looked at, it would have to be unpacked too far. It can be imported all the same, or "
    "sent as it is, not compressed."
)


@dataclass(frozen=True)
class Preview:
    """The first records of a file as they would be imported; `problem` ends the reading.

    `fields` are the places that a map can name, each with what stands there first.
    """

    summary: Summary
    fields: dict[str, Any]
    is_whole: bool
    problem: str = ""


def preview_import(*, file: IO[bytes], request: ImportRequest, by: Actor) -> Preview:
    """Read the first records of a file and store them as an import does; keep nothing of it."""
    summary, request = Summary(), replace(request, dry_run=True)
    source = Source(file, most_bytes=LOOK_BYTES)
    chunks = records_of(source=source, request=request, max_spool_bytes=SPOOL_BYTES)
    chunk, problem, is_whole = _first_of(chunks)
    if source.unfolded_bytes > LOOK_BYTES:
        problem = "" if chunk else TOO_FAR
    fields = _fields_of(chunk)
    if not chunk:
        return Preview(summary, fields, is_whole, problem or "There is no record in it.")
    try:
        with patience(SECONDS), transaction.atomic():
            incoming = read_incoming(
                chunks=[chunk], request=request, summary=summary, most=MOST_RECORDS
            )
            for some in Batches(incoming):
                store_incoming(some=some, request=request, summary=summary, by=by)
            transaction.set_rollback(True)
    except BrokenSource as error:
        told = error.found if isinstance(error, Unrecognised) else error.reason
        return Preview(summary, fields, is_whole, told)
    return Preview(summary, fields, is_whole and len(chunk) <= MOST_RECORDS, problem)


def _first_of(chunks: Iterator[Chunk]) -> tuple[Chunk, str, bool]:
    """Give the first two chunks, what breaks the reading there or behind, and whether it is all.

    A last line that no line break ends is a chunk of its own.
    """
    first: Chunk = []
    try:
        for chunk in islice(chunks, 2):
            first = [*first, *chunk]
        return first, "", next(chunks, None) is None
    except BrokenSource as error:
        return first, error.reason, False
    except TooLarge:
        return first, TOO_FAR, False


def _fields_of(chunk: Chunk) -> dict[str, Any]:
    """Name the fields of the first records, each with the first value that says something."""
    fields: dict[str, Any] = {}
    unexpected = Unexpected()
    for record in chunk[:LOOKED_AT]:
        value = parsed_or_none(record, unexpected) if isinstance(record, Record) else None
        for path, found in islice(_places(value or {}, ()), MAX_FIELDS):
            if fields.get(path) in (None, "") and (path in fields or len(fields) < MAX_FIELDS):
                fields[path] = found
    return fields


def _places(value: dict[str, Any], above: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    for name, found in value.items():
        if not name.strip() or any(strict_json.text_problems(name)):
            continue  # no map could name it
        here = (*above, name)
        yield ".".join(here), found
        inside = opened(found)
        if isinstance(inside, list) and inside and isinstance(inside[0], dict):
            inside = {"0": inside[0]}
        if isinstance(inside, dict) and len(here) < MAX_DEPTH:
            yield from _places(inside, here)
