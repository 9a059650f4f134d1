"""Importing an uploaded file by a job of the queue."""

from collections.abc import Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from rest_framework.exceptions import NotFound

from events.actors import Actor
from jobs.models import Job, State
from jobs.progress import MAX_FIELD_CHARS, Progress, storable_text
from jobs.services.queue import start_job
from traces.services.importing import uploads
from traces.services.importing.imports import import_traces, records_of
from traces.services.importing.summary import ImportRequest
from traces.services.importing.uploads import IMPORT_FILE, UPLOAD
from traces.sources.source import Chunk, Source
from tunix_site.access.roles import RANKS, rank_of_user
from tunix_site.errors import Conflict
from tunix_site.models import Role

TURNS = 0x696D706F  # advisory locks: one for each person
ELSEWHERE = "Workers on another machine must share TUNIX_VAR/uploads with the web server."
ASKED = ("format", "map", "source", "on_error")


class ImportedOtherwise(Conflict):
    """409: a job is to import the file already, with other settings."""

    def __init__(self, job: Job, other: list[str]) -> None:
        said = ", ".join(f"{name} {job.parameters[name] or '(none)'}" for name in other)
        super().__init__(f"It is being imported already, with {said}: cancel that job first.")
        self.job = job


def start_import(*, upload: UUID, name: str, request: ImportRequest, by: Actor) -> Job:
    """Queue the import of a person's file; NotFound where it is not there.

    Where a job is to import it so already, give that one; ImportedOtherwise where it is to do it
    with other settings.
    """
    assert by.user is not None  # noqa: S101  # a file is a person's
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [TURNS, by.user.pk])
        known = Job.objects.unfinished().filter(kind=IMPORT_FILE, created_by=by.user)
        job = known.filter(**{f"parameters__{UPLOAD}": str(upload)}).first()
        asked = {one: getattr(request, one) for one in ASKED}
        if job is not None:
            if other := [one for one in ASKED if job.parameters[one] != asked[one]]:
                raise ImportedOtherwise(job, other)
            return job
        with uploads.opened(upload=upload, owner=by.user.pk):
            pass
        told = {UPLOAD: str(upload), "file": storable_text(name, MAX_FIELD_CHARS)}
        return start_job(kind=IMPORT_FILE, parameters={**told, **asked}, by=by)


def import_upload(*, job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Import a job's file, which stays until the job's end is noted.

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
    return summary.as_result(request)


def forget_imported(*, job: Job) -> None:
    """Delete the file of a job that ends well, as soon as that is noted."""
    if Job.objects.filter(pk=job.pk, state=State.SUCCEEDED).exists():
        upload, owner = UUID(job.parameters[UPLOAD]), job.created_by_id or 0
        transaction.on_commit(partial(uploads.forget, upload=upload, owner=owner), robust=True)


def _measured(file: Any, request: ImportRequest, progress: Progress) -> Iterator[Chunk]:
    """Give the records, and tell about how many there are by the bytes that they took."""
    source = Source(file)
    size = file.seek(0, 2)
    file.seek(0)
    most = settings.MAX_SPOOL_BYTES
    for chunk in records_of(source=source, request=request, max_spool_bytes=most):
        read = max(1, min(source.read_bytes, size))
        progress.total = max(chunk[-1].line, chunk[-1].line * size // read)
        yield chunk
