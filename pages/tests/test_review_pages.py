"""Reviewing in a queue over HTTP: the next trace, and what is sent to it."""

import re
import uuid
from html import unescape

import pytest
from django.test import Client

from events.tests.acting import acting
from pages.tests.markup import words_in
from pages.tests.queueing import me, of
from traces.curation.members import Claim
from traces.curation.queues import Queue
from traces.models import Review, Trace
from traces.services.queues.queues import change_queue
from traces.services.reviews import Verdict, review_trace
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, person, taken

pytestmark = pytest.mark.django_db

JSON = {"HTTP_ACCEPT": "application/json"}


def claim_of(trace) -> Claim:
    return Claim.objects.get(trace=trace, reviewer=me())


def give(curating, queue, trace, verdict="approved", **more):
    claim = claim_of(trace)
    sent = {"verdict": verdict, "claim": claim.pk, "expected_review": "", **more}
    return curating.post(of(queue, trace.pk, "verdict"), sent, **JSON)


def test_a_queue_goes_to_its_next_trace(curating):
    first, second = TraceFactory.create_batch(2)
    queue = filled(reasons=["wrong answer"], guideline="Look *twice*.")
    response = curating.get(of(queue))
    assert response["Location"] == of(queue, first.pk)
    page = curating.get(response["Location"]).content.decode()
    text = words_in(page)
    for part in ("sums", "2 left of 2", "yours until", "wrong answer", "Guideline", "Look twice."):
        assert part in text
    answer = curating.post(of(queue, "next"), {"after": claim_of(first).pk}, **JSON).json()
    assert answer["trace"] == str(second.pk)
    assert answer["url"] == of(queue, second.pk)


def test_the_answer_to_a_verdict_is_the_next_trace(curating):
    first, second, third = TraceFactory.create_batch(3)
    queue = filled()
    curating.get(of(queue))
    curating.post(of(queue, "next"), {"after": claim_of(first).pk}, **JSON)
    answer = give(curating, queue, first, after=claim_of(second).pk)
    assert answer.json()["trace"] == str(third.pk)
    assert "2 left of 3" in words_in(answer.json()["html"])
    assert Review.objects.get().queue == queue
    assert give(curating, queue, second).json()["trace"] == str(third.pk)
    assert give(curating, queue, third).json()["trace"] is None


def test_a_verdict_is_given_once_however_often_it_is_sent(curating):
    first, second = TraceFactory.create_batch(2)
    queue = filled()
    curating.get(of(queue))
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    sent = {"verdict": "flagged", "claim": claim_of(first).pk, "expected_review": ""}
    for _ in range(2):
        answer = curating.post(of(queue, first.pk, "verdict"), sent, **key, **JSON)
        assert answer.json()["trace"] == str(second.pk)
    assert Review.objects.count() == 1


def test_a_verdict_without_its_claim_is_refused(curating):
    trace = TraceFactory()
    queue = filled()
    for claim in ("", "999999", "x"):
        sent = {"verdict": "approved", "claim": claim}
        answer = curating.post(of(queue, trace.pk, "verdict"), sent, **JSON)
        assert answer.status_code == 409
        assert "The claim ended" in answer.json()["detail"]


def test_my_own_verdict_meanwhile_is_no_second_one(curating):
    trace = TraceFactory()
    queue = filled(overlap=1)
    curating.get(of(queue))
    claim = claim_of(trace)
    give(curating, queue, trace)
    sent = {"verdict": "rejected", "claim": claim.pk, "expected_review": ""}
    assert curating.post(of(queue, trace.pk, "verdict"), sent, **JSON).status_code == 409
    assert Review.objects.count() == 1


def test_what_is_skipped_comes_back_last(curating):
    first, second = TraceFactory.create_batch(2)
    queue = filled()
    curating.get(of(queue))
    answer = curating.post(of(queue, "skip"), {"claim": claim_of(first).pk}, **JSON)
    assert answer.json()["trace"] == str(second.pk)
    assert give(curating, queue, second).json()["trace"] == str(first.pk)


