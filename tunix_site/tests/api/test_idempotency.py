"""What is kept under an Idempotency-Key beside a body, for any route."""

import pytest
from django.contrib.auth.models import User
from rest_framework.request import Request
from rest_framework.response import Response

from tunix_site.api.idempotency import answer_once
from tunix_site.errors import Conflict, Unavailable
from tunix_site.models import IdempotentAnswer
from tunix_site.tests.samples import trace

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(rf):
    """Ask for a deed under a key, as a view does."""
    user = User.objects.create_user("someone")

    def ask(handle, key: str = "a key"):
        request = Request(rf.generic("POST", "/api/jobs", headers={"Idempotency-Key": key}))
        request.user = user
        return answer_once(
            request,
            handle=handle,
            explain=lambda error: Response({"detail": str(error.detail)}, error.status_code),
        )

    return ask


def test_where_the_answer_points_is_kept(ask):
    headers = {"Location": "/api/jobs/1"}
    first = ask(lambda: Response({"id": 1}, status=202, headers=headers))
    again = ask(lambda: pytest.fail("it is done already"))
    assert "Idempotent-Replayed" not in first.headers
    assert (again.status_code, again.data) == (202, {"id": 1})
    assert again.headers["Location"] == "/api/jobs/1"
    assert again.headers["Idempotent-Replayed"] == "true"


def test_an_answer_without_a_body_is_kept(ask):
    ask(lambda: Response(status=204))
    again = ask(lambda: pytest.fail("it is done already"))
    assert (again.status_code, again.data) == (204, None)
    assert "Location" not in again.headers


def test_a_refusal_undoes_the_deed_and_is_kept(ask):
    def refuse():
        User.objects.create_user("half done")
        raise Conflict("It is taken.")

    answers = [ask(refuse), ask(lambda: pytest.fail("it is refused already"))]
    assert [(answer.status_code, answer.data) for answer in answers] == [
        (409, {"detail": "It is taken."})
    ] * 2
    assert not User.objects.filter(username="half done").exists()


@pytest.mark.parametrize("error", [Unavailable(), ValueError("ours")])
def test_a_failure_of_ours_keeps_nothing(ask, error):
    def fail():
        User.objects.create_user("half done")
        raise error

    with pytest.raises(type(error)):
        ask(fail)
    assert not IdempotentAnswer.objects.exists()
    assert not User.objects.filter(username="half done").exists()
    assert ask(lambda: Response({}, status=201)).status_code == 201


def test_an_answer_is_named_by_its_key(ask):
    ask(lambda: Response({}, status=201), key="mine")
    assert str(IdempotentAnswer.objects.get()) == "mine"


def test_a_route_replays_refuses_another_body_and_a_key_that_is_none(writer):
    def post(key, **changes):
        headers = {"Idempotency-Key": key}
        return writer.post("/api/traces", trace(**changes), format="json", headers=headers)

    first, again = post("a key"), post("a key")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    reused = post("a key", prompt="Another?")
    assert (reused.status_code, list(reused.json())) == (422, ["detail"])
    for key in ("", "k" * 256, "a\u00e9", "a\tb"):
        refused = post(key)
        assert (refused.status_code, list(refused.json())) == (400, ["Idempotency-Key"])
    assert writer.get("/api/traces?count=true").json()["count"] == 1
