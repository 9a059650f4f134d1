"""Importing a stream of source records of any length."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from events.actors import Actor
from events.services import record_event
from jobs.progress import ErrorRow, Progress
from jobs.services.lease import reconnect, running
from jobs.services.queue import start_job
from traces.intake.incoming import Incoming, Refusal, Unread
from traces.intake.records import RecordReader, format_of, is_record, unread
from traces.models import Score, Status
from traces.readers.mapping import parse
from traces.services.importing.batches import Batches
from traces.services.importing.reread import read_differently, stored_once
from traces.services.importing.summary import (
    ABORT,
    IMPORT,
    SHOWN_TRACES,
    ImportRefused,
    ImportRequest,
    Summary,
)
from traces.services.outcome import Outcome
from traces.services.preferences import store_imported_preferences
from traces.services.reviews import Verdict, store_imported
from traces.services.storing import create_traces
from traces.sources.records import read_records
from traces.sources.source import BrokenSource, Chunk, Source

READ_AT_ONCE = 100  # records


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
    job = start_job(kind=IMPORT, parameters=parameters, by=by)
    chunks = records_of(
        source=source,
        request=request,
        content_encoding=content_encoding,
        max_spool_bytes=max_spool_bytes,
    )
    try:
        with running(job=job) as progress:
            summary = import_traces(chunks=chunks, request=request, progress=progress, by=by)
    except ImportRefused as error:
        answer = {**error.answer, "job": str(job.pk)}
        raise ImportRefused(error.reason, answer, **answer) from None
    return {**summary.as_answer(request), "job": str(job.pk)}


def records_of(
    *,
    source: Source,
    request: ImportRequest,
    content_encoding: str = "",
    max_spool_bytes: int | None = None,
) -> Iterator[Chunk]:
    """Give the records of a source as the request has them read."""
    paths = parse(request.map) if request.map else None
    return read_records(
        source,
        max_record_bytes=settings.MAX_RECORD_BYTES,
        content_encoding=content_encoding,
        max_spool_bytes=max_spool_bytes,
        is_record=lambda value: is_record(value, request.format, paths),
    )


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
        try:
            refusal = _import(chunks, request, summary, progress, by)
        except BaseException:  # what is stored stays
            reconnect(progress=progress)
            _record(summary, progress, by)
            raise
        _record(summary, progress, by)
    progress.done = summary.line_count
    progress.result = summary.as_result(request)
    if refusal:
        raise ImportRefused(refusal, summary.as_answer(request))
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
        batches = Batches(read_incoming(chunks=chunks, request=request, summary=summary))
        for some in batches:
            refused = store_incoming(
                some=some, request=request, summary=summary, by=by, meanwhile=batches.gather
            )
            _keep(refused, summary, progress)
            progress.done = summary.line_count
            progress.check()
            if summary.error_count and request.on_error == ABORT and not request.dry_run:
                summary.take_back()
                return "Nothing was stored: a record is bad."
    except BrokenSource as error:
        if request.on_error == ABORT:
            summary.take_back()
            return f"Nothing was stored. {error}"
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


def read_incoming(
    *, chunks: Iterable[Chunk], request: ImportRequest, summary: Summary, most: int | None = None
) -> Iterator[Incoming | Refusal | Unread]:
    """Yield what becomes of the records; the first that can be read tell the format.

    Of each chunk at most so many are read, where a look at the first is enough.
    """
    reader = None
    paths = parse(request.map) if request.map else None
    for chunk in chunks:
        if reader is None:
            fmt = format_of(request.format, chunk, paths)
            chunk = chunk[:most]
            if fmt is None:
                yield from unread(chunk)
                summary.line_count = chunk[-1].line
                continue
            summary.format = fmt.name
            reader = RecordReader(fmt, source=request.source, may_curate=request.may_curate)
        for start in range(0, len(chunk), READ_AT_ONCE):
            yield from reader.read(chunk[start : start + READ_AT_ONCE])
        summary.line_count = chunk[-1].line


def store_incoming(
    *,
    some: list[Incoming | Refusal | Unread],
    request: ImportRequest,
    summary: Summary,
    by: Actor,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Refusal]:
    """Store what can be and count it; give the refusals, counted as well, by their lines."""
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
                meanwhile=meanwhile,
            )
            _add_curation(incoming, outcome, summary, by)
        summary.count(incoming, outcome, shown=SHOWN_TRACES if request.dry_run else 0)
        refused += [
            Refusal(incoming[position].line, "external_id", reason)
            for position, reason in outcome.refused.items()
        ]
    refused.sort()
    if refused:
        summary.refuse(refused)
    return refused


def _count_unread(unread: list[Unread], request: ImportRequest, summary: Summary) -> list[Refusal]:
    """Count what an earlier version read, and give the refusals of the others."""
    if not unread:
        return []
    source = request.source or summary.format or ""
    stored = stored_once(source=source, names=[one.name for one in unread])
    summary.existing_count += sum(stored.values())
    summary.read_differently_count += sum(stored.values())
    return [one.refusal for one in unread if one.name not in stored]


def _keep(refused: list[Refusal], summary: Summary, progress: Progress) -> None:
    """Keep refusals with the job."""
    progress.add_errors(ErrorRow(*refusal) for refusal in refused)
    summary.errors_left_out_count = progress.errors_left_out_count


def _add_curation(incoming: list[Incoming], outcome: Outcome, summary: Summary, by: Actor) -> None:
    """Store what came with the new traces: their scores, verdicts, step labels and preferences.

    Reviews and preferences are somebody's: where nobody signs them, they are counted.
    """
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
        store_imported_preferences(pairs=_pairs(incoming, outcome), by=by)
    else:
        summary.unsigned_count += len(verdicts)
        summary.unsigned_pair_count += sum(incoming[one].is_chosen for one in outcome.created)


def _pairs(incoming: list[Incoming], outcome: Outcome) -> list[tuple[str, str]]:
    """Give the ids of those that came as a chosen and a rejected one, also of what existed."""
    return [
        (str(chosen.id), str(rejected.id))
        for one, chosen, rejected in zip(incoming, outcome.traces, outcome.traces[1:], strict=False)
        if one.is_chosen and chosen is not None and rejected is not None
    ]
