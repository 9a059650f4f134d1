"""The jobs that pages show: none is said to run whose process has ended."""

from uuid import UUID

from rest_framework.exceptions import NotFound

from events.actors import Actor
from jobs.models import Job, JobQuerySet
from jobs.services.queue import cancel_job
from jobs.services.reaping import reap_lapsed
from pages.shared.refusals import refusable


def job_with(identity: str, *kinds: str) -> Job:
    """Find a job, of these kinds where some are named; NotFound where there is none of that id."""
    known = Job.objects.select_related("undoes", "created_by")
    if kinds:
        known = known.filter(kind__in=kinds)
    job = newest(known.filter(pk=identity)) if _is_id(identity) else None
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


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
