"""Corrections and attempts side by side, as the page of a trace asks for them."""

import re
import uuid

import pytest
from django.contrib.auth.models import User

from pages.review.attempts import around_difference
from pages.tests.hostile import hostile
from traces.curation.members import Claim
from traces.models import Review, Trace
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.tests.queues.working import filled, taken
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

JSON = {"HTTP_ACCEPT": "application/json"}
STEPS = [
    {"i": 0, "type": "reasoning", "content": "7+5=12"},
    {"i": 3, "type": "reasoning", "content": "1+3=5"},
    {"i": 4, "type": "reasoning", "content": "So it goes."},
]


@pytest.fixture
def curating():
    return logged_in("curator")


@pytest.fixture
def trace() -> Trace:
    return TraceFactory(prompt="How many?\nSay.", final_answer="52", steps=STEPS)


def at(trace, what="correct", queue=None):
    return f"/admin/review/{queue.pk if queue else 'trace'}/{trace.pk}/{what}"


def test_a_correction_begins_with_what_is_there(curating, trace):
    html = curating.get(at(trace), **JSON).json()["html"]
    assert "How many?\nSay.</textarea>" in html
    assert [f'name="step-{i}"' in html for i in (0, 3, 4, 5)] == [True, True, True, False]


def test_what_is_sent_is_otherwise_and_the_rest_stays(curating, trace):
    sent = {"step-3": "1+3=4\r\nYes.", "step-4": "", "final_answer": "42", "note": "Carry."}
    answer = curating.post(at(trace), {**sent, "expected_status": "unreviewed"}, **JSON)
    assert answer.status_code == 200
    corrected = Trace.objects.exclude(pk=trace.pk).get()
    assert answer.json()["trace"] == str(corrected.pk)
    assert corrected.steps == [STEPS[0], {**STEPS[1], "content": "1+3=4\nYes."}]
    assert (corrected.prompt, corrected.final_answer) == (trace.prompt, "42")
    assert corrected.meta["revision_of"] == str(trace.pk)
    review = Review.objects.get()
    assert (review.trace, review.verdict, review.note) == (trace, "rejected", "Carry.")


def test_steps_are_added_where_they_belong_and_taken_away(curating, trace):
    sent = {
        "new-start-0": "At first.",
        "type-start-0": "plan",
        "new-0-10": "And so.",
        "new-0-2": "Carry\r\n1.",
        "new-4-0": "At last.",
        "step-3": "",
    }
    assert curating.post(at(trace), sent, **JSON).status_code == 200
    corrected = Trace.objects.exclude(pk=trace.pk).get()
    assert [(step["i"], step["type"], step["content"]) for step in corrected.steps] == [
        (0, "plan", "At first."),
        (1, "reasoning", "7+5=12"),
        (2, "reasoning", "Carry\n1."),
        (3, "reasoning", "And so."),
        (4, "reasoning", "So it goes."),
        (5, "reasoning", "At last."),
    ]


def test_without_script_a_page_has_the_fields_and_adds_some(curating, trace):
    page = curating.get(at(trace)).content.decode()
    assert '<button name="add" formnovalidate value="3"' in page
    assert 'name="expected_status" value="unreviewed"' in page
    typed = {"prompt": "How many?\r\nSay.", "step-0": "7+5=13", "final_answer": "52"}
    expected = {"expected_status": "unreviewed", "note": "odd"}
    page = curating.post(at(trace), {**typed, **expected, "add": "0"}).content.decode()
    assert ">\n7+5=13</textarea>" in page
    assert 'name="new-0-0"' in page
    assert 'name="type-0-0" value="reasoning"' in page
    more = {**typed, **expected, "new-0-0": "<b>And so.", "type-0-0": "b", "add": "0"}
    page = curating.post(at(trace), more).content.decode()
    assert "&lt;b&gt;And so.</textarea>" in page
    assert 'name="new-0-1"' in page
    del more["add"]
    stale = curating.post(at(trace), {**more, "expected_status": "flagged"})
    assert stale.status_code == 409
    page = stale.content.decode()
    assert "unreviewed by now, not flagged" in page
    assert "&lt;b&gt;And so.</textarea>" in page
    assert ">\nodd</textarea>" in page
    response = curating.post(at(trace), more)
    corrected = Trace.objects.exclude(pk=trace.pk).get()
    assert response["Location"] == f"/admin/review/trace/{corrected.pk}"
    assert [step["content"] for step in corrected.steps][:2] == ["7+5=13", "<b>And so."]


def test_without_script_a_correction_in_a_queue_leads_to_the_next(curating, trace):
    second = TraceFactory()
    queue = filled()
    curating.get(f"/admin/review/{queue.pk}")
    page = curating.get(at(trace, queue=queue)).content.decode()
    fields = dict(re.findall(r'type="hidden" name="(claim|expected_review)" value="(.*?)"', page))
    assert fields == {"claim": str(Claim.objects.get().pk), "expected_review": ""}
    response = curating.post(at(trace, queue=queue), {**fields, "final_answer": "42"})
    assert response["Location"] == f"/admin/review/{queue.pk}/{second.pk}"
    assert Review.objects.get().queue == queue


