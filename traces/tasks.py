"""The kinds of jobs over traces."""

from dataclasses import asdict
from typing import Any
from uuid import UUID

from events.actors import Actor
from jobs.kinds import job_kind, unqueued_kind
from jobs.models import Job
from jobs.progress import Progress
from traces.curation.queues import Queue
from traces.serializers.curation import BulkSerializer
from traces.serializers.deletion import BulkDeletionSerializer
from traces.serializers.scores import ScoreAllSerializer
from traces.services.bulk.changing import BULK, change_traces, tell_of_change
from traces.services.bulk.deleting import BULK_DELETE, delete_traces
from traces.services.bulk.undoing import UNDO, tell_of_undoing, undo_bulk_change
from traces.services.importing.queued import forget_imported, import_upload
from traces.services.importing.summary import IMPORT
from traces.services.importing.uploads import IMPORT_FILE
from traces.services.queues.filling import FILL, fill_queue
from traces.services.scoring.score_all import SCORE, score_all
from traces.services.walking import NEWEST
from tunix_site.models import Role

unqueued_kind(IMPORT, role=Role.WRITER)


@job_kind(IMPORT_FILE, queue="imports", role=Role.WRITER, tell=forget_imported)
def import_file(job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Import a file that somebody sent; done again, it goes on."""
    return import_upload(job=job, progress=progress, by=by)


@job_kind(BULK, queue="bulk", role=Role.CURATOR, undone_by=UNDO, tell=tell_of_change)
def bulk(job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Change the traces of a request; those that are as it wants them already stay untouched."""
    asked = {key: value for key, value in job.parameters.items() if key != NEWEST}
    serializer = BulkSerializer(data=asked)
    serializer.is_valid(raise_exception=True)
    newest = job.parameters.get(NEWEST)  # of one that was queued before ids were kept
    counts = change_traces(
        change=serializer.to_change(),
        job=job,
        progress=progress,
        by=by,
        newest=UUID(newest) if newest else None,
    )
    return asdict(counts)


@job_kind(BULK_DELETE, queue="bulk", role=Role.CURATOR, for_superusers=True)
def bulk_delete(job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Delete the traces of a request; done again, it goes on."""
    serializer = BulkDeletionSerializer(data=job.parameters)
    serializer.is_valid(raise_exception=True)
    return delete_traces(
        deletion=serializer.to_deletion(),
        job=job,
        progress=progress,
        by=by,
    )


@job_kind(UNDO, queue="bulk", role=Role.CURATOR, tell=tell_of_undoing)
def undo(job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Undo what a bulk change did; done again, it goes on."""
    return undo_bulk_change(job=job, progress=progress, by=by)


@job_kind(SCORE, queue="scoring", role=Role.CURATOR)
def score(job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Score the traces of a request; done again, it goes on with those that lack a score."""
    asked = {key: value for key, value in job.parameters.items() if key != NEWEST}
    serializer = ScoreAllSerializer(data=asked)
    serializer.is_valid(raise_exception=True)
    scoring = serializer.to_scoring(newest=UUID(job.parameters[NEWEST]))
    counts = {"scored_count": 0, "undecided_count": 0}
    progress.total = scoring.to_score().count()  # fewer, where it goes on
    for batch in score_all(scoring=scoring, by=by, job=job.pk, check=progress.check):
        counts["scored_count"] += batch.scored_count
        counts["undecided_count"] += batch.undecided_count
        progress.done += batch.trace_count
    progress.total = progress.done
    return {"scorer_version": scoring.scorer.version, **counts}


@job_kind(FILL, queue="queues", role=Role.CURATOR)
def fill(job: Job, progress: Progress, by: Actor) -> dict[str, Any]:
    """Fill a queue with the traces that match; done again, it adds those that are not there."""
    return fill_queue(
        queue=Queue.objects.get(pk=job.parameters["queue"]),
        newest=UUID(job.parameters[NEWEST]),
        progress=progress,
        by=by,
    )
