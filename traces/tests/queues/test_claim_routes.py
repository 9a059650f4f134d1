"""POST /api/queues/{id}/next, /api/claims and the reviews that come with a claim."""

from datetime import timedelta

import pytest
from django.utils import timezone

from traces.curation.members import Claim
from traces.models import Review
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled

pytestmark = pytest.mark.django_db


@pytest.fixture
def trainer(client_as):
    return client_as("trainer")


def take(client, queue, body=None, **options):
    url = f"/api/queues/{queue.pk}/next"
    return client.post(url, {} if body is None else body, format="json", **options)


def review(client, trace, **body):
    url = f"/api/traces/{trace}/reviews"
    return client.post(url, {"verdict": "approved", **body}, format="json")


def test_a_trace_is_claimed_reviewed_and_gone(curator, trainer):
    one, two = TraceFactory.create_batch(2)
    queue = filled(guideline="Be kind.")
    response = take(curator, queue)
    assert response.status_code == 200
    taken = response.json()
    assert list(taken) == ["trace", "claim", "left"]
    assert taken["trace"] == curator.get(f"/api/traces/{one.pk}").json()
    assert (list(taken["claim"]), taken["left"]) == (["id", "expires_at"], 2)
    ahead = take(curator, queue, {"after": taken["claim"]["id"]}).json()
    assert ahead["trace"]["id"] == str(two.pk)
    assert take(trainer, queue).status_code == 204
    said = review(curator, one.pk, claim=taken["claim"]["id"], expected_review=None)
    assert said.status_code == 201
    assert (said.json()["queue"], said.json()["guideline"]) == (queue.pk, 1)
    beyond = take(curator, queue, {"after": ahead["claim"]["id"]})
    assert (beyond.status_code, beyond.content) == (204, b"")


def test_the_same_key_claims_once(curator):
    TraceFactory.create_batch(3)
    queue = filled()
    first = take(curator, queue).json()
    body = {"after": first["claim"]["id"]}
    answers = [take(curator, queue, body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Claim.objects.count() == 2


def test_a_claim_that_is_gone_is_a_conflict(curator, trainer):
    one, _ = TraceFactory.create_batch(2)
    queue, other = filled(), filled(name="other")
    claim = take(curator, queue).json()["claim"]["id"]
    for response in (
        take(curator, queue, {"after": claim + 1}),
        take(curator, other, {"after": claim}),
        take(trainer, queue, {"after": claim}),
        review(trainer, one.pk, claim=claim),
        review(curator, TraceFactory().pk, claim=claim),
    ):
        assert response.status_code == 409
    assert not Review.objects.exists()
    assert review(curator, one.pk, claim=claim).status_code == 201
    assert review(curator, one.pk, claim=claim).status_code == 409
    assert Review.objects.count() == 1


def test_a_claim_that_expired_is_one_where_somebody_else_holds_the_trace(curator, trainer):
    trace = TraceFactory()
    queue = filled()
    claim = take(curator, queue).json()["claim"]["id"]
    Claim.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert take(trainer, queue).status_code == 200
    for response in (
        review(curator, trace.pk, claim=claim),
        curator.post(f"/api/claims/{claim}/renew"),
    ):
        assert response.status_code == 409
        assert list(response.json()) == ["detail"]


def test_ones_own_last_review_is_expected(curator):
    trace = TraceFactory()
    first = review(curator, trace.pk, expected_review=None).json()["id"]
    response = review(curator, trace.pk, expected_review=None)
    assert response.status_code == 409
    assert response.json() == {"detail": f"Your last review of it is {first}, not none."}
    assert review(curator, trace.pk, expected_review=first).status_code == 201


@pytest.mark.parametrize("value", ["x", -1, 2**63, True, [], 1.5])
def test_ids_are_numbers(curator, value):
    trace = TraceFactory()
    queue = filled()
    assert list(take(curator, queue, {"after": value}).json()) == ["after"]
    for name in ("claim", "expected_review"):
        response = review(curator, trace.pk, **{name: value})
        assert (response.status_code, list(response.json())) == (400, [name])


def test_a_claim_is_renewed(curator, trainer):
    TraceFactory()
    claim = take(curator, filled()).json()["claim"]["id"]
    Claim.objects.update(expires_at=timezone.now() + timedelta(seconds=9))
    url = f"/api/claims/{claim}/renew"
    assert trainer.post(url).status_code == 404
    renewed = curator.post(url)
    assert renewed.status_code == 200
    shown = Claim.objects.get().expires_at.isoformat().replace("+00:00", "Z")
    assert renewed.json() == {"id": claim, "expires_at": shown}
    assert Claim.objects.get().expires_at > timezone.now() + timedelta(minutes=9)


def test_a_trace_is_let_go_or_skipped(curator, trainer):
    first, second = TraceFactory.create_batch(2)
    queue = filled()

    def next_trace(client) -> str:
        return take(client, queue).json()["trace"]["id"]

    claim = take(curator, queue).json()["claim"]["id"]
    assert trainer.delete(f"/api/claims/{claim}").status_code == 404
    assert curator.delete(f"/api/claims/{claim}").status_code == 204
    assert curator.delete(f"/api/claims/{claim}").status_code == 404
    claim = take(curator, queue).json()["claim"]["id"]
    assert curator.delete(f"/api/claims/{claim}?skip=true").status_code == 204
    assert next_trace(curator) == str(second.pk)
    assert next_trace(trainer) == str(first.pk)


def test_a_queue_is_for_its_people(curator, trainer):
    TraceFactory()
    queue = filled(people=["a trainer"])
    assert take(curator, queue).status_code == 403
    assert take(trainer, queue).status_code == 200


def test_what_next_and_a_verdict_cost(curator, django_assert_max_num_queries):
    TraceFactory.create_batch(20)
    queue = filled()
    claim = take(curator, queue).json()
    with django_assert_max_num_queries(15):
        after = take(curator, queue, {"after": claim["claim"]["id"]}).json()
    with django_assert_max_num_queries(14):
        review(curator, claim["trace"]["id"], claim=claim["claim"]["id"])
    assert after["trace"]["id"] != claim["trace"]["id"]
