"""The pages of jobs over HTTP: the list, one of them, and what is asked again."""

import re
import uuid
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from jobs.models import Job, State
from jobs.services.queue import start_job
from jobs.services.reaping import MAX_ATTEMPTS
from jobs.tests.factories import (
    FailedJobFactory,
    JobErrorFactory,
    JobFactory,
    RunningJobFactory,
    SucceededJobFactory,
)
from jobs.tests.working import work_off
from pages.jobs.words import in_time
from pages.tests.hostile import ATTACK, SCRIPT
from pages.tests.markup import text_of
from traces.serializers.curation import BulkSerializer
from traces.services.bulk.changing import start_bulk_change
from traces.tests.factories import TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/jobs/"
RECIPE = {"dataset_name": "sums", "dataset_version": "1", "limit": None}
POLL = {"HX-Request": "true"}


def of(job, *more) -> str:
    return LIST + "/".join([str(job.pk), *more])


def asked_again(page: str) -> str:
    """Give the address by which the list asks again."""
    found = re.search(r'hx-get="(/admin/jobs/changed[^"]+)"', page)
    return found[1].replace("&amp;", "&") if found else ""


def changed(name: str) -> tuple[Job, User]:
    """Change the status of all traces, as somebody."""
    user = User.objects.get(username=name)
    serializer = BulkSerializer(data={"where": {}, "set": {"status": "rejected"}})
    serializer.is_valid(raise_exception=True)
    parameters = dict(serializer.initial_data)
    job = start_bulk_change(
        change=serializer.to_change(), expected_count=None, parameters=parameters, by=acting(user)
    )
    work_off("bulk")
    return job, user


def test_the_list_tells_what_each_does_and_how_far_it_is(curating):
    user = User.objects.get(username="the curator")
    RunningJobFactory(parameters=RECIPE, done=1200, total=9000, created_by=user)
    FailedJobFactory(kind="import", parameters={"source": "gsm8k"})
    text = text_of(curating.get(LIST))
    for part in (
        *("Build of sums 1", "running", "1,200 of 9,000", "the curator"),
        *("Import gsm8k", "failed", "No trace matches: nothing was built.", "less than a second"),
    ):
        assert part in text, part


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({"state": "failed"}, ["Import x"]),
        ({"kind": "build"}, ["Build of sums 1"]),
        ({"kind": "build", "state": "failed"}, []),
        ({"kind": "import", "state": "lost"}, ["Import x"]),
    ],
)
def test_the_list_is_filtered(curating, query, titles):
    JobFactory(parameters=RECIPE)
    FailedJobFactory(kind="import", parameters={"source": "x"})
    page = curating.get(LIST, query).content.decode()
    assert re.findall(r'<a href="/admin/jobs/[^"]+"><bdi>([^<]+)</bdi>', page) == titles
    assert ("is not a valid choice" in page) == (query.get("state") == "lost")


def test_a_filter_has_the_same_chip_everywhere(curating):
    for address in (f"{LIST}?state=", "/admin/activity/?through=", "/admin/traces/?status="):
        page = curating.get(address + "x" * 400).content.decode()
        [chips] = re.findall(r'<ul class="chips".*?</ul>', page, re.DOTALL)
        assert chips.count('class="chip wrong"') == 1
        assert f"<bdi>{'x' * 199}…</bdi>" in chips
        assert "Remove all" in chips


def test_the_list_is_paged(curating, monkeypatch):
    monkeypatch.setattr("pages.shared.keyset.ROWS", 2)
    jobs = JobFactory.create_batch(5)
    page = curating.get(LIST).content.decode()
    assert f"before={jobs[3].pk}" in page
    page = curating.get(LIST, {"before": jobs[3].pk, "kind": "build"}).content.decode()
    assert f"?kind=build&amp;before={jobs[1].pk}" in page
    assert f"?kind=build&amp;after={jobs[2].pk}" in page


def test_the_list_asks_as_often_for_many_as_for_one(curating, django_assert_num_queries):
    RunningJobFactory(parameters=RECIPE)
    with CaptureQueriesContext(connection) as for_one:
        curating.get(LIST)
    RunningJobFactory.create_batch(5, parameters=RECIPE)
    with django_assert_num_queries(len(for_one)):
        curating.get(LIST)


