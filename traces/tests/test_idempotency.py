"""A POST sent again under the same Idempotency-Key is answered alike and done once."""

import json
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection, transaction
from django.utils import timezone

from traces.models import Score, Trace
from traces.tests.concurrency import at_once, elsewhere, like
from traces.tests.factories import BodyFactory, TraceFactory
from tunix_site.models import IdempotentAnswer

pytestmark = pytest.mark.django_db

URL = "/api/traces"
BATCH = f"{URL}/batch"


def post(client, body, *, key="once", url=URL):
    return client.post(url, body, format="json", headers={"Idempotency-Key": key})


def is_replay(answer) -> bool:
    return answer.headers.get("Idempotent-Replayed") == "true"


def age_answers(**age) -> None:
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(**age))


def assert_replayed(first, again) -> None:
    assert [is_replay(first), is_replay(again)] == [False, True]
    assert again.status_code == first.status_code
    assert again.content == first.content


def test_one_trace_is_stored_once(writer):
    body = BodyFactory(meta={"z": 1e22, "a": 0.1, "é": None})
    first, again = post(writer, body), post(writer, body)
    assert first.status_code == 201
    assert_replayed(first, again)
    assert Trace.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "code"), [("", 201), ("?on_error=skip", 207), ("?on_error=abort", 400)]
)
def test_a_batch_is_stored_once(writer, query, code):
    bodies = [BodyFactory(external_id="q-1"), BodyFactory()]
    if query:
        bodies.append(BodyFactory(prompt=""))
    first, again = (post(writer, bodies, url=BATCH + query) for _ in range(2))
    assert first.status_code == code
    assert_replayed(first, again)
    assert Trace.objects.count() == (0 if code == 400 else 2)


def test_a_score_is_given_once(curator):
    url = f"{URL}/{TraceFactory().id}/score"
    first, again = (post(curator, {"criteria": "baseline"}, url=url) for _ in range(2))
    assert first.status_code == 201
    assert_replayed(first, again)
    assert Score.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "url"),
    [(BodyFactory(prompt="another"), URL), ([BodyFactory()], BATCH), (None, f"{URL}/")],
)
def test_another_request_under_the_key_is_refused(writer, body, url):
    first = BodyFactory()
    post(writer, first)
    response = post(writer, body or {**first, "tags": []}, url=url)
    assert response.status_code == 422
    assert response.json() == {"detail": "This Idempotency-Key was used with another request."}
    assert is_replay(post(writer, first))
    assert Trace.objects.count() == 1


def test_another_user_has_keys_of_their_own(client_as):
    body = BodyFactory()
    assert not is_replay(post(client_as("writer"), body))
    assert not is_replay(post(client_as("curator"), body))
    assert is_replay(post(client_as("writer"), body))
    assert Trace.objects.count() == 2


def test_without_a_key_everything_is_done_anew(writer):
    body = BodyFactory()
    for _ in range(2):
        assert writer.post(URL, body, format="json").status_code == 201
    assert Trace.objects.count() == 2


def test_an_answer_is_kept_for_a_day(writer):
    body = BodyFactory()
    post(writer, body)
    age_answers(hours=23, minutes=59)
    assert is_replay(post(writer, body))
    age_answers(hours=24, seconds=1)
    anew = post(writer, BodyFactory())
    assert (anew.status_code, is_replay(anew)) == (201, False)
    assert Trace.objects.count() == 2


def test_what_has_expired_does_not_pile_up(client_as):
    for n in range(3):
        post(client_as("curator"), BodyFactory(), key=f"old {n}")
    age_answers(hours=25)
    post(client_as("writer"), BodyFactory(), key="new")
    assert [answer.key for answer in IdempotentAnswer.objects.all()] == ["new"]


def test_a_refusal_is_an_answer_too(writer):
    TraceFactory(external_id="q-1", meta=None)
    body = BodyFactory(external_id="q-1")
    first = post(writer, body)
    Trace.objects.all().delete()
    again = post(writer, body)
    assert first.status_code == 409
    assert_replayed(first, again)
    assert not Trace.objects.exists()


