"""Whatever is written has its event: by each route, each form of the admin, each kind of job.

What has none is named here, with its reason.
"""

import json
import sys
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.urls import reverse

from datasets.tests.factories import DatasetFactory
from evalsets.tests.factories import EvalSetFactory
from events.models import Event
from jobs.kinds import KINDS
from jobs.models import Job
from jobs.tests.factories import JobFactory
from jobs.tests.working import work_off
from tests.routes import ROUTES, TRACE, World, success
from traces.curation.pieces import BulkPiece
from traces.curation.tags import TagChange
from traces.models import Preference, Trace
from traces.scorers.known import SCORERS
from traces.tests.factories import TraceFactory
from training import programs
from tunix_site.models import ApiKey
from tunix_site.tests.admin_pages import form_of

pytestmark = pytest.mark.django_db

WRITES = [route for route in ROUTES if route[0] != "get"]
UNTOLD = {
    ("post", "/api/traces"): "the trace itself tells who brought it in",
    ("post", "/api/queues/{id}/next"): "a claim, for minutes",
    ("post", "/api/claims/{id}/renew"): "a claim",
    ("delete", "/api/claims/{id}"): "a claim",
    ("put", "/api/columns"): "how the list looks, to oneself alone",
    ("post", "/api/rewards/preview"): "stores nothing",
    ("post", "/api/datasets/preview"): "stores nothing",
}
CONTENT = (TRACE["prompt"], TRACE["steps"][0]["content"])  # type: ignore[index]


@pytest.fixture(autouse=True)
def _programs_can_be_run(monkeypatch):
    """Have the training environment be there: whatever would be run, is not."""
    monkeypatch.setattr(programs, "PYTHON", Path(sys.executable))


@pytest.mark.parametrize("route", WRITES, ids=" ".join)
def test_what_a_route_writes_is_told_and_its_content_is_not(client_as, route):
    world, client = World(), client_as("trainer")
    before = set(Event.objects.values_list("pk", flat=True))
    response = world.call(client, route)
    assert response.status_code == success(route), response.content
    told = list(Event.objects.exclude(pk__in=before))
    assert (told == []) == (route in UNTOLD), told
    for event in told:
        assert (event.actor_name, event.through) == ("a trainer", "api")
        assert (event.key_name, event.job_id) == ("test", None)
        text = json.dumps([event.before, event.after, event.where])
        assert not [content for content in CONTENT if content in text]


def test_what_has_no_event_is_a_route():
    assert set(UNTOLD) <= set(WRITES)


def test_a_trace_that_comes_alone_tells_who_brought_it_in(writer):
    identity = writer.post("/api/traces", TRACE, format="json").json()["id"]
    trace = Trace.objects.get(pk=identity)
    assert (trace.created_by.username, trace.created_with.name) == ("a writer", "test")
    assert not Event.objects.exists()


# The admin: by the form, what it is sent for; `delete` also where several are ticked.


def ticked(action, row, **more):
    return {"action": action, "_selected_action": [row.pk], **more}


def forms_of_traces():
    trace = TraceFactory(meta={"reference_answer": "4"})
    yield "change", {"status": "approved"}, trace
    for action in ("approve", "reject", "flag", *(f"score_{one}" for one in SCORERS)):
        yield action, {}, TraceFactory(meta={"reference_answer": "4"})
    yield "score_all", {"criteria": "baseline"}, None
    yield "delete", {}, TraceFactory()


def forms_of_datasets():
    TraceFactory(status="approved")
    yield "delete", {}, DatasetFactory()


def forms_of_preferences():
    one, other, third = TraceFactory.create_batch(3, prompt=TRACE["prompt"])
    yield "add", {"chosen_id": one.pk, "rejected_id": other.pk, "note": ""}, None
    reviewer = User.objects.create_user("somebody")
    yield "delete", {}, Preference.objects.create(chosen=one, rejected=third, reviewer=reviewer)


def forms_of_users():
    passwords = {"password1": "a long passphrase", "password2": "a long passphrase"}
    yield "add", {"username": "bob", "usable_password": "true", **passwords}, None
    cid = User.objects.create_user("cid")
    yield "change", {"username": "cyd", "is_active": "on"}, cid
    yield "password_change", {"usable_password": "true", **passwords}, cid
    yield "delete", {}, cid


def forms_of_groups():
    yield "add", {"name": "night shift"}, None
    group = Group.objects.create(name="day shift")
    yield "change", {"name": "early shift"}, group
    yield "delete", {}, group


def forms_of_keys():
    user = User.objects.create_user("dee")
    never = {"expires_at_0": "", "expires_at_1": ""}
    yield "add", {"user": user.pk, "name": "nightly", "role": "reader", **never}, None
    key, _ = ApiKey.objects.issue(user=user, name="nightly", role="reader")
    yield "change", {"name": "weekly", **never}, key
    yield "revoke", {}, key
    yield "delete", {}, key


