"""Home: what waits for somebody, each number with the list behind it."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from jobs.models import Job
from pages.home import numbers
from pages.tests.hostile import ATTACK
from traces.models import Review, Trace
from traces.services.reviews import Verdict, review_trace, undo_review
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, taken
from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db
FIGURE = re.compile(r'<a href="([^"]+)"><strong>([^<]+)</strong> ([^<]+)</a>')


@pytest.fixture
def curator():
    return logged_in(Role.CURATOR)


@pytest.fixture
def ada(curator):
    return User.objects.get(username="the curator")


def figures(client):
    """Give the number of each figure, and the list that it leads to, by its words."""
    page = client.get("/admin/")
    assert page.status_code == 200
    found = FIGURE.findall(page.content.decode())
    return {words: (number, address.replace("&amp;", "&")) for address, number, words in found}


def lines(client, title):
    """Give the text of each line below a heading."""
    page = client.get("/admin/").content.decode()
    section = page[page.index(f'<section class="card" aria-labelledby="{title}-title"') :]
    items = re.findall(r"<li>(.*?)</li>", section[: section.index("</section>")], re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", item).split()) for item in items]


def rejected(by, **fields):
    trace = TraceFactory(**fields)
    return review_trace(trace=trace, verdict=Verdict(status="rejected"), by=acting(by))


def test_every_number_is_that_of_the_list_it_leads_to(curator, ada):
    rejected(ada)
    rejected(User.objects.create_user("ben"))
    Review.objects.filter(reviewer=ada).update(created_at=timezone.now())
    TraceFactory.create_batch(3)
    TraceFactory(status="flagged")
    shown = figures(curator)
    assert {words: number for words, (number, _) in shown.items()} == {
        "reviewed by you today (UTC), one by one": "1",
        "unreviewed": "3",
        "flagged": "1",
        "disputed": "0",
        "jobs running": "0",
        "jobs queued": "0",
    }
    for words in ("reviewed by you today (UTC), one by one", "unreviewed", "flagged", "disputed"):
        number, address = shown[words]
        assert len(curator.get(address).context["page"].rows) == int(number), words


def test_disputes_are_counted_as_the_list_has_them(curator):
    people = [User.objects.create_user(name) for name in ("ben", "eve")]
    TraceFactory()
    queue = filled(overlap=1.0)
    for person, verdict in zip(people, ("approved", "rejected"), strict=True):
        judged(taken(queue, person.username), verdict)
    number, address = figures(curator)["disputed"]
    assert number == "1"
    assert len(curator.get(address).context["page"].rows) == 1


def test_my_queues_are_told_with_what_is_left(curator, ada):
    User.objects.create_user("ben")
    TraceFactory.create_batch(2)
    filled(name="mine", people=["the curator"])
    filled(name="another's", people=["ben"])
    assert lines(curator, "queues") == ["mine 2 left of 2"]
    assert lines(logged_in(Role.READER), "queues") == []


def test_my_last_reviews_can_be_undone(curator, ada):
    review = rejected(ada, prompt="What is 6 * 7?")
    rejected(User.objects.create_user("ben"))
    (line,) = lines(curator, "last")
    assert line.startswith("rejected What is 6 * 7?")
    assert line.endswith("Undo")
    form = {"review": review.pk, "back": "/admin/"}
    done = curator.post("/admin/activity/undo", form)
    assert done.url == "/admin/"
    assert lines(curator, "last") == []
    assert Trace.objects.get(pk=review.trace_id).status == "unreviewed"


@pytest.mark.parametrize("prompt", [" \n ", "\u2800"])
def test_a_review_of_a_prompt_that_shows_nothing_has_a_link_that_can_be_seen(curator, ada, prompt):
    trace = TraceFactory(prompt=prompt)
    review_trace(trace=trace, verdict=Verdict(status="approved"), by=acting(ada))
    page = curator.get("/admin/").content.decode()
    assert f'href="/admin/traces/{trace.pk}"><i>(blank)</i></a>' in page


def test_however_many_others_are_mine_those_of_my_hand_are_told(curator, ada, monkeypatch):
    monkeypatch.setattr("pages.home.mine.MOST", 2)
    monkeypatch.setattr(numbers, "MOST", 2)
    before = rejected(ada, prompt="before")
    Review.objects.filter(pk=before.pk).update(created_at=timezone.now() - timedelta(2))
    rejected(ada, prompt="mine")
    of_job = Job.objects.create(kind="bulk").pk
    for fields in ({"job": of_job}, {"note": "imported"}):
        for _ in range(3):
            Review.objects.filter(pk=rejected(ada).pk).update(**fields)
    for _ in range(3):
        undo_review(review=rejected(ada), by=acting(ada))
    assert figures(curator)["reviewed by you today (UTC), one by one"][0] == "1"
    assert [line.split()[1] for line in lines(curator, "last")] == ["mine", "before"]
    rejected(ada), rejected(ada)
    assert figures(curator)["reviewed by you today (UTC), one by one"][0] == "2+"


def test_what_i_reviewed_today_are_the_traces_that_the_list_behind_it_has(curator, ada):
    twice = rejected(ada, prompt="twice")
    review_trace(trace=twice.trace, verdict=Verdict(status="approved"), by=acting(ada))
    of_many = rejected(ada, prompt="of many")
    Review.objects.filter(pk=of_many.pk).update(job=Job.objects.create(kind="bulk").pk)
    Review.objects.filter(pk=rejected(ada, prompt="came so").pk).update(note="imported")
    undo_review(review=rejected(ada, prompt="undone"), by=acting(ada))
    number, address = figures(curator)["reviewed by you today (UTC), one by one"]
    rows = curator.get(address).context["page"].rows
    assert [row["prompt_preview"] for row in rows] == ["twice"]
    assert number == "1"


def test_what_nobody_reviewed_is_told_by_source(curator):
    TraceFactory.create_batch(2, meta={"source": "gsm"})
    TraceFactory(meta={})
    TraceFactory(meta={"source": "done"}, status="approved")
    assert lines(curator, "sources") == ["gsm 2", "no source 1"]
    page = curator.get("/admin/").content.decode()
    for address in re.findall(r'href="(/admin/traces\?status=unreviewed&amp;[^"]+)"', page):
        assert curator.get(address.replace("&amp;", "&")).context["page"].rows


def test_more_than_people_read_is_estimated(curator, monkeypatch):
    monkeypatch.setattr(numbers, "MOST", 2)
    monkeypatch.setattr(numbers, "LEAST_SAMPLED", 4)
    TraceFactory.create_batch(4, meta={"source": "gsm"})
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE traces_trace")
    assert figures(curator)["unreviewed"][0] == "about 4"
    assert lines(curator, "sources") == ["gsm 4"]


def test_where_a_sample_has_too_few_of_them_the_newest_are_told(curator, monkeypatch):
    monkeypatch.setattr(numbers, "MOST", 2)
    TraceFactory.create_batch(2, meta={"source": "older"})
    TraceFactory.create_batch(2, meta={"source": "newer"})
    assert lines(curator, "sources") == ["newer 2"]
    page = curator.get("/admin/").content.decode()
    assert "Of the newest 2:" in page
    assert "Every trace was reviewed." not in page


def test_a_site_without_traces_says_so(curator):
    assert "There is no trace yet." in curator.get("/admin/").content.decode()
    TraceFactory(status="approved")
    assert "Every trace was reviewed." in curator.get("/admin/").content.decode()


@pytest.mark.parametrize("address", ["/admin/", "/admin/traces/"])
def test_a_site_without_traces_leads_writers_to_the_import(address):
    link = 'href="/admin/import">Import some</a>'
    assert link in logged_in("writer").get(address).content.decode()
    assert link not in logged_in("reader").get(address).content.decode()


def test_jobs_and_datasets_are_the_newest(curator):
    Job.objects.create(kind="bulk", state="succeeded")
    Job.objects.create(kind="import_file", parameters={"file": "traces.jsonl"})
    TraceFactory(status="approved")
    DatasetFactory(name="boxes", version="1")
    assert lines(curator, "jobs") == ["Import of traces.jsonl queued"]
    assert lines(curator, "datasets")[0].startswith("boxes-1")
    count, address = figures(curator)["job queued"]
    assert count == "1"
    (row,) = curator.get(address).context["page"].rows
    assert row.job.state == "queued"


def test_it_costs_the_same_with_more(curator, ada, django_assert_num_queries):
    rejected(ada)
    TraceFactory()
    with django_assert_num_queries(16):
        curator.get("/admin/")
    for _ in range(3):
        rejected(ada)
    TraceFactory.create_batch(3)
    with django_assert_num_queries(16):
        curator.get("/admin/")


def test_a_reader_sees_it_without_what_they_may_not_do(ada):
    rejected(ada)
    page = logged_in(Role.READER).get("/admin/").content.decode()
    assert "Undo" not in page
    assert 'id="sources-title"' in page


def test_nothing_in_it_is_markup(curator, ada):
    rejected(ada, prompt=ATTACK, meta={"source": ATTACK[:128]})
    TraceFactory(meta={"source": ATTACK[:128]})
    page = curator.get("/admin/").content.decode()
    assert "<img src=x" not in page


def test_who_is_not_logged_in_is_asked_to():
    assert Client().get("/admin/").url == "/admin/login/?next=/admin/"