def test_what_the_list_asks_again_is_answered_where_something_changed(curating):
    running, other = RunningJobFactory.create_batch(2, parameters=RECIPE, total=9)
    SucceededJobFactory(parameters=RECIPE)
    address = asked_again(curating.get(LIST).content.decode())
    assert unquote(address).count("~running.0.9") == 2
    assert curating.get(address).status_code == 204
    Job.objects.filter(pk=running.pk).update(done=4)
    response = curating.get(address)
    page = response.content.decode()
    assert "HX-Trigger" not in response
    assert f'id="done-{running.pk}" hx-swap-oob="true"' in page
    assert str(other.pk) in asked_again(page)
    assert f"done-{other.pk}" not in page
    address = asked_again(page)
    Job.objects.update(state=State.SUCCEEDED, finished_at=timezone.now())
    response = curating.get(address)
    assert response["HX-Trigger"].count("Build of sums 1: succeeded.") == 2
    assert asked_again(response.content.decode()) == ""


@pytest.mark.parametrize(
    "asked", ["", "of=x", "of=%00~running", f"of={uuid.UUID(int=7)}~running.1.2"]
)
def test_what_is_no_job_is_not_asked_again(curating, asked):
    assert curating.get(f"{LIST}changed/?{asked}").status_code == 204


def test_a_job_whose_process_ended_is_not_said_to_run(curating):
    long_ago = timezone.now() - timedelta(hours=1)
    RunningJobFactory(heartbeat_at=long_ago, attempt=MAX_ATTEMPTS)
    page = curating.get(LIST).content.decode()
    assert '<span class="label bad">failed</span>' in page
    assert asked_again(page) == ""


def test_a_job_tells_how_far_it_is_and_then_what_it_made(curating):
    TraceFactory.create_batch(2)
    user = User.objects.get(username="the curator")
    job = start_job(kind="build", parameters=RECIPE, by=acting(user))
    page = curating.get(of(job)).content.decode()
    assert "It waits for a worker." in page
    [address] = re.findall(r'id="progress" hx-get="([^"]+)"', page)
    assert curating.get(address, headers=POLL).status_code == 204
    work_off("builds")
    response = curating.get(address, headers=POLL)
    assert response["HX-Retarget"] == response["HX-Reselect"] == "#main"
    page = response.content.decode()
    assert 'href="/admin/datasets/sums-1"' in page
    assert 'id="progress"' not in page
    text = text_of(response)
    for part in ("Build of sums 1 succeeded", "Traces2", "built dataset sums-1", "by the curator"):
        assert part in text, part


def test_a_part_that_asks_again_gets_what_changed(curating):
    job = RunningJobFactory(parameters=RECIPE, done=3, total=9)
    response = curating.get(of(job), {"seen": "running.2.9"}, headers=POLL)
    assert "3 of 9" in text_of(response)
    assert "HX-Retarget" not in response


def test_what_a_job_made_and_is_no_longer_there_has_no_link(curating):
    job = SucceededJobFactory(parameters=RECIPE)
    text = text_of(curating.get(of(job)))
    assert "sums-1 (not there)" in text


@pytest.mark.parametrize(
    ("kind", "parameters", "part"),
    [
        ("contamination", {"dataset": "sums-1", "eval_set": "asked-1"}, "?checked=asked-1#checks"),
        ("bulk", {"where": {"source": "a&b"}, "set": {}}, "/admin/traces?source=a%26b"),
        ("bulk", {"where": {"ids": "x" * 5000}, "set": {}}, "/admin/traces/bulk/"),
        ("undo", {}, "/admin/traces/bulk/"),
        ("score", {"where": {"tag": "seen"}, "criteria": "length"}, "/admin/traces?tag=seen"),
        ("import", {"source": "mine"}, "/admin/traces?source=mine&amp;created_after="),
        ("import_file", {"file": "a.jsonl"}, "Import of a.jsonl"),
        ("bulk_delete", {"where": {}}, "/admin/traces/bulk/"),
        ("fill_queue", {"queue": 7}, "/admin/review#queue-7"),
        ("unheard of", {}, "Asked for"),
    ],
)
def test_a_job_leads_to_what_it_changed(curating, kind, parameters, part):
    TraceFactory()
    DatasetFactory(name="sums", version="1")
    job = SucceededJobFactory(kind=kind, parameters=parameters)
    assert part in curating.get(of(job)).content.decode()


