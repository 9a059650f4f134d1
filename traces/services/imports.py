"""Importing a stream of source records of any length."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from events.actors import Actor
from events.services import record_event
from jobs.progress import ErrorRow, Progress
from jobs.services.lease import running
from jobs.services.queue import start_job
from traces.intake.incoming import Incoming, Refusal, Unread
from traces.intake.records import RecordReader, format_of, is_record, unread
from traces.models import Score, Status
from traces.readers.formats import AUTO
from traces.readers.mapping import parse
from traces.services.reread import read_differently, stored_once
from traces.services.reviews import Verdict, store_imported
from traces.services.storing import Outcome, create_traces
from traces.sources.records import read_records
from traces.sources.source import BrokenSource, Chunk, Source
from tunix_site.errors import Invalid

IMPORT = "import"
SKIP, ABORT = "skip", "abort"
STORED_AT_ONCE = 2_000  # traces in a transaction
STORED_BYTES = 16 * 1024 * 1024  # of their JSON, after which it takes no more of them
READ_AT_ONCE = 100  # records
MAX_SHOWN_ERRORS = 100
SHOWN_TRACES = 3


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """A validated request to import.

    `map` is text that `traces.readers.mapping.parse` takes, in place of a format's name.
    """

    format: str = AUTO
    map: str | None = None
    source: str | None = None
    on_error: str = SKIP
    dry_run: bool = False
    may_curate: bool = False


@dataclass
class Summary:
    """What became of a file, so far; the first errors of it, and in a dry run its first traces."""

    format: str | None = None
    line_count: int = 0
    created_count: int = 0
    existing_count: int = 0
    read_differently_count: int = 0
    error_count: int = 0
    errors_left_out_count: int = 0
    errors: list[Refusal] = field(default_factory=list)
    traces: list[dict[str, Any]] = field(default_factory=list)
    last_bad_line: int = 0

    def as_json(self, request: ImportRequest) -> dict[str, Any]:
        counted = {
            "format": self.format,
            "line_count": self.line_count,
            "created_count": self.created_count,
            "existing_count": self.existing_count,
            "read_differently_count": self.read_differently_count,
            "error_count": self.error_count,
            "errors": [error._asdict() for error in self.errors],
        }
        if self.errors_left_out_count:
            counted["errors_left_out_count"] = self.errors_left_out_count
        return {**counted, "dry_run": True, "traces": self.traces} if request.dry_run else counted


class ImportRefused(Invalid):
    """400: it ended before its time, or came to nothing; `answer` is the summary up to there."""

    def __init__(self, reason: str, answer: dict[str, Any], **shown: Any) -> None:
        super().__init__({"detail": reason, **shown})
        self.reason = reason
        self.answer = answer


def import_stream(
    *,
    source: Source,
    request: ImportRequest,
    by: Actor,
    content_encoding: str = "",
    max_spool_bytes: int | None = None,
) -> dict[str, Any]:
    """Import a stream as a job of this process; give its summary with the job's id.

    The user, where there is one, reviews what comes with a verdict or step labels. ImportRefused as
    `import_traces`, with the id as well. A Parquet file that comes as a stream is first written to
    a temporary file, of so many bytes at most.
    """
    parameters = {
        "format": request.format,
        "map": request.map,
        "source": request.source,
        "on_error": request.on_error,
        "dry_run": request.dry_run,
    }
    paths = parse(request.map) if request.map else None
    job = start_job(kind=IMPORT, parameters=parameters, by=by)
    chunks = read_records(
        source,
        max_record_bytes=settings.MAX_RECORD_BYTES,
        content_encoding=content_encoding,
        max_spool_bytes=max_spool_bytes,
        is_record=lambda value: is_record(value, request.format, paths),
    )
    try:
        with running(job=job) as progress:
            summary = import_traces(chunks=chunks, request=request, progress=progress, by=by)
    except ImportRefused as error:
        answer = {**error.answer, "job": str(job.pk)}
        raise ImportRefused(error.reason, answer, **answer) from None
    return {**summary.as_json(request), "job": str(job.pk)}


def import_traces(
    *, chunks: Iterable[Chunk], request: ImportRequest, progress: Progress, by: Actor
) -> Summary:
    """Store the traces of a stream of records, in pieces of one transaction each.

    With `on_error` "abort" it is one transaction for all, rolled back at the first bad record; so
    it is in a dry run, which does all of it and keeps nothing. What is stored already exists: an
    import that was broken off and is begun again ends as if it had run once. Every error is kept
    with the job. ImportRefused where nothing was stored for errors.
    """
    summary = Summary()
    if request.dry_run or request.on_error == ABORT:
        with transaction.atomic():
            refusal = _import(chunks, request, summary, progress, by)
            _record(summary, progress, by)
            transaction.set_rollback(request.dry_run or refusal is not None)
    else:
        refusal = _import(chunks, request, summary, progress, by)
        _record(summary, progress, by)
    progress.done = summary.line_count
    progress.result = summary.as_json(request)
    if refusal:
        raise ImportRefused(refusal, progress.result)
    return summary


def _import(
    chunks: Iterable[Chunk],
    request: ImportRequest,
    summary: Summary,
    progress: Progress,
    by: Actor,
) -> str | None:
    """Read and store; give the reason where that ended before its time or came to nothing."""
    try:
        for some in _batches(_read(chunks, request, summary)):
            _store(some, request, summary, progress, by)
            progress.done = summary.line_count
            progress.check()
            if summary.error_count and request.on_error == ABORT and not request.dry_run:
                return _took_back(summary, "Nothing was stored: a record is bad.")
    except BrokenSource as error:
        if request.on_error == ABORT:
            return _took_back(summary, f"Nothing was stored. {error}")
        return str(error)
    if not summary.line_count:
        return "There is no record in it."
    if summary.error_count and not (summary.created_count or summary.existing_count):
        return "Nothing was stored: every record is bad."
    return None


def _record(summary: Summary, progress: Progress, by: Actor) -> None:
    """Tell of the import, once; its traces keep who brought them in as well."""
    if summary.created_count:
        record_event(
            by=by,
            action="import",
            object_type="job",
            object_id=progress.job.pk,
            after={"format": summary.format},
            count=summary.created_count,
        )


def _took_back(summary: Summary, reason: str) -> str:
    summary.created_count = summary.existing_count = summary.read_differently_count = 0
    return reason


def _read(
    chunks: Iterable[Chunk], request: ImportRequest, summary: Summary
) -> Iterator[Incoming | Refusal | Unread]:
    """Yield what becomes of the records; the first that can be read tell the format."""
    reader = None
    paths = parse(request.map) if request.map else None
    for chunk in chunks:
        if reader is None:
            fmt = format_of(request.format, chunk, paths)
            if fmt is None:
                yield from unread(chunk)
                summary.line_count = chunk[-1].line
                continue
            summary.format = fmt.name
            reader = RecordReader(fmt, source=request.source, may_curate=request.may_curate)
        for start in range(0, len(chunk), READ_AT_ONCE):
            yield from reader.read(chunk[start : start + READ_AT_ONCE])
        summary.line_count = chunk[-1].line


def _batches(
    items: Iterable[Incoming | Refusal | Unread],
) -> Iterator[list[Incoming | Refusal | Unread]]:
    """Gather what is stored together; a batch ends with the item that makes it large.

    An error waits until those before it are given.
    """
    batch: list[Incoming | Refusal | Unread] = []
    size = 0
    try:
        for item in items:
            batch.append(item)
            if isinstance(item, Incoming):
                size += item.size
            if len(batch) >= STORED_AT_ONCE or size >= STORED_BYTES:
                yield batch
                batch, size = [], 0
    except Exception:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _store(
    some: list[Incoming | Refusal | Unread],
    request: ImportRequest,
    summary: Summary,
    progress: Progress,
    by: Actor,
) -> None:
    incoming = [one for one in some if isinstance(one, Incoming)]
    refused = [one for one in some if isinstance(one, Refusal)]
    refused += _count_unread([one for one in some if isinstance(one, Unread)], request, summary)
    if incoming:
        with transaction.atomic():
            outcome = create_traces(
                documents=[one.document for one in incoming],
                skip_taken=True,
                by=by,
                statuses={n: one.status for n, one in enumerate(incoming) if one.status},
                originals={n: one.original for n, one in enumerate(incoming) if one.original},
                reread=lambda taken: read_differently(incoming=incoming, holders=taken),
            )
            _add_curation(incoming, outcome, by)
        _count(incoming, outcome, summary, request)
        refused += [
            Refusal(incoming[position].line, "external_id", reason)
            for position, reason in outcome.refused.items()
        ]
    if refused:
        _refuse(sorted(refused), summary, progress)


def _count_unread(unread: list[Unread], request: ImportRequest, summary: Summary) -> list[Refusal]:
    """Count what an earlier version read, and give the refusals of the others."""
    if not unread:
        return []
    source = request.source or summary.format or ""
    stored = stored_once(source=source, names=[one.name for one in unread])
    summary.existing_count += sum(stored.values())
    summary.read_differently_count += sum(stored.values())
    return [one.refusal for one in unread if one.name not in stored]


def _refuse(refused: list[Refusal], summary: Summary, progress: Progress) -> None:
    """Keep refusals, in the order of their lines; a line counts once, however often refused."""
    lines = {refusal.line for refusal in refused}
    # a record of several traces may come in two pieces
    summary.error_count += len(lines) - (refused[0].line == summary.last_bad_line)
    summary.last_bad_line = refused[-1].line
    summary.errors += refused[: MAX_SHOWN_ERRORS - len(summary.errors)]
    progress.add_errors(ErrorRow(*refusal) for refusal in refused)
    summary.errors_left_out_count = progress.errors_left_out_count


def _count(
    incoming: list[Incoming], outcome: Outcome, summary: Summary, request: ImportRequest
) -> None:
    created = len(outcome.created)
    summary.created_count += created
    summary.existing_count += len(incoming) - created - len(outcome.refused)
    summary.read_differently_count += len(outcome.reread)
    if request.dry_run and len(summary.traces) < SHOWN_TRACES:
        left = SHOWN_TRACES - len(summary.traces)
        chosen = sorted(outcome.created)[:left]
        summary.traces += [_as_stored(incoming[position]) for position in chosen]


def _add_curation(incoming: list[Incoming], outcome: Outcome, by: Actor) -> None:
    """Store what came with the new traces: their scores, verdicts and step labels."""
    scores, verdicts = [], []
    now = timezone.now()
    for position in sorted(outcome.created):
        one, entry = incoming[position], outcome.traces[position]
        assert entry is not None  # noqa: S101  # it was created
        identity = str(entry.id)
        scores += [Score(trace_id=identity, created_at=now, **score) for score in one.scores]
        if one.status or one.step_labels:
            verdict = Verdict(status=one.status or Status.UNREVIEWED, step_labels=one.step_labels)
            verdicts.append((identity, verdict))
    Score.objects.bulk_create(scores)
    if by.user is not None:
        store_imported(verdicts=verdicts, by=by)


def _as_stored(one: Incoming) -> dict[str, Any]:
    """Show a trace as it would be stored."""
    document = one.document
    original = {} if one.original is None else {"original": one.original}
    return {
        "line": one.line,
        "status": one.status or Status.UNREVIEWED.value,
        "scores": one.scores,
        "step_labels": one.step_labels,
        **msgspec.to_builtins(document),
        **original,
    }
