"""Doing what the pages of a change of many traces send; what is refused is told in words."""

from typing import Any

from rest_framework.exceptions import APIException

from events.actors import Actor
from jobs.models import Job
from jobs.services.queue import cancel_job
from jobs.services.undoing import undo_job
from pages.traces.bulk.asking import Asking, read
from pages.traces.bulk.showing import question
from traces.services.bulk.changing import start_bulk_change
from tunix_site.errors import text_of


def asked_about(asking: Asking) -> tuple[dict[str, Any] | None, str]:
    """Give what a person is asked; None and the reason where it is refused."""
    try:
        return question(asking), ""
    except APIException as error:
        return None, text_of(error.detail)


def started(asking: Asking, *, count: str, by: Actor) -> tuple[Job | None, str]:
    """Start what was confirmed of so many traces; None and the reason where it is refused."""
    try:
        checked = asking.checked(expected_count=read(count))
        job = start_bulk_change(
            change=checked.to_change(),
            expected_count=checked.validated_data["expected_count"],
            parameters=dict(checked.initial_data),
            by=by,
        )
        return job, ""
    except APIException as error:
        return None, text_of(error.detail)


def cancelled(job: Job, *, by: Actor, rank: int) -> str:
    """Cancel it; give the reason where that is refused."""
    try:
        cancel_job(job=job, by=by, rank=rank)
        return ""
    except APIException as error:
        return text_of(error.detail)


def undone(job: Job, *, by: Actor) -> tuple[Job, str]:
    """Give the job that undoes it; the job itself and the reason where that is refused."""
    try:
        return undo_job(job=job, by=by), ""
    except APIException as error:
        return job, text_of(error.detail)
