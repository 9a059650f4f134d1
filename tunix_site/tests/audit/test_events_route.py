"""GET /api/events."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from events import actors
from events.actors import Actor
from events.models import Event, Through
from events.services import record_event

pytestmark = pytest.mark.django_db

URL = "/api/events"
JOB = "01a20ff4-2aa0-7b3e-8b1a-0d0f5f3c9a11"


class Key:
    pk, name = 7, "nightly"


def told(name="ada", *, action="review", object_type="trace", object_id="", **more) -> Event:
    by = more.pop("by", None) or Actor(
        user=User.objects.get_or_create(username=name)[0], through=Through.API, key=Key()
    )
    return record_event(by=by, action=action, object_type=object_type, object_id=object_id, **more)


def test_it_says_who_did_what_to_what_and_through_what(curator):
    event = told(
        object_id="01a20ff4-1ec0-715c-a98b-b21593e56295",
        before={"status": "unreviewed"},
        after={"status": "approved"},
    )
    [row] = curator.get(URL).json()["results"]
    assert row == {
        "id": str(event.pk),
        "at": event.at.isoformat().replace("+00:00", "Z"),
        "actor": "ada",
        "key": "nightly",
        "through": "api",
        "job": None,
        "action": "review",
        "object": {"type": "trace", "id": "01a20ff4-1ec0-715c-a98b-b21593e56295"},
        "before": {"status": "unreviewed"},
        "after": {"status": "approved"},
        "count": None,
        "where": None,
    }


def test_one_of_many_says_how_many_and_which(curator):
    told(action="change", after={"status": "rejected"}, count=2459, where={"source": "gsm8k"})
    [row] = curator.get(URL).json()["results"]
    assert row["object"] == {"type": "trace", "id": ""}
    assert (row["count"], row["where"]) == (2459, {"source": "gsm8k"})


def test_they_are_found_by_each_filter_and_several(curator):
    bob = User.objects.create_user("bob")
    events = [
        told(object_id="1"),
        told("bob", action="delete", object_type="queue", object_id="1"),
        told(by=actors.worker(user=bob, job_id=JOB), action="change", count=5),
        told(action="start", object_type="job", object_id=JOB),
        told(by=actors.command(), action="issue", object_type="key", object_id="1"),
    ]
    ids = [str(event.pk) for event in events]
    for query, found in (
        ("", [4, 3, 2, 1, 0]),
        ("?actor=ada", [3, 0]),
        ("?actor=nobody", []),
        ("?through=worker", [2]),
        ("?through=command", [4]),
        ("?action=review", [0]),
        ("?object_type=trace", [2, 0]),
        ("?object_type=trace&object_id=1", [0]),
        ("?object_type=queue&object_id=1", [1]),
        ("?object_id=1", [4, 1, 0]),
        (f"?job={JOB}", [3, 2]),
        (f"?job={JOB}&through=worker", [2]),
        ("?actor=bob&action=delete", [1]),
        ("?created_after=2999-01-01T00:00:00Z", []),
        ("?created_before=2999-01-01T00:00:00Z&limit=1", [4]),
        ("?created_before=1971-01-01T00:00:00Z", []),
        (
            "?created_after=0001-01-01T00:00:00Z&created_before=9999-12-31T23:59:59Z",
            [4, 3, 2, 1, 0],
        ),
    ):
        response = curator.get(f"{URL}{query}")
        assert response.status_code == 200, response.content
        assert [ids.index(row["id"]) for row in response.json()["results"]] == found, query


def test_a_time_is_held_to_the_microsecond_whatever_the_ids_say(curator):
    moment = datetime(2026, 11, 24, 12, 0, 0, 5, tzinfo=UTC)
    ids = []
    for apart in (-1, 0, 1):
        event = Event(actor_name="ada", through="api", action="a", object_type="b")
        event.at = moment + timedelta(microseconds=apart)
        event.pk = (
            f"{int(moment.timestamp() * 1000):012x}"[:12].ljust(12, "0") + f"{apart + 1:020x}"
        )
        event.save(force_insert=True)
        ids.append(str(Event.objects.get(at=event.at).pk))
    at = "2026-11-24T12:00:00.000005Z"
    after = curator.get(f"{URL}?created_after={at}").json()["results"]
    before = curator.get(f"{URL}?created_before={at}").json()["results"]
    assert [row["id"] for row in after] == [ids[2], ids[1]]
    assert [row["id"] for row in before] == [ids[0]]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("through=post", "through"),
        ("job=1", "job"),
        ("actor=", "actor"),
        ("actor=" + "a" * 151, "actor"),
        ("created_after=yesterday", "created_after"),
        ("actor=%00", "actor"),
    ],
)
def test_what_is_no_filter_is_refused_by_its_name(curator, query, name):
    response = curator.get(f"{URL}?{query}")
    assert (response.status_code, list(response.json())) == (400, [name])


def test_pages_cost_a_query_each(curator, django_assert_num_queries):
    for _ in range(5):
        told()
    curator.get(URL)
    with django_assert_num_queries(1):
        page = curator.get(f"{URL}?limit=3&actor=ada").json()
    assert len(page["results"]) == 3
    rest = curator.get(page["next"]).json()
    assert (len(rest["results"]), rest["next"]) == (2, None)


def test_who_is_deleted_is_still_found_by_name(curator):
    told("ada")
    User.objects.get(username="ada").delete()
    [row] = curator.get(f"{URL}?actor=ada").json()["results"]
    assert row["actor"] == "ada"


def test_readers_may_not(reader):
    assert reader.get(URL).status_code == 403


def test_the_newest_of_a_request_is_there_at_once(curator):
    trace = {
        "trace_version": "1",
        "prompt": "p",
        "final_answer": "a",
        "steps": [{"i": 0, "type": "t", "content": "c"}],
    }
    before = timezone.now()
    curator.post("/api/traces/batch", [trace, trace], format="json")
    [row] = curator.get(f"{URL}?created_after={before:%Y-%m-%dT%H:%M:%S.%fZ}").json()["results"]
    assert (row["actor"], row["action"], row["count"]) == ("a curator", "create", 2)
