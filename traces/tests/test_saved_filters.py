"""/api/filters: one's own, and those for all."""

import json

import pytest

from events.models import Event
from traces.curation.queues import SavedFilter
from traces.services.filters import saved_filters
from traces.tests.bodies import place

pytestmark = pytest.mark.django_db

URL = "/api/filters"


def post(client, body):
    return client.post(URL, json.dumps(body), content_type="application/json")


def names(client) -> list[str]:
    return [row["name"] for row in client.get(URL).json()["results"]]


def test_a_filter_is_kept_and_found_again(reader, curator):
    body = {"name": "mine", "where": {"min_steps": 2, "meta.level": None}}
    response = post(reader, body)
    assert response.status_code == 201
    kept = response.json()
    assert kept == {**body, "id": kept["id"], "team": False, "owner": "a reader"}
    assert reader.get(URL).json()["results"] == [kept]
    assert names(curator) == []
    assert reader.delete(f"{URL}/{kept['id']}").status_code == 204
    assert reader.delete(f"{URL}/{kept['id']}").status_code == 404
    assert names(reader) == []
    told = Event.objects.filter(object_type="filter").order_by("id")
    assert [(event.action, event.where) for event in told] == [
        ("create", body["where"]),
        ("delete", None),
    ]


def test_those_for_all_are_made_and_deleted_by_curators(reader, curator, client_as):
    body = {"name": "ours", "where": {}, "team": True}
    assert post(reader, body).status_code == 403
    kept = post(curator, body).json()
    assert names(reader) == ["ours"]
    assert reader.delete(f"{URL}/{kept['id']}").status_code == 403
    assert client_as("trainer").delete(f"{URL}/{kept['id']}").status_code == 204
    assert not SavedFilter.objects.exists()


def test_a_name_is_ones_own_once(reader, curator):
    body = {"name": "same", "where": {}}
    assert [post(client, body).status_code for client in (reader, curator, reader)] == [
        201,
        201,
        409,
    ]
    assert post(curator, {**body, "team": True}).status_code == 201
    assert post(curator, {**body, "team": True}).status_code == 409


def test_one_keeps_so_many(reader, monkeypatch):
    monkeypatch.setattr(saved_filters, "MAX_FILTERS", 1)
    assert post(reader, {"name": "one", "where": {}}).status_code == 201
    assert post(reader, {"name": "two", "where": {}}).status_code == 409


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"name": ""}, "name"),
        ({"where": {"nonsense": 1}}, "where.nonsense"),
        ({"where": {"min_steps": "2"}}, "where.min_steps"),
        ({"team": "yes"}, "team"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_a_bad_one_is_refused_by_its_place(reader, change, where):
    response = post(reader, {"name": "mine", "where": {}, **change})
    assert response.status_code == 400
    assert place(response.json()) == where
    assert not SavedFilter.objects.exists()


def test_they_come_in_one_query(reader, django_assert_num_queries):
    for name in "abc":
        post(reader, {"name": name, "where": {}})
    with django_assert_num_queries(1):
        assert names(reader) == ["c", "b", "a"]
