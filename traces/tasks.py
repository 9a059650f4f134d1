"""The kinds of jobs over traces."""

from dataclasses import asdict
from typing import Any

from events import actors
from jobs.kinds import job_kind, unqueued_kind
from jobs.models import Job
from jobs.progress import Progress
from traces.serializers.curation import BulkSerializer
from traces.services.bulk import BULK, NEWEST, change_traces
from traces.services.importing.imports import IMPORT
from tunix_site.models import Role

unqueued_kind(IMPORT, role=Role.WRITER)


@job_kind(BULK, queue="bulk", role=Role.CURATOR)
def bulk(job: Job, progress: Progress) -> dict[str, Any]:
    """Change the traces of a request; those that are as it wants them already stay untouched."""
    asked = {key: value for key, value in job.parameters.items() if key != NEWEST}
    serializer = BulkSerializer(data=asked)
    serializer.is_valid(raise_exception=True)
    by = actors.worker(user=job.created_by)
    counts = change_traces(change=serializer.to_change(), job=job, progress=progress, by=by)
    return asdict(counts)