def test_what_a_form_leaves_as_it_is_keeps_its_line_ends(curating):
    steps = [{"i": 0, "type": "a", "content": "one\r\ntwo\rthree"}]
    trace = TraceFactory(prompt="a\r\nb", steps=steps, final_answer="1")
    sent = {"prompt": "a\r\nb", "step-0": "one\r\ntwo\r\nthree", "final_answer": "2"}
    assert curating.post(at(trace), sent).status_code == 302
    corrected = Trace.objects.exclude(pk=trace.pk).get()
    assert (corrected.prompt, corrected.steps) == (trace.prompt, trace.steps)


def test_in_a_queue_the_answer_is_the_next_trace(curating, trace):
    second = TraceFactory()
    queue = filled()
    curating.get(f"/admin/review/{queue.pk}")
    claim = Claim.objects.get(reviewer=User.objects.get(username="the curator"))
    sent = {"final_answer": "42", "claim": claim.pk, "expected_review": ""}
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    for _ in range(2):  # it is done once
        answer = curating.post(at(trace, queue=queue), sent, **key, **JSON)
        assert answer.json()["trace"] == str(second.pk)
    assert Trace.objects.count() == 3
    assert Review.objects.get().queue == queue


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({}, 400, "nothing is corrected"),
        ({"step-9": "x"}, 400, "step-9"),
        ({"new-9-0": "x"}, 400, "new-9-0"),
        ({"new-3-0": "x", "type-3-0": ""}, 400, "steps"),
        ({"new-3-0": "", "new-start-1": ""}, 400, "nothing is corrected"),
        ({"prompt": ""}, 400, "prompt"),
        ({"step-0": "", "step-3": "", "step-4": ""}, 400, "steps"),
        (
            {"final_answer": "1", "expected_status": "flagged"},
            409,
            "unreviewed by now, not flagged",
        ),
        ({"final_answer": "1", "claim": "77"}, 409, "The claim ended"),
    ],
)
def test_what_is_refused_is_told_and_nothing_stored(curating, trace, sent, status, said):
    answer = curating.post(at(trace), sent, **JSON)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert Trace.objects.count() == 1


def test_readers_correct_nothing_and_compare(trace):
    reading = logged_in("reader", is_staff=False)
    assert reading.get(at(trace), **JSON).status_code == 403
    assert reading.post(at(trace), {"final_answer": "1"}, **JSON).status_code == 403
    assert "52" in reading.get(at(trace, "attempts"), **JSON).json()["html"]


def test_six_attempts_stand_beside_each_other(curating):
    asked = {"prompt": "What is 4+4?", "meta": {"reference_answer": "8", "model": "one"}}
    steps = [{"i": 0, "type": "a", "content": "4+4=8, so 8"}]
    trace = TraceFactory(**asked, final_answer="8", steps=steps)
    wrong = [{"i": 0, "type": "a", "content": "4+4=9, so 9"}]
    others = [TraceFactory(**asked, final_answer="9", steps=wrong) for _ in range(7)]
    ScoreFactory(trace=others[-1], criteria="judged", value=0.25)
    TraceFactory()
    html = curating.get(at(trace, "attempts"), **JSON).json()["html"]
    assert html.count("<article") == 6
    assert html.count("<mark") == 5
    assert html.count('class="said same"') == 1
    assert html.count('class="said differs"') == 5
    assert "4+4=<mark" in html
    assert "0.25" in html
    assert str(others[0].pk) not in html  # the newest are shown


def test_hostile_attempts_are_text(curating):
    trace = TraceFactory(**hostile())
    html = curating.get(at(trace, "attempts"), **JSON).json()["html"]
    html += curating.get(at(trace), **JSON).json()["html"]
    assert "<script" not in html
    assert "<img" not in html


@pytest.mark.parametrize(
    ("text", "reference", "cut"),
    [
        ("1, 2 and 3", "1, 2 and 3", ("1, 2 and 3", "", "")),
        ("1, 2 and 4", "1, 2 and 3", ("1, 2 and ", "4", "")),
        ("1,200 of it", "1,300", ("", "1,200", " of it")),
        ("1 and 2", "1", ("1 and ", "2", "")),
        ("1", "1 and 2", ("1", "", "")),
        ("none", "1", ("none", "", "")),
    ],
)
def test_the_first_number_that_differs(text, reference, cut):
    assert around_difference(text, reference) == cut


def test_a_long_text_is_shown_around_the_difference():
    before, number, after = around_difference("a" * 5_000 + "7" + "b" * 5_000, "8")
    assert (number, before[:3], len(before), after[-2:]) == ("7", "… a", 1_002, " …")
    assert len(around_difference("a" * 5_000, "")[0]) == 3_002


def test_the_trace_that_another_has_is_not_corrected(curating, trace):
    queue = filled()
    taken(queue, "bob")
    page = curating.get(f"/admin/review/{queue.pk}/{trace.pk}").content.decode()
    assert 'data-action="correct"' not in page
