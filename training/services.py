"""Starting what runs in the training environment."""

from typing import Any

from events.actors import Actor
from jobs.models import Job
from jobs.services.queue import start_job
from training import tasks
from training.programs import refuse_without_environment
from training.serializers import GenerateSerializer


def start_generating(*, body: Any, by: Actor) -> Job:
    """Queue the generation of an evaluation set; ValidationError where the body is wrong.

    Unavailable where the training environment is missing.
    """
    serializer = GenerateSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    refuse_without_environment()
    return start_job(kind=tasks.GENERATE, parameters=dict(body), by=by)
