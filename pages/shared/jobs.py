"""The jobs that pages show: none is said to run whose process has ended."""

from rest_framework.exceptions import NotFound

from events.actors import Actor
from jobs.models import Job, JobQuerySet
from jobs.services.queue import cancel_job
from jobs.services.reaping import reap_lapsed
from pages.shared.refusals import refusable
from tunix_site.database.ids import uuid_in


def job_with(identity: str, *kinds: str) -> Job:
    """Find a job, of these kinds where some are named; NotFound where there is none of that id."""
    known = Job.objects.select_related("undoes", "created_by")
    if kinds:
        known = known.filter(kind__in=kinds)
    pk = uuid_in(identity)
    job = newest(known.filter(pk=pk)) if pk else None
    if job is None:
        raise NotFound("There is no such job.")
    return job


def cancelled(job: Job, *, by: Actor, rank: int) -> str:
    """Cancel a job; give the reason where that is refused."""
    with refusable() as refused:
        cancel_job(job=job, by=by, rank=rank)
    return refused.text


def newest(jobs: JobQuerySet) -> Job | None:
    """Give the job that was started last."""
    reap_lapsed(jobs=jobs)
    return jobs.order_by("-pk").first()
