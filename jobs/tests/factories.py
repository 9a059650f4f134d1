"""Jobs in each state."""

import factory
from django.db.models.functions import Now

from jobs.models import Job, JobError, State


class JobFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Job
        skip_postgeneration_save = True

    kind = "build"

    @factory.post_generation
    def as_stored(self, create, extracted, **kwargs):
        self.refresh_from_db()


class RunningJobFactory(JobFactory):
    state = State.RUNNING
    attempt = 1
    started_at = Now()
    heartbeat_at = Now()


class SucceededJobFactory(JobFactory):
    state = State.SUCCEEDED
    done = total = 3
    started_at = finished_at = Now()
    result = {"dataset_key": "sums-1"}


class FailedJobFactory(JobFactory):
    state = State.FAILED
    started_at = finished_at = Now()
    error = "No trace matches: nothing was built."


class JobErrorFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = JobError

    job = factory.SubFactory(FailedJobFactory)
    line = factory.Sequence(lambda number: number + 1)
    field = "prompt"
    message = "This field is required."