def test_undo_shows_the_trace_again(curating):
    first, _ = TraceFactory.create_batch(2)
    queue = filled()
    curating.get(of(queue))
    give(curating, queue, first)
    answer = curating.post(of(queue, "undo"), **JSON)
    assert answer.json()["trace"] == str(first.pk)
    assert answer.json()["words"] == "Undone: approved"
    assert Trace.objects.get(pk=first.pk).status == "unreviewed"
    none_left = curating.post(of(queue, "undo"), **JSON)
    assert none_left.status_code == 404


def test_an_undo_is_told_though_others_work_on_the_trace(curating):
    trace = TraceFactory()
    queue = filled()
    curating.get(of(queue))
    give(curating, queue, trace)
    assert taken(filled(name="another"), "ada").trace == trace
    response = curating.post(of(queue, "undo"), **JSON)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["trace"], answer["words"]) == (str(trace.pk), "Undone: approved")
    assert "Others work on the trace" in words_in(answer["html"])
    assert 'id="verdict"' not in answer["html"]
    assert not Review.objects.standing().exists()


def test_an_undo_is_told_though_the_queue_is_for_others_by_now(curating):
    trace = TraceFactory()
    queue = filled()
    curating.get(of(queue))
    give(curating, queue, trace)
    person("ada")
    change_queue(queue=queue, changes={"people": ["ada"]}, by=acting(me()))
    answer = curating.post(of(queue, "undo"), follow=True)
    assert answer.status_code == 200
    assert "The queue is for others." in words_in(answer.content.decode())
    assert not Review.objects.standing().exists()


@pytest.mark.parametrize("done", ["verdict", "skip", "correct"])
def test_what_is_done_is_not_said_to_be_refused_as_the_queue_is_for_others_by_now(curating, done):
    trace, _ = TraceFactory.create_batch(2)
    queue = filled()
    curating.get(of(queue))
    person("ada")
    change_queue(queue=queue, changes={"people": ["ada"]}, by=acting(me()))
    sent = {"claim": claim_of(trace).pk, "expected_review": ""}
    more = {"verdict": {"verdict": "approved"}, "correct": {"final_answer": "42"}}
    at = of(queue, "skip") if done == "skip" else of(queue, trace.pk, done)
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    for _ in range(1 if done == "skip" else 2):
        answer = curating.post(at, {**sent, **more.get(done, {})}, **key, **JSON)
        assert answer.status_code == 200
        assert answer.json()["trace"] is None
        text = words_in(answer.json()["html"])
        assert "The queue is for others. What you sent before was taken." in text
        assert "Look again" not in text
    assert Review.objects.count() == (done != "skip")
    assert curating.get(answer.json()["url"]).status_code == 200


def test_without_script_who_may_take_no_more_of_a_queue_is_told_in_the_list(curating):
    trace = TraceFactory()
    queue = filled()
    curating.get(of(queue))
    person("ada")
    change_queue(queue=queue, changes={"people": ["ada"]}, by=acting(me()))
    sent = {"verdict": "approved", "claim": claim_of(trace).pk, "expected_review": ""}
    answer = curating.post(of(queue, trace.pk, "verdict"), sent, follow=True)
    assert answer.status_code == 200
    assert "sums: The queue is for others." in words_in(answer.content.decode())
    assert Review.objects.get().verdict == "approved"


def test_an_undo_is_done_once_however_often_it_is_sent(curating):
    first, second = TraceFactory.create_batch(2)
    queue = filled()
    curating.get(of(queue))
    give(curating, queue, first)
    give(curating, queue, second)
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    for _ in range(2):
        answer = curating.post(of(queue, "undo"), **key, **JSON).json()
        assert (answer["trace"], answer["words"]) == (str(second.pk), "Undone: approved")
    assert Review.objects.standing().get().trace == first


def test_a_claim_is_renewed(curating):
    trace = TraceFactory()
    queue = filled()
    curating.get(of(queue))
    before = claim_of(trace).expires_at
    answer = curating.post(of(queue, "renew"), {"claim": claim_of(trace).pk}, **JSON)
    assert answer.status_code == 200
    assert claim_of(trace).expires_at > before
    assert curating.post(of(queue, "renew"), {"claim": "9" * 18}, **JSON).status_code == 409


