"""Events: one row for each change, which nothing changes or takes away."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from events import actors
from events.actors import Actor
from events.models import Event, Through
from events.services import MAX_JSON_CHARS, record_event

pytestmark = pytest.mark.django_db


class Key:
    pk, name, role = 7, "nightly", "curator"


def test_a_row_tells_who_did_what_through_what_and_when():
    ann = User.objects.create_user("ann")
    before = timezone.now()
    record_event(
        by=Actor(user=ann, key=Key(), through=Through.API),
        action="review",
        object_type="trace",
        object_id="01a20ff4-1ec0-715c-a98b-b21593e56295",
        before={"status": "unreviewed"},
        after={"status": "approved"},
    )
    event = Event.objects.get()
    assert (event.actor, event.actor_name, event.through) == (ann, "ann", "api")
    assert (event.key_id, event.key_name) == (7, "nightly")
    assert str(event) == "ann: review trace 01a20ff4-1ec0-715c-a98b-b21593e56295"
    assert (event.before, event.after) == ({"status": "unreviewed"}, {"status": "approved"})
    assert before <= event.at <= timezone.now()
    assert (event.count, event.where) == (None, None)


def test_one_row_tells_of_many():
    record_event(
        by=actors.worker(user=User.objects.create_user("ann")),
        action="change",
        object_type="trace",
        after={"status": "rejected"},
        count=2459,
        where={"source": "gsm8k", "min_steps": 3},
    )
    event = Event.objects.get()
    assert (event.object_id, event.count, event.through) == ("", 2459, "worker")
    assert event.where == {"source": "gsm8k", "min_steps": 3}


def test_it_is_part_of_the_transaction_and_costs_one_query(django_assert_num_queries):
    by = actors.worker(user=User.objects.create_user("ann"))
    with transaction.atomic():
        with django_assert_num_queries(1):
            record_event(by=by, action="delete", object_type="trace", object_id=1)
        transaction.set_rollback(True)
    assert not Event.objects.exists()


def test_a_command_without_a_user_is_the_systems_accounts(monkeypatch):
    monkeypatch.setenv("LOGNAME", "operator")
    event = record_event(by=actors.command(), action="issue", object_type="key", object_id=1)
    assert (event.actor_id, event.actor_name, event.through) == (None, "operator", "command")


def test_an_account_without_a_name_is_the_server(monkeypatch):
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr("events.actors.getpass.getuser", unknown)
    assert actors.command().name == "the server"


def test_what_is_very_long_is_told_by_its_length():
    where = {"q": "x" * MAX_JSON_CHARS}
    event = record_event(by=actors.command(), action="change", object_type="trace", where=where)
    assert event.where == {"left_out_chars": MAX_JSON_CHARS + len('{"q": ""}')}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events_event SET actor_name = 'bob'",
        "UPDATE events_event SET actor_id = NULL",
        "DELETE FROM events_event",
        "DELETE FROM events_event WHERE at < now() - interval '1 year'",
        "TRUNCATE events_event",
    ],
)
def test_no_statement_changes_or_takes_away(statement):
    record_event(by=actors.command(), action="issue", object_type="key", object_id=1)
    with connection.cursor() as cursor:  # which this test's transaction takes back
        cursor.execute("ALTER TABLE events_event ENABLE TRIGGER events_are_not_truncated")
        with (
            pytest.raises(IntegrityError, match="events are added, and never changed"),
            transaction.atomic(),
        ):
            cursor.execute(statement)
    assert Event.objects.get().action == "issue"


def test_who_is_deleted_is_still_named():
    ann = User.objects.create_user("ann")
    by = Actor(user=ann, through=Through.ADMIN)
    record_event(by=by, action="delete", object_type="trace", object_id=1)
    identity = ann.pk
    ann.delete()
    event = Event.objects.select_related("actor").get()
    assert (event.actor_id, event.actor_name) == (identity, "ann")
    assert event.actor is None


def test_through_what_is_one_of_the_known_ways():
    with pytest.raises(IntegrityError, match="event_through_is_known"), transaction.atomic():
        Event.objects.create(actor_name="ann", through="post", action="a", object_type="b")