@pytest.mark.parametrize("role", ["reader", "writer"])
@pytest.mark.parametrize("kind", ["bulk", "undo", "score", "bulk_delete", "import_file"])
def test_nobody_is_led_to_what_they_may_not_open(curating, role, kind):
    parameters = {"where": {"tag": "seen"}, "set": {}, "upload": str(uuid.uuid4())}
    job = FailedJobFactory(kind=kind, parameters=parameters)
    assert "/admin/traces/bulk/" in (page := shown(curating, job)) or kind == "import_file", page
    looking = logged_in(role)
    page = shown(looking, job)
    assert "/admin/traces/bulk/" not in page
    assert "Change how it is read" not in page
    if kind == "import_file":
        Job.objects.update(created_by=User.objects.get(username=f"the {role}"))
        assert ("Change how it is read" in shown(looking, job)) is (role == "writer")


def shown(client, job) -> str:
    """Give what is shown of a job, but for its parameters."""
    return client.get(of(job)).content.decode().split("<pre")[0]


def test_errors_are_told_by_line_the_first_hundred(curating):
    job = FailedJobFactory(kind="import")
    JobErrorFactory.create_batch(101, job=job)
    JobErrorFactory(job=job, message="The last")
    response = curating.get(of(job))
    page = response.content.decode()
    assert page.count("This field is required.") == 100
    assert "The last" not in page
    assert "All of them, as errors.jsonl" in text_of(response)
    [address] = re.findall(r'href="([^"]+)" hx-boost="false" download', page)
    lines = b"".join(curating.get(address).streaming_content).decode()
    assert "The last" in lines


def test_who_may_cancels(curating):
    reading, writing = logged_in("reader"), logged_in("writer")
    user = User.objects.get(username="the writer")
    reader = User.objects.get(username="the reader")
    asked = RunningJobFactory(kind="contamination", created_by=reader)
    mine, other = RunningJobFactory(kind="import", created_by=user), RunningJobFactory()
    for client, job, may in (
        (reading, mine, False),
        (reading, asked, True),
        (writing, other, False),
        (writing, mine, True),
        (curating, other, True),
    ):
        page = client.get(of(job)).content.decode()
        assert (f'action="/admin/jobs/{job.pk}/cancel"' in page) is may
        answer = client.post(of(job, "cancel"), follow=True)
        assert answer.status_code == 200
        assert ("This is the job of somebody else" in answer.content.decode()) is not may
        job.refresh_from_db()
        assert (job.state == State.CANCELLED) is may
    page = curating.post(of(other, "cancel"), follow=True).content.decode()
    assert "The job has ended already: cancelled." in page


def test_a_change_is_undone_by_whoever_made_it(curating):
    TraceFactory()
    job, _ = changed("the curator")
    page = curating.get(of(job)).content.decode()
    assert "Change of many traces: rejected" in page
    assert "Undo</button> <small>For a day" in page
    form = {"job": job.pk, "back": of(job)}
    page = curating.post("/admin/activity/undo/", form, follow=True).content.decode()
    assert "It is being undone" in page
    assert f'href="/admin/jobs/{Job.objects.get(kind="undo").pk}"' in page
    assert "For a day" not in page


def test_readers_see_jobs_and_nothing_of_who_did_what():
    reading = logged_in("reader")
    job = SucceededJobFactory(parameters=RECIPE)
    assert "Build of sums 1" in text_of(reading.get(LIST))
    page = reading.get(of(job)).content.decode()
    assert "who did what" not in page
    assert "<form" not in page.split("<main")[1]


def test_what_is_hostile_is_shown_as_text(curating):
    asked = {**RECIPE, "dataset_name": ATTACK, "set": {ATTACK: 1}}
    job = FailedJobFactory(parameters=asked, error=ATTACK, result={ATTACK + "_count": 3})
    JobErrorFactory(job=job, field=ATTACK, message=ATTACK)
    for address in (LIST, of(job)):
        page = curating.get(address).content.decode()
        assert SCRIPT not in page
        assert "\u202e" not in page


@pytest.mark.parametrize("identity", [str(uuid.UUID(int=7)), "0" * 36, "-" * 36, "x"])
def test_a_job_that_is_not_there_is_not_found(curating, identity):
    assert curating.get(f"{LIST}{identity}").status_code == 404


@pytest.mark.parametrize("asked", ["before=%00", "after=x", "kind=%00", f"state={'9' * 400}"])
def test_addresses_that_mean_nothing_are_no_error(curating, asked):
    JobFactory()
    assert curating.get(f"{LIST}?{asked}").status_code == 200


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(milliseconds=300), "less than a second"),
        (timedelta(seconds=-4), "less than a second"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(minutes=3, seconds=20), "3 min 20 s"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=1, minutes=5), "1 d"),
    ],
)
def test_a_length_of_time_is_told_in_its_largest_units(length, words):
    assert in_time(length) == words