def test_a_trace_that_another_holds_is_shown_to_be_read(curating):
    trace = TraceFactory()
    queue = filled()
    taken(queue, "bob")
    page = curating.get(of(queue, trace.pk)).content.decode()
    assert 'id="verdict"' not in page
    assert "Others work on the trace" in words_in(page)
    assert "Nothing is left for you here" in words_in(curating.get(of(queue)).content.decode())


OF_BOB = {"note": "too long a sum", "step_labels": {"1": -1, "55": -1}}
SAID = ("bob", "too long a sum", 'class="status rejected"', 'class="label ')


def test_blind_means_that_nothing_is_told_of_others(curating):
    steps = [{"i": n, "type": "a", "content": "b"} for n in range(60)]
    trace = TraceFactory(steps=steps)
    judged(taken(filled(name="before"), "bob"), "rejected", **OF_BOB)
    queue = filled(blind=True, step_labels=True)
    assert said_on(curating, queue, trace) == []
    answer = curating.post(of(queue, "next"), **JSON).json()
    assert [one for one in SAID if one in answer["html"]] == []
    assert "Earlier reviews What others say of it is shown when" in words_in(answer["html"])
    give(curating, queue, trace)
    assert said_on(curating, queue, trace) == list(SAID)


def test_blind_means_that_neither_attempts_nor_other_tags_tell_the_status(curating):
    trace = TraceFactory()
    other = TraceFactory(prompt=trace.prompt)
    Trace.objects.filter(pk=other.pk).update(status="flagged")
    judged(taken(filled(name="before"), "bob"), "rejected", note="too long a sum")
    queue = filled(blind=True)
    page = curating.get(of(queue, trace.pk)).content.decode()
    tags, attempts = sent_to(page, "tags"), sent_to(page, "attempts")
    side_by_side = curating.get(attempts, **JSON).json()["html"]
    assert re.findall(r'class="status (\w+)"', side_by_side) == ["flagged"]
    answer = curating.post(tags, {"tags": "odd"}, **JSON).json()
    assert [one for one in SAID if one in answer["html"]] == []
    assert "Status" not in words_in(answer["html"])
    assert 'data-tag="odd"' in answer["html"]
    assert f'href="{of(queue, trace.pk, "correct")}"' in answer["html"]
    assert answer["claim"] == claim_of(trace).pk
    give(curating, queue, trace)
    side_by_side = curating.get(attempts, **JSON).json()["html"]
    assert re.findall(r'class="status (\w+)"', side_by_side) == ["approved", "flagged"]
    facts = words_in(curating.post(tags, {"tags": ""}, **JSON).json()["html"])
    assert re.search("Status *approved", facts)
    for odd in ("?claim=x", "?claim=" + "9" * 30, "?claim=1\0"):
        assert curating.post(f"{tags.partition('?')[0]}{odd}", {"tags": ""}).status_code == 302


def sent_to(page: str, name: str) -> str:
    [address] = re.findall(rf'data-{name}="([^"]+)"', page)
    return unescape(address)


def said_on(curating, queue, trace) -> list[str]:
    """Give what the page of a trace, and each piece of its steps, tell of what bob said."""
    page = curating.get(of(queue, trace.pk)).content.decode()
    main = page[page.index('<main id="main"') :]
    for start in (0, 50):
        answer = curating.get(of(queue, trace.pk, "steps"), {"from": start})
        main += answer.content.decode()
    labels = main.count('class="label wrong"')
    assert labels in (0, 3)  # on the page, and in both of the pieces
    return [one for one in SAID if one in main]


