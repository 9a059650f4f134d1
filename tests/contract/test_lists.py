"""Lists: newest first, page by page, counted when that is asked."""

import pytest
from django.contrib.auth.models import User

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from evalsets.models import EvalSet
from evalsets.tests.factories import EvalSetFactory
from events.models import Event
from jobs.models import Job
from jobs.tests.factories import JobFactory
from traces.curation.queues import Queue, SavedFilter
from traces.models import Preference, Review, Trace
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

LISTS = {
    "/api/events": "id",
    "/api/traces": "id",
    "/api/evalsets": "key",
    "/api/datasets": "dataset_key",
    "/api/preferences": "id",
    "/api/queues": "id",
    "/api/reviews": "id",
    "/api/filters": "id",
    "/api/jobs": "id",
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_is_newest_first_page_by_page_and_counted_when_asked(curator, path):
    traces = TraceFactory.create_batch(5)
    reviewer = User.objects.create_user("somebody")
    for number in range(5):
        one, other = traces[number], traces[number - 1]
        Preference.objects.create(chosen=one, rejected=other, reviewer=reviewer)
        Review.objects.create(trace=one, reviewer=reviewer, verdict="flagged")
        Queue.objects.create(name=str(number), order="oldest")
        SavedFilter.objects.create(name=str(number), owner=reviewer, team=True)
        DatasetFactory()
        EvalSetFactory()
        JobFactory()
    newest_first = {
        "/api/events": [
            str(pk) for pk in Event.objects.order_by("-id").values_list("pk", flat=True)
        ],
        "/api/traces": [
            str(pk) for pk in Trace.objects.order_by("-id").values_list("pk", flat=True)
        ],
        "/api/datasets": list(Dataset.objects.order_by("-id").values_list("key", flat=True)),
        "/api/evalsets": list(EvalSet.objects.order_by("-id").values_list("key", flat=True)),
        "/api/preferences": list(Preference.objects.order_by("-id").values_list("pk", flat=True)),
        "/api/jobs": [str(pk) for pk in Job.objects.order_by("-id").values_list("pk", flat=True)],
        "/api/queues": list(Queue.objects.order_by("-id").values_list("pk", flat=True)),
        "/api/reviews": list(Review.objects.order_by("-id").values_list("pk", flat=True)),
        "/api/filters": list(SavedFilter.objects.order_by("-id").values_list("pk", flat=True)),
    }[path]
    page = curator.get(path).json()
    assert list(page) == ["next", "previous", "results"]
    assert [row[LISTS[path]] for row in page["results"]] == newest_first
    assert list(curator.get(f"{path}?count=false").json()) == list(page)
    page = curator.get(f"{path}?limit=2&count=true").json()
    assert (page["count"], page["previous"]) == (len(newest_first), None)
    seen, last = [], page
    while True:
        seen += [row[LISTS[path]] for row in last["results"]]
        if not last["next"]:
            break
        last = curator.get(last["next"]).json()
        assert last["count"] == len(newest_first)
    assert seen == newest_first
    before = curator.get(curator.get(page["next"]).json()["previous"]).json()
    assert before["results"] == page["results"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.5",
        "limit=1e1",
        "limit= 1",
        "limit=%D9%A1",
        "limit=99999999999999999999",
        "limit=",
        "limit=1&limit=1",
        "count=1",
        "count=True",
        "count=",
        "cursor=",
        "cursor=x",
        "cursor=%00",
        "cursor=%ff",
        "cursor=cD1hJTAwYg%3D%3D",  # p=a%00b
        "cursor=bz0tMQ%3D%3D",  # o=-1
        "cursor=cD0tMQ%3D%3D",  # p=-1
        "cursor=" + "a" * 501,
    ],
)
def test_a_bad_page_is_refused(curator, path, query):
    response = curator.get(f"{path}?{query}")
    assert response.status_code == 400
    (name,) = response.json()
    assert query.startswith(f"{name}=")