@pytest.mark.parametrize("raw", [r'{"\u0000": 1}', r'{"\ud800": 1}', '{"a": 1, "a": 1}', "NaN"])
def test_a_refusal_of_hostile_text_can_be_kept(writer, raw):
    headers = {"Idempotency-Key": "once"}
    send = partial(writer.post, URL, raw, content_type="application/json", headers=headers)
    first, again = send(), send()
    assert first.status_code == 400
    assert_replayed(first, again)


def test_a_refused_path_can_be_kept(curator):
    first, again = (post(curator, {}, url=f"{URL}/%00/score") for _ in range(2))
    assert {first.status_code, again.status_code} <= {400, 404}
    assert again.content == first.content


@pytest.mark.parametrize("path", [URL, f"{URL}/batch"])
def test_what_is_no_json_leaves_the_key_free(writer, path):
    headers = {"Idempotency-Key": "once"}
    broken = writer.post(path, "{", content_type="application/json", headers=headers)
    assert broken.status_code == 400
    assert post(writer, BodyFactory()).status_code == 201


@pytest.mark.parametrize(
    "key", ["", "k" * 256, "é", "a\x7f", "a\tb", "😀".encode().decode("latin1")]
)
def test_a_key_is_printable_ascii_of_255_characters_at_most(writer, key):
    response = post(writer, BodyFactory(), key=key)
    assert response.status_code == 400
    assert list(response.json()) == ["Idempotency-Key"]
    assert not Trace.objects.exists()


def test_a_key_may_be_long_and_odd(writer):
    key = ("'\"\\ %00;--" * 30)[:255]
    body = BodyFactory()
    assert_replayed(post(writer, body, key=key), post(writer, body, key=key))


def test_a_key_helps_nobody_past_their_role(client_as):
    post(client_as("writer"), BodyFactory())
    assert post(client_as("reader"), BodyFactory()).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_does_the_work(writer):
    body = BodyFactory()
    answers = at_once([partial(post, like(writer), body) for _ in range(8)])
    assert sorted(map(is_replay, answers)) == [False] + [True] * 7
    assert {answer.content for answer in answers} == {answers[0].content}
    assert answers[0].json()["id"] == str(Trace.objects.get().id)


@pytest.mark.django_db(transaction=True)
def test_of_many_batches_at_once_one_does_the_work(writer):
    bodies = [BodyFactory(external_id=f"q-{n}") for n in range(20)] + BodyFactory.create_batch(5)
    answers = at_once([partial(post, like(writer), bodies, url=BATCH) for _ in range(8)])
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.content for answer in answers} == {answers[0].content}
    assert Trace.objects.count() == 25


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_at_once_under_one_key_one_is_done(writer):
    bodies = BodyFactory.create_batch(8)
    answers = at_once([partial(post, like(writer), body) for body in bodies])
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 7
    winner = [answer.status_code for answer in answers].index(201)
    assert Trace.objects.get().prompt == bodies[winner]["prompt"]


@pytest.mark.django_db(transaction=True)
def test_overlapping_batches_with_keys_of_their_own_do_not_deadlock(writer):
    bodies = [BodyFactory(external_id=f"q-{n}") for n in range(30)]
    works = [
        partial(post, like(writer), bodies[n:] + bodies[:n], key=str(n), url=BATCH)
        for n in range(0, 24, 3)
    ]
    assert {answer.status_code for answer in at_once(works)} == {201}
    assert Trace.objects.count() == 30


@pytest.mark.django_db(transaction=True)
def test_a_failure_of_ours_leaves_the_key_free(writer):
    body = BodyFactory(external_id="q-1")

    def post_impatiently():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '10ms'")
        return post(writer, body)

    with transaction.atomic():
        TraceFactory(external_id="q-1", meta=None)
        assert elsewhere(post_impatiently).status_code == 503
        transaction.set_rollback(True)
    answer = post(writer, body)
    assert (answer.status_code, is_replay(answer)) == (201, False)
    assert json.loads(answer.content)["external_id"] == "q-1"
