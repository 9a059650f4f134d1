"""The one task of the queue: to run a job."""

import logging
from uuid import UUID

from django_tasks import task

from jobs.errors import STOPS
from jobs.kinds import KINDS
from jobs.models import Job
from jobs.services.asking import asker_of
from jobs.services.lease import fail_unknown, running

log = logging.getLogger(__name__)


@task
def run_job(job_id: str) -> None:
    """Run a job that is queued; one that was cancelled or taken meanwhile is left alone.

    It fails where whoever asked for it may not any more.
    What goes wrong is noted in the job and never raised: the queue's own row would keep it, too.
    """
    job = Job.objects.filter(pk=UUID(job_id)).first()
    if job is None:
        return
    kind = KINDS.get(job.kind)
    if kind is None or kind.run is None:
        fail_unknown(job=job)
        return
    try:
        with running(job=job) as progress:
            progress.result = kind.run(job, progress, asker_of(job=job))
    except STOPS as stop:
        log.info("job %s (%s): %s", job.pk, job.kind, stop)
    except Exception as error:  # noted in the job
        log.info("job %s (%s) ended with %s", job.pk, job.kind, type(error).__name__)
