"""POST /api/datasets/build of more traces than are taken while somebody waits."""

import pytest
from django.db import connection

from datasets import tasks
from datasets.models import Dataset, DatasetItem, RemovedTrace
from datasets.recipe import funnel
from datasets.services import build
from datasets.tests.factories import DatasetFactory
from datasets.tests.recipe.test_decontaminate import FERRY, asked
from events.tests.acting import acting
from jobs.errors import JobCancelled
from jobs.models import Job
from jobs.services.lease import running
from jobs.tests.working import work_off
from traces.tests.concurrency import elsewhere, like
from traces.tests.factories import ScoreFactory, TraceFactory
from tunix_site.tests.live import wait_until

pytestmark = pytest.mark.django_db

URL = "/api/datasets/build"
NAMED = {"dataset_name": "sums", "dataset_version": "1"}


@pytest.fixture(autouse=True)
def few_at_once(monkeypatch):
    monkeypatch.setattr(build, "MOST_AT_ONCE", 3)


def post(client, **recipe):
    headers = recipe.pop("headers", {})
    return client.post(URL, {**NAMED, **recipe}, format="json", headers=headers)


@pytest.mark.parametrize(
    "recipe", [{}, {"limit": 1}, {"limit": None}, {"exact": True}, {"where": {"min_steps": 1}}]
)
def test_a_build_of_many_matches_is_done_by_a_worker(curator, recipe):
    TraceFactory.create_batch(4)
    accepted = post(curator, **recipe)
    assert accepted.status_code == 202
    assert (accepted.json()["kind"], accepted.json()["state"]) == ("build", "queued")
    assert accepted["Location"] == f"/api/jobs/{accepted.json()['id']}"
    assert not Dataset.objects.exists()
    work_off("builds")
    job = curator.get(accepted["Location"]).json()
    assert (job["state"], job["result"]["matched_count"]) == ("succeeded", 4)
    stored = post(curator, **recipe)
    assert (stored.status_code, stored.json()["build_id"]) == (200, job["result"]["build_id"])


@pytest.mark.parametrize("recipe", [{}, {"limit": 1}, {"limit": None}, {"exact": True}])
def test_as_many_as_are_taken_at_once_are_built_at_once(curator, recipe):
    TraceFactory.create_batch(3)
    TraceFactory.create_batch(3, meta={"source": "other"})
    built = post(curator, where={"source": "other"}, **recipe)
    assert (built.status_code, built.json()["matched_count"]) == (201, 3)


def test_the_same_key_queues_a_large_build_once(curator):
    TraceFactory.create_batch(4)
    first, again = (post(curator, headers={"idempotency-key": "once"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert Job.objects.count() == 1


def test_another_request_under_the_name_is_refused_at_once(curator):
    TraceFactory.create_batch(4)
    DatasetFactory(name="sums", recipe__limit=2)
    response = post(curator, limit=3)
    assert response.status_code == 409
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_who_builds_what_another_is_building_gets_a_job(curator, monkeypatch):
    TraceFactory()
    monkeypatch.setattr(build, "WAIT", "'100ms'")
    other = like(curator)
    answers = []

    def ask(recipe, candidates):
        answers.append(elsewhere(lambda: post(other)))
        return first.apply(recipe, candidates)

    first = funnel.STEPS["match"]
    monkeypatch.setitem(funnel.STEPS, "match", first._replace(apply=ask))
    DatasetFactory(name="sums", recipe__limit=100)
    assert [answer.status_code for answer in answers] == [202]
    monkeypatch.setitem(funnel.STEPS, "match", first)
    work_off("builds")
    job = Job.objects.get()
    assert (job.state, job.result["created"]) == ("succeeded", False)


EVERY_STEP = {
    "exact": True,
    "verify": {"criteria": "judge", "scorer_version": "1"},
    "dedupe": {"near": {"threshold": 0.9}, "per_prompt": 2},
    "seed": 1,
    "splits": {"all": 1.0},
    "split_by": "near",
    "pair": {"rules": ["approved_over_rejected"]},
}


def every_step(client) -> Job:
    """Ask for a build by all steps, of which each has something to do."""
    for number in range(6):
        trace = TraceFactory(
            prompt=f"What is the {number % 3}th of all numbers that there are?",
            status="approved" if number < 3 else "rejected",
        )
        ScoreFactory(trace=trace, criteria="judge", scorer_version="1", value=1)
    against = {"against": [{"eval_set": asked(FERRY)}]}
    accepted = post(client, decontaminate=against, **EVERY_STEP)
    return Job.objects.get(pk=accepted.json()["id"])


def test_the_steps_that_are_done_are_told_meanwhile(curator, monkeypatch):
    job = every_step(curator)
    told = {}

    def watched(name, step):
        def apply(recipe, candidates):
            told[name] = [line["step"] for line in (progress.result or {}).get("funnel", [])]
            return step.apply(recipe, candidates)

        return step._replace(apply=apply)

    for name, step in list(funnel.STEPS.items()):
        monkeypatch.setitem(funnel.STEPS, name, watched(name, step))
    with running(job=job) as progress:
        progress.result = tasks.build(job, progress, acting(job.created_by))
    names = list(told)
    assert told == {name: names[:number] for number, name in enumerate(names)}
    assert names == list(funnel.STEPS)
    assert "funnel" not in progress.result


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", funnel.STEPS)
def test_a_build_is_cancelled_at_every_step(curator, monkeypatch, settings, name):
    settings.JOB_LEASE_SECONDS = 1
    job, client = every_step(curator), like(curator)
    step, begun = funnel.STEPS[name], []

    def cancelled(recipe, candidates):
        begun.append(name)
        assert elsewhere(lambda: client.delete(f"/api/jobs/{job.pk}")).status_code == 204
        wait_until(lambda: progress.stopped is not None)
        return step.apply(recipe, candidates)

    monkeypatch.setitem(funnel.STEPS, name, step._replace(apply=cancelled))
    with pytest.raises(JobCancelled), running(job=job) as progress:
        tasks.build(job, progress, acting(job.created_by))
    job.refresh_from_db()
    assert (begun, job.state) == ([name], "cancelled")
    for model in (Dataset, DatasetItem, RemovedTrace):
        assert not model.objects.exists()


def test_one_statement_takes_no_longer_than_somebody_waits(curator, monkeypatch):
    TraceFactory.create_batch(2)
    first, slept = funnel.STEPS["match"], []

    def slow(recipe, candidates):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(30)")
        slept.append(True)
        return first.apply(recipe, candidates)

    monkeypatch.setattr(build, "MOST_SECONDS", 0.2)
    monkeypatch.setitem(funnel.STEPS, "match", first._replace(apply=slow))
    accepted = post(curator)
    assert (accepted.status_code, slept) == (202, [])
    assert not Dataset.objects.exists()
    monkeypatch.setitem(funnel.STEPS, "match", first)
    work_off("builds")
    assert curator.get(accepted["Location"]).json()["state"] == "succeeded"


def test_what_follows_a_build_in_its_transaction_takes_its_time(curator):
    TraceFactory()
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()
        assert post(curator).status_code == 201
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == before


def test_a_build_that_takes_too_long_is_done_by_a_worker(curator, monkeypatch):
    TraceFactory.create_batch(2)
    monkeypatch.setattr(build, "MOST_SECONDS", -1)
    accepted = post(curator)
    assert accepted.status_code == 202
    assert not Dataset.objects.exists()
    work_off("builds")
    assert curator.get(accepted["Location"]).json()["state"] == "succeeded"