@pytest.mark.parametrize("in_queue", [True, False], ids=["in the queue", "by the list"])
def test_who_gives_a_second_verdict_does_not_see_the_first(curating, in_queue):
    steps = [{"i": n, "type": "a", "content": "b"} for n in range(60)]
    trace = TraceFactory(steps=steps)
    queue = filled(overlap=1, step_labels=True)
    if in_queue:
        judged(taken(queue, "bob"), "rejected", **OF_BOB)
    else:
        verdict = Verdict(status="rejected", **OF_BOB)
        review_trace(trace=trace, verdict=verdict, by=acting(person("bob")))
    assert said_on(curating, queue, trace) == []
    give(curating, queue, trace)
    assert said_on(curating, queue, trace) == list(SAID)
    disputes = Queue.objects.get(is_of_disputes=True)
    third = Client()
    third.force_login(person("carla"))
    assert said_on(third, disputes, trace) == list(SAID)


@pytest.mark.parametrize("in_queue", [True, False], ids=["in a queue", "by the list"])
def test_what_was_said_before_a_queue_was_there_is_shown(curating, in_queue):
    steps = [{"i": n, "type": "a", "content": "b"} for n in range(60)]
    trace = TraceFactory(steps=steps)
    if in_queue:
        judged(taken(filled(name="before"), "bob"), "rejected", **OF_BOB)
    else:
        verdict = Verdict(status="rejected", **OF_BOB)
        review_trace(trace=trace, verdict=verdict, by=acting(person("bob")))
    assert said_on(curating, filled(name="once"), trace) == list(SAID)
    page = curating.get(of(filled(name="twice", overlap=1), trace.pk)).content.decode()
    assert [one for one in SAID[:2] if one in page] == list(SAID[:2])


def test_steps_of_a_trace_that_is_read_alone_have_no_labels_to_choose(curating):
    steps = [{"i": n, "type": "a", "content": "b"} for n in range(60)]
    trace = TraceFactory(steps=steps)
    queue = filled(step_labels=True)

    def choices() -> list[int]:
        page = curating.get(of(queue, trace.pk)).content.decode()
        [more] = re.findall(r'data-more="([^"]+)"', page)
        shown = (page, curating.get(unescape(more)).content.decode())
        return [one.count('type="radio"') for one in shown]

    assert choices() == [200, 40]
    Claim.objects.all().delete()
    taken(queue, "bob")
    assert choices() == [0, 0]


def test_the_guideline_comes_with_each_trace_and_is_what_the_review_names(curating):
    first, second = TraceFactory.create_batch(2)
    queue, by = filled(guideline="Be kind."), acting(me())
    curating.get(of(queue, first.pk))
    change_queue(queue=queue, changes={"guideline": "Be strict."}, by=by)
    curating.post(of(queue, "renew"), {"claim": claim_of(first).pk}, **JSON)
    after = claim_of(first).pk
    answer = curating.post(of(queue, "next"), {"after": after}, **JSON).json()
    assert "Guideline version 2 Be strict." in words_in(answer["html"])
    change_queue(queue=queue, changes={"guideline": "Be fair."}, by=by)
    answer = give(curating, queue, first).json()
    assert "Guideline version 2 Be strict." in words_in(answer["html"])
    give(curating, queue, second)
    assert list(Review.objects.order_by("pk").values_list("guideline", flat=True)) == [1, 2]
    undone = curating.post(of(queue, "undo"), **JSON).json()
    assert "Guideline version 3 Be fair." in words_in(undone["html"])


def test_without_script_what_is_last_leads_to_a_page(curating):
    trace = TraceFactory()
    queue = filled()
    curating.get(of(queue))
    sent = {"verdict": "approved", "claim": claim_of(trace).pk, "expected_review": ""}
    assert curating.post(of(queue, trace.pk, "verdict"), sent)["Location"] == of(queue)
    assert "Nothing is left" in words_in(curating.get(of(queue)).content.decode())
    assert curating.post(of(queue, "skip"))["Location"] == of(queue)


@pytest.mark.parametrize("path", ["", "/next", "/skip", "/undo", "/renew"])
def test_a_queue_that_is_not_there_is_told(curating, path):
    for number in ("1", "9" * 18):
        address = f"/admin/review/{number}{path}"
        answer = curating.post(address, **JSON) if path else curating.get(address, **JSON)
        assert answer.status_code == 404


def test_a_queue_of_others_is_refused(curating):
    TraceFactory()
    queue = filled(people=["lead"])
    assert curating.get(of(queue)).status_code == 403
