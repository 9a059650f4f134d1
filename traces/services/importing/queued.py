"""Importing an uploaded file by a job of the queue."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from rest_framework.exceptions import NotFound

from events.actors import Actor
from jobs.models import Job
from jobs.progress import MAX_FIELD_CHARS, Progress, storable_text
from jobs.services.queue import start_job
from traces.services.importing import uploads
from traces.services.importing.imports import import_traces, records_of
from traces.services.importing.summary import ImportRequest
from traces.services.importing.uploads import IMPORT_FILE, UPLOAD
from traces.sources.source import Chunk, Source
from tunix_site.access.roles import RANKS, rank_of_user
from tunix_site.models import Role

TURNS = 0x696D706F  # advisory locks: one for each person
ELSEWHERE = "Workers on another machine must share TUNIX_VAR/uploads with the web server."
ASKED = ("format", "map", "source", "on_error")


def start_import(*, upload: UUID, name: str, request: ImportRequest, by: Actor) -> Job:
    """Queue the import of a person's file; NotFound where it is not there.

    Where a job is to import it already, give that one.
    """
    assert by.user is not None  # noqa: S101  # a file is a person's
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [TURNS, by.user.pk])
        known = Job.objects.unfinished().filter(kind=IMPORT_FILE, created_by=by.user)
        job = known.filter(**{f"parameters__{UPLOAD}": str(upload)}).first()
        if job is not None:
            return job
        with uploads.opened(upload=upload, owner=by.user.pk):
            pass
        asked = {one: getattr(request, one) for one in ASKED}
        told = {UPLOAD: str(upload), "file": storable_text(name, MAX_FIELD_CHARS)}
        return start_job(kind=IMPORT_FILE, parameters={**told, **asked}, by=by)


def import_upload(*, job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Import a job's file, and delete it when all of it is in.

    Done again, it finds what it stored. What comes with verdicts takes them where whoever started
    it may curate now. While it is read the total is an estimate.
    """
    asked = {name: job.parameters[name] for name in ASKED}
    may_curate = by.user is not None and rank_of_user(by.user) >= RANKS[Role.CURATOR]
    request = ImportRequest(**asked, may_curate=may_curate)
    upload, owner = UUID(job.parameters[UPLOAD]), by.user_id or 0
    try:
        with uploads.opened(upload=upload, owner=owner) as file:
            chunks = _measured(file, request, progress)
            summary = import_traces(chunks=chunks, request=request, progress=progress, by=by)
    except NotFound:
        raise NotFound(f"{uploads.GONE} {ELSEWHERE}") from None
    finally:
        progress.total = None
    uploads.forget(upload=upload, owner=owner)
    return summary.as_json(request)


def _measured(file: Any, request: ImportRequest, progress: Progress) -> Iterator[Chunk]:
    """Give the records, and tell about how many there are by the bytes that they took."""
    source = Source(file)
    size = file.seek(0, 2)
    file.seek(0)
    for chunk in records_of(source=source, request=request):
        read = max(1, min(source.read_bytes, size))
        progress.total = max(chunk[-1].line, chunk[-1].line * size // read)
        yield chunk
