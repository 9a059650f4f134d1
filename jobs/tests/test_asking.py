"""A worker does jobs of every kind for those who may still ask for them."""

import pytest

from datasets.tests.factories import CuratorFactory
from events.tests.acting import acting
from jobs.kinds import KINDS
from jobs.models import State
from jobs.services.queue import start_job
from jobs.tests.working import work_off

pytestmark = pytest.mark.django_db

QUEUED = sorted(name for name, kind in KINDS.items() if kind.queue)


def take_role(user):
    user.groups.clear()


def switch_off(user):
    user.is_active = False
    user.save()


@pytest.fixture
def asks():
    return CuratorFactory()


def test_a_job_is_done_by_who_asked_for_it(kinds, asks):
    job = start_job(kind="sum", parameters={}, by=acting(asks))
    kinds["run"] = lambda job, progress: {"by": job.created_by.username}
    work_off("bulk")
    job.refresh_from_db()
    assert (job.state, job.result) == (State.SUCCEEDED, {"by": asks.username})


@pytest.mark.parametrize("kind", QUEUED)
@pytest.mark.parametrize("take", [take_role, switch_off])
def test_no_kind_is_begun_for_who_may_not_any_more(asks, kind, take):
    job = start_job(kind=kind, parameters={}, by=acting(asks))
    take(asks)
    work_off(KINDS[kind].queue)
    job.refresh_from_db()
    told = {
        take_role: f"Whoever started it has not the role {KINDS[kind].role} any more.",
        switch_off: "Whoever started it may not sign in any more.",
    }
    assert (job.state, job.error) == (State.FAILED, told[take])
