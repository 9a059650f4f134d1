"""POST, GET and DELETE /api/preferences: which of two attempts people find better."""

import json

import pytest

from events.models import Event
from traces.models import Preference, Trace
from traces.tests.bodies import place
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/preferences"


@pytest.fixture
def attempts() -> tuple[Trace, Trace]:
    return TraceFactory(prompt="2+2?"), TraceFactory(prompt=" 2+2? ", final_answer="5")


def post(client, chosen, rejected, **fields):
    body = {"chosen": str(chosen.id), "rejected": str(rejected.id), **fields}
    return client.post(URL, body, format="json")


def listed(client, **query) -> list:
    return client.get(URL, query).json()["results"]


def test_a_preference_is_stored_shown_and_deleted(curator, reader, attempts):
    response = post(curator, *attempts, note=" It adds.\n")
    assert response.status_code == 201
    preference = response.json()
    assert preference == {
        "id": preference["id"],
        "chosen": str(attempts[0].id),
        "rejected": str(attempts[1].id),
        "reviewer": "a curator",
        "note": " It adds.\n",
        "created_at": preference["created_at"],
    }
    assert listed(reader) == [preference]
    assert curator.delete(f"{URL}/{preference['id']}").status_code == 204
    assert listed(reader) == []
    assert curator.delete(f"{URL}/{preference['id']}").status_code == 404


def test_the_same_again_gives_the_stored_one_and_others_have_their_own(
    curator, client_as, attempts
):
    first = post(curator, *attempts, note="so").json()
    again = post(curator, *attempts, note="otherwise")
    assert (again.status_code, again.json()) == (200, first)
    other = post(client_as("trainer"), *attempts)
    assert (other.status_code, other.json()["reviewer"]) == (201, "a trainer")
    assert [one["id"] for one in listed(curator)] == [other.json()["id"], first["id"]]
    assert [one["id"] for one in listed(curator, reviewer="a curator")] == [first["id"]]


def test_who_preferred_the_other_one_is_told(curator, client_as, attempts):
    stored = post(curator, *attempts).json()
    response = post(curator, *reversed(attempts))
    assert response.status_code == 409
    detail = f"You preferred the other one before: delete preference {stored['id']} first."
    assert response.json() == {"detail": detail}
    assert post(client_as("trainer"), *reversed(attempts)).status_code == 201


def test_they_are_found_by_either_trace(curator, attempts):
    post(curator, *attempts)
    other = TraceFactory(prompt="2+2?", final_answer="6")
    post(curator, other, attempts[1])
    assert len(listed(curator, trace=str(attempts[1].id))) == 2
    assert [one["chosen"] for one in listed(curator, trace=str(other.id))] == [str(other.id)]


def test_what_is_no_pair_is_refused_by_the_key(curator, attempts):
    elsewhere = TraceFactory()
    copy = TraceFactory(
        prompt="2+2?", final_answer=attempts[0].final_answer, steps=attempts[0].steps
    )
    gone = TraceFactory.build()
    for rejected, reason in (
        (elsewhere, "It is an attempt at another prompt than the chosen one."),
        (attempts[0], "It is the chosen one."),
        (copy, "It says the same as the chosen one."),
        (gone, f"Trace {gone.id} not found."),
    ):
        response = post(curator, attempts[0], rejected)
        assert (response.status_code, response.json()) == (400, {"rejected": [reason]})
    assert post(curator, gone, attempts[0]).json() == {"chosen": [f"Trace {gone.id} not found."]}
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"chosen": None}, "chosen"),
        ({"rejected": "no id"}, "rejected"),
        ({"rejected": 1}, "rejected"),
        ({"note": 1}, "note"),
        ({"note": "n" * 10_001}, "note"),
        ({"reviewer": "somebody"}, "reviewer"),
    ],
)
def test_a_bad_preference_is_refused_by_its_place(curator, attempts, change, where):
    body = {"chosen": str(attempts[0].id), "rejected": str(attempts[1].id), **change}
    response = curator.post(URL, json.dumps(body), content_type="application/json")
    assert (response.status_code, place(response.json())) == (400, where)


@pytest.mark.parametrize("name", ["0", "-1", "9" * 40, "\u0663", "x", "1.0"])
def test_what_is_no_preference_is_not_found(curator, name):
    assert curator.delete(f"{URL}/{name}").status_code == 404


def test_readers_look_and_curators_prefer(reader, client_as, attempts):
    assert reader.get(URL).status_code == 200
    assert post(reader, *attempts).status_code == 403
    assert post(client_as("writer"), *attempts).status_code == 403
    assert reader.delete(f"{URL}/1").status_code == 403


def test_it_is_told_and_goes_with_its_trace(curator, attempts):
    preference = post(curator, *attempts).json()
    post(curator, *attempts)
    curator.delete(f"{URL}/{preference['id']}")
    sides = {"chosen": str(attempts[0].id), "rejected": str(attempts[1].id)}
    told = Event.objects.filter(object_type="preference").order_by("id")
    assert [(one.action, one.before, one.after) for one in told] == [
        ("create", None, sides),
        ("delete", sides, None),
    ]
    post(curator, *attempts, note="a secret")
    assert "secret" not in str(list(Event.objects.values()))
    assert curator.delete(f"/api/traces/{attempts[1].id}").status_code == 204
    assert not Preference.objects.exists()


def test_a_list_takes_two_queries(reader, client_as, attempts, django_assert_num_queries):
    for role in ("curator", "trainer"):
        assert post(client_as(role), *attempts).status_code == 201
    with django_assert_num_queries(2):  # the key, the preferences with their reviewers
        assert len({one["reviewer"] for one in listed(reader)}) == 2
