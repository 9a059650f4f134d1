"""The activity over HTTP: who did what, what became of one thing, and undoing it."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from datasets.tests.factories import DatasetFactory
from events import actors
from events.models import Event
from events.services import record_event
from events.tests.acting import acting
from jobs.models import Job
from jobs.tests.factories import SucceededJobFactory
from jobs.tests.working import work_off
from pages.activity.listing import page_of
from pages.activity.of_object import changes_of
from pages.shared.keyset import From
from pages.tests.hostile import ATTACK
from pages.tests.markup import text_of
from traces.models import Review, Trace
from traces.services.reviews import Verdict, review_trace
from traces.tests.factories import TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/activity/"


def link(response, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', response.content.decode())
    return found and ADDRESS + unescape(found[1])


def told(action="review", object_type="trace", by="ada", **more) -> Event:
    user, _ = User.objects.get_or_create(username=by)
    return record_event(by=acting(user), action=action, object_type=object_type, **more)


def curator() -> User:
    return User.objects.get(username="the curator")


def changed_at_once(client, by: str, **body) -> Job:
    """Have a person change all traces by the API and a worker."""
    response = client.post("/api/traces/bulk", {"where": {}, "set": body}, format="json")
    assert response.status_code == 202, response.content
    work_off("bulk")
    return Job.objects.get(pk=response.json()["id"])


def test_it_says_who_did_what_from_what_to_what_and_through_what(curating):
    trace = TraceFactory()
    told(object_id=trace.pk, before={"status": "unreviewed"}, after={"status": "rejected"})
    told("change", count=2459, after={"status": "approved"}, where={"source": "gsm8k"})
    text = text_of(curating.get(ADDRESS))
    assert f"ada reviewed trace {trace.pk} status unreviewed" in text
    assert "to rejected API" in text
    assert "ada changed 2,459 traces where source = gsm8k" in text


def test_people_and_queues_are_told_by_name(admin_client):
    root = admin_client
    user = User.objects.create_user(username="ben")
    told("set_password", "user", object_id=user.pk)
    told("change", "queue", object_id=7, after={"name": "sums"})  # which is not there
    page = root.get(ADDRESS)
    assert "set the password of user ben" in text_of(page)
    assert f'href="/admin/settings/people/{user.pk}"' in page.content.decode()
    assert "changed queue 7" in text_of(page)
    assert "Changes of user ben" in text_of(root.get(f"{ADDRESS}user/{user.pk}/"))
    assert "Changes of user 999" in text_of(root.get(f"{ADDRESS}user/999/"))


def test_of_chosen_traces_the_number_is_told(curating):
    ids = ",".join(str(trace.pk) for trace in TraceFactory.create_batch(3))
    told("change", count=3, after={"status": "approved"}, where={"ids": ids, "source": "gsm8k"})
    text = text_of(curating.get(ADDRESS))
    assert "changed 3 traces where ids = 3 of them, source = gsm8k" in text


def test_an_import_is_told_with_what_it_brought():
    job = SucceededJobFactory()
    told("import", "job", object_id=str(job.pk), count=500)
    by = User.objects.get(username="ada")
    [row] = changes_of("job", job.pk, user=by).rows
    assert (row.deed, row.thing, row.size) == ("imported 500 traces", "", "")
    [row] = page_of({}, From(), user=by).rows
    assert (row.deed, row.kind, row.thing) == ("imported 500 traces by", "job", str(job.pk))


def test_pages_are_walked_by_newer_and_older_within_a_filter(curating):
    for number in range(103):
        told(object_id=f"number-{number}.")
        told("score")
    numbers = re.compile(r"number-([0-9]+)\.")

    def shown(page):
        return [int(one) for one in numbers.findall(text_of(page))]

    first = curating.get(f"{ADDRESS}?action=review")
    assert shown(first) == [*range(102, 52, -1)]
    assert link(first, "prev") is None
    second = curating.get(link(first, "next"))
    third = curating.get(link(second, "next"))
    assert shown(third) == [2, 1, 0]
    assert link(third, "next") is None
    assert shown(curating.get(link(third, "prev"))) == shown(second)


def test_a_wrong_filter_is_named_and_drops_no_other(curating):
    told("delete", "queue", object_id="7")
    told("score")
    response = curating.get(
        f"{ADDRESS}?action=delete&through=telepathy&created_after=soon&before=x"
    )
    text = text_of(response)
    assert '"telepathy" is not a valid choice.' in text
    assert "deleted queue 7" in text
    assert "scored" not in text
    left = re.findall(
        r'href="\?([^"]*)"><span aria-hidden="true">&times;', response.content.decode()
    )
    assert [unescape(one) for one in left] == [
        "through=telepathy&created_after=soon",
        "action=delete&created_after=soon",
        "action=delete&through=telepathy",
    ]


def test_a_page_costs_few_queries(curating, django_assert_num_queries):
    by = acting(curator())
    for trace in TraceFactory.create_batch(60):
        review_trace(trace=trace, verdict=Verdict(status="approved"), by=by)
    # three for who asks; the rows, what may be undone, and three lists to choose from
    with django_assert_num_queries(8):
        curating.get(ADDRESS)
    for job in SucceededJobFactory.create_batch(20, kind="bulk", created_by=by.user):
        who = actors.worker(user=by.user, job_id=job.pk)
        record_event(by=who, action="change", object_type="trace", count=5)
    with django_assert_num_queries(10):  # and of all jobs, which were undone
        assert curating.get(ADDRESS).content.decode().count('type="hidden" name="job"') == 20


def test_a_review_of_ones_own_is_undone_and_no_other(curating):
    mine, theirs, later = TraceFactory.create_batch(3)
    by, other = acting(curator()), acting(User.objects.create_user("ada"))
    approved = Verdict(status="approved")
    review = review_trace(trace=mine, verdict=approved, by=by)
    others = review_trace(trace=theirs, verdict=approved, by=other)
    review_trace(trace=later, verdict=approved, by=by)
    review_trace(trace=later, verdict=Verdict(status="rejected"), by=other)
    page = curating.get(ADDRESS).content.decode()
    assert re.findall(r'name="review" value="([0-9]+)"', page) == [str(review.pk)]
    undo = {"review": review.pk, "back": f"{ADDRESS}?action=review"}
    response = curating.post(reverse("activity-undo"), undo, follow=True)
    assert response.redirect_chain == [(f"{ADDRESS}?action=review", 302)]
    assert "Undone: the trace is unreviewed again." in text_of(response)
    mine.refresh_from_db()
    assert mine.status == "unreviewed"
    for one in (review, others):
        response = curating.post(reverse("activity-undo"), {"review": one.pk}, follow=True)
        assert response.redirect_chain == [(ADDRESS.rstrip("/"), 302)]
        said = text_of(response)
        assert ("It was undone already." in said) or ("It is somebody else's" in said)


@pytest.mark.parametrize("back", ["", "https://evil.example/admin/", "//evil.example"])
def test_undoing_goes_back_to_pages_of_ours_alone(curating, back):
    response = curating.post(reverse("activity-undo"), {"review": "none", "back": back})
    assert (response.status_code, response["Location"]) == (302, ADDRESS.rstrip("/"))


def test_what_a_job_changed_is_undone(curating, client_as):
    traces = TraceFactory.create_batch(3)
    logged_in("curator")
    job = changed_at_once(client_as("curator"), "curator", status="rejected")
    assert f'name="job" value="{job.pk}"' not in curating.get(ADDRESS).content.decode()
    Job.objects.filter(pk=job.pk).update(created_by=curator())
    assert f'name="job" value="{job.pk}"' in curating.get(ADDRESS).content.decode()
    response = curating.post(reverse("activity-undo"), {"job": job.pk}, follow=True)
    assert "It is being undone" in text_of(response)
    work_off("bulk")
    assert {trace.status for trace in Trace.objects.filter(pk__in=[one.pk for one in traces])} == {
        "unreviewed"
    }


def test_after_a_change_of_many_the_history_of_a_trace_tells_of_it(curating, client_as):
    trace = TraceFactory(tags=["old"])
    job = changed_at_once(client_as("curator"), "curator", status="rejected", add_tags=["bulk"])
    for address in (
        f"{ADDRESS}trace/{trace.pk}/",
        f"/admin/traces/{trace.pk}/?tab=changes",
        f"/admin/traces/trace/{trace.pk}/history/",  # the admin's own
    ):
        text = text_of(curating.get(address, follow=True))
        assert "a curator reviewed this and others status unreviewed" in text
        assert "to rejected" in text
        assert "a curator tagged this and others tags old" in text
        assert "to old, bulk" in text
    changes = changes_of("trace", trace.pk, user=curator())
    assert {change.job for change in changes.rows[:-1]} == {job.pk}


def test_each_change_of_a_trace_is_told_once_and_who_brought_it_in_last(writer, client_as):
    document = {
        "trace_version": "1",
        "prompt": "p",
        "final_answer": "a",
        "steps": [{"i": 0, "type": "t", "content": "c"}],
        "meta": {"source": "by hand"},
    }
    identity = writer.post("/api/traces", document, format="json").json()["id"]
    client = client_as("curator")
    review = client.post(f"/api/traces/{identity}/reviews", {"verdict": "rejected"}, format="json")
    client.post(f"/api/reviews/{review.json()['id']}/undo")
    client.patch(f"/api/traces/{identity}", {"tags": ["x"]}, format="json")
    client.post(f"/api/traces/{identity}/score", {}, format="json")
    changes = changes_of("trace", identity, user=User.objects.get(username="a curator"))
    assert [change.deed for change in changes.rows] == [
        "scored",
        "tagged",
        "undid a change of",
        "reviewed",
        "brought it in",
    ]
    origin = changes.rows[-1]
    assert (origin.who, origin.key, origin.fields[0].after) == ("a writer", "test", "by hand")
    assert (changes.is_cut, Review.objects.count()) == (False, 2)


def test_history_pages_of_the_admin_show_what_was_told(admin_client):
    TraceFactory(status="approved")
    dataset = DatasetFactory(name="built")
    page = admin_client.get(f"/admin/datasets/dataset/{dataset.pk}/history/", follow=True)
    assert page.redirect_chain == [(f"{ADDRESS}dataset/built-1", 302)]
    assert "built 1 traces build id" in text_of(page)
    user = User.objects.get(username="admin")
    told("change", "user", object_id=user.pk, before={"is_staff": False}, after={"is_staff": True})
    page = admin_client.get(f"/admin/auth/user/{user.pk}/history/", follow=True)
    assert "is staff no" in text_of(page)


def test_a_job_s_changes_are_those_it_made_as_well():
    ada = User.objects.create_user("ada")
    job = Job.objects.create(kind="bulk", created_by=ada)
    told("start", "job", object_id=job.pk)
    by = actors.worker(user=ada, job_id=job.pk)
    record_event(by=by, action="change", object_type="trace", count=5)
    changes = changes_of("job", job.pk, user=ada)
    assert [change.deed for change in changes.rows] == ["changed", "started"]


def test_what_is_told_runs_nothing(curating):
    told(ATTACK[:32], "filter", by=ATTACK[:100], object_id=ATTACK[:200], after={"name": ATTACK})
    response = curating.get(ADDRESS)
    assert "script-src 'self' 'unsafe-eval'" in response["Content-Security-Policy"]
    assert "<svg onload=alert" in text_of(response)
    assert "<svg onload" not in response.content.decode()


@pytest.mark.parametrize("kind", ["trace", "job", "dataset"])
def test_what_no_id_holds_is_not_there(curating, kind):
    for sign in ("%00", "x%00", "%0a", "%E2%80%8B"):
        assert curating.get(f"{ADDRESS}{kind}/{sign}/").status_code == 404


def test_filters_by_what_no_text_holds_are_refused(curating, client_as):
    client = client_as("curator")
    for name in ("object_id", "actor", "action", "object_type"):
        text = text_of(curating.get(f"{ADDRESS}?{name}=x%00"))
        assert "Null characters are not allowed." in text
        response = client.get(f"/api/events?{name}=x%00")
        assert response.status_code == 400
        assert name in response.json()


@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}trace/x/"])
def test_it_is_for_curators(client, address):
    assert client.get(address)["Location"] == f"/admin/login/?next={address}"
    assert logged_in("writer", is_staff=False).get(address).status_code == 403
