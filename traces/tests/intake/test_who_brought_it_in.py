"""A trace keeps who brought it in: creating one writes no row of its own, a batch writes one."""

import json

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from events.models import Event
from traces.models import Trace
from traces.tests.factories import BodyFactory, TraceFactory
from tunix_site.models import ApiKey

pytestmark = pytest.mark.django_db


def bodies(count: int, **fields) -> list[dict]:
    return [BodyFactory(**fields) for _ in range(count)]


def kept() -> set[tuple]:
    return set(Trace.objects.values_list("created_by__username", "created_with__name"))


def test_a_single_one_tells_it_itself(writer):
    assert writer.post("/api/traces", BodyFactory(), format="json").status_code == 201
    assert kept() == {("a writer", "test")}
    assert not Event.objects.exists()


def test_a_batch_is_one_row_of_how_many_are_new(writer):
    named = [BodyFactory(external_id=str(n)) for n in range(3)]
    for sent in (named[:1], named):
        assert writer.post("/api/traces/batch", sent, format="json").status_code == 201
    assert writer.post("/api/traces/batch", named, format="json").status_code == 201
    assert kept() == {("a writer", "test")}
    events = Event.objects.order_by("id").values_list("action", "object_type", "count")
    assert list(events) == [("create", "trace", 1), ("create", "trace", 2)]


def test_a_batch_that_is_refused_leaves_no_row(writer):
    first = BodyFactory(external_id="1")
    writer.post("/api/traces", first, format="json")
    others = [BodyFactory(), {**first, "final_answer": "another"}]
    assert writer.post("/api/traces/batch", others, format="json").status_code == 409
    assert not Event.objects.exists()


def test_an_import_keeps_it_with_each_trace(writer):
    lines = "\n".join(map(json.dumps, bodies(3)))
    answer = writer.post("/api/traces/import", lines, content_type="application/x-ndjson")
    assert answer.json()["created_count"] == 3
    assert kept() == {("a writer", "test")}


def test_the_first_who_sent_it_brought_it_in(writer, curator):
    for client in (writer, curator):
        client.post("/api/traces", BodyFactory(external_id="1", prompt="1?"), format="json")
    assert kept() == {("a writer", "test")}


def test_it_stays_when_user_and_key_are_deleted(writer):
    writer.post("/api/traces", BodyFactory(), format="json")
    ids = User.objects.get().pk, ApiKey.objects.get().pk
    User.objects.get().delete()
    assert not ApiKey.objects.exists()
    assert Trace.objects.values_list("created_by_id", "created_with_id").get() == ids


def test_it_is_none_of_what_a_trace_says(writer, reader):
    body = BodyFactory()
    sent = writer.post("/api/traces", body, format="json").json()
    assert "created_by" not in sent
    assert sent["content_hash"] == str(TraceFactory(**body).content_hash)
    reader_of_it = User.objects.get(username="a reader")
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        Trace.objects.update(created_by=reader_of_it)


@pytest.mark.parametrize(("url", "count"), [("/api/traces", 1), ("/api/traces/batch", 100)])
def test_it_costs_a_batch_one_query_and_a_single_one_none(
    writer, django_assert_num_queries, url, count
):
    body = BodyFactory() if count == 1 else bodies(count)
    writer.post(url, body, format="json")  # notes the use of the key
    # the key and the row; of a batch a savepoint, the rows, the event and the savepoint's end
    with django_assert_num_queries(2 if count == 1 else 5):
        writer.post(url, body, format="json")