FORMS = {
    "traces_trace": forms_of_traces,
    "traces_preference": forms_of_preferences,
    "datasets_dataset": forms_of_datasets,
    "evalsets_evalset": lambda: [("delete", {}, EvalSetFactory())],
    "jobs_job": lambda: [("cancel", {}, JobFactory())],
    "auth_user": forms_of_users,
    "auth_group": forms_of_groups,
    "tunix_site_apikey": forms_of_keys,
}


def deeds() -> dict[str, set[str]]:
    """Give what may be done in the admin, by the model's page."""
    found = {"auth_user": {"password_change"}}  # beside its model's, a page of Django's own
    for model, page in admin.site._registry.items():
        actions = {one if isinstance(one, str) else one.__name__ for one in page.actions or ()}
        listed = set(getattr(page, "actions_list", ()))
        if may := (page.allows | actions | listed) - {"delete_selected"}:
            found.setdefault(f"{model._meta.app_label}_{model._meta.model_name}", set()).update(may)
    return found


def test_every_form_of_the_admin_is_tried_here():
    assert {page: {deed for deed, _, _ in forms()} for page, forms in FORMS.items()} == deeds()


@pytest.mark.parametrize("page", FORMS)
def test_what_a_form_of_the_admin_writes_is_told(admin_client, page):
    for deed, form, row in FORMS[page]():
        before = Event.objects.count()
        if deed in ("change", "password_change"):
            url = reverse(f"admin:{page}_{deed}", args=[row.pk])
            shown = form_of(admin_client.get(url)) if page == "traces_trace" else {}
            sent = {**shown, **form}
        elif deed == "delete":
            url, sent = reverse(f"admin:{page}_delete", args=[row.pk]), {"post": "yes"}
        elif deed in ("add", "score_all"):
            url, sent = reverse(f"admin:{page}_{deed}"), form
        else:
            url, sent = reverse(f"admin:{page}_changelist"), ticked(deed, row)
        response = admin_client.post(url, sent)
        assert response.status_code == 302, (deed, response.content.decode())
        told = Event.objects.order_by("-id")[: Event.objects.count() - before]
        assert told, deed
        assert {(one.actor_name, one.through) for one in told} == {("admin", "admin")}


# Workers: what a job did is told of the job, for whoever started it.

JOBS = {
    "bulk": ("post", "/api/traces/bulk"),
    "bulk_delete": ("post", "/api/traces/bulk-delete"),
    "undo": ("post", "/api/jobs/{id}/undo"),
    "score": ("post", "/api/traces/score-all"),
    "fill_queue": ("post", "/api/queues"),
    "build": ("post", "/api/datasets/build"),
    "generate": ("post", "/api/evalsets/generate"),
    "import": ("post", "/api/traces/import"),
    "import_file": ("post", "/admin/import/file/{upload}"),
    "contamination": ("get", "/api/datasets/{key}/contamination"),
}
UNTOLD_OF_JOBS = {
    "import_file": "needs a file that was sent: traces/tests/imports/test_uploads.py",
    "fill_queue": "the queue's own event and that of the job's start tell",
    "contamination": "reads",
    "generate": "runs in the training environment; it calls the service that a request calls",
}


def tag_the_trace(world: World) -> None:
    """Have the world's change of many have changed something, which is there to be undone."""
    tagger, job = User.objects.get(username="a writer"), world.bulk_job
    TagChange.objects.create(
        trace=world.trace, changed_by=tagger, before=["x"], after=[], job=job.pk
    )
    BulkPiece.objects.create(
        job=job, number=0, ids=[world.trace.pk], matched_count=1, changed_count=1
    )


def test_every_kind_of_job_is_tried_here():
    assert set(JOBS) == set(KINDS)


@pytest.mark.parametrize("kind", sorted(set(JOBS) - set(UNTOLD_OF_JOBS)))
def test_what_a_job_did_is_found_by_the_job(client_as, curator, kind):
    world, client = World(), client_as("trainer")
    tag_the_trace(world)
    headers = {"Prefer": "respond-async"} if kind == "build" else {}
    before = set(Job.objects.values_list("pk", flat=True))
    world.call(client, JOBS[kind], headers=headers)
    job = Job.objects.exclude(pk__in=before).get()
    if KINDS[kind].queue:
        work_off(KINDS[kind].queue)
    rows = curator.get(f"/api/events?job={job.pk}").json()["results"]
    start, done = rows[-1], rows[0]
    assert (start["action"], start["object"]) == ("start", {"type": "job", "id": str(job.pk)})
    assert len(rows) == 2
    assert {row["actor"] for row in rows} == {"a trainer"}
    if KINDS[kind].queue:
        assert (done["through"], done["job"]) == ("worker", str(job.pk))
