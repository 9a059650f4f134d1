"""The page of a trace over HTTP: what it shows, who may come, and what its forms do."""

import re
import uuid

import pytest
from django.contrib.auth.models import User
from django.test import Client

from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from pages.review import steps
from pages.tests.hostile import hostile
from pages.tests.markup import Markup, text_of
from traces.models import Review
from traces.services.reviews import Verdict, review_trace, undo_review
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.tests.queues.working import person
from tunix_site.admin_base.entering import WRONG
from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in
from tunix_site.tests.people import give_role

pytestmark = pytest.mark.django_db

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def address(trace, *more: str) -> str:
    return "/".join([f"/admin/review/trace/{trace.pk}", *more])


class Asking:
    """What the module of the page asks for."""

    JSON = {"HTTP_ACCEPT": "application/json"}


def test_a_trace_is_shown_with_what_stands_beside_it(curating):
    trace = TraceFactory(
        prompt="What is 9 x 7?",
        final_answer="56",
        steps=[{"i": 4, "type": "reasoning", "content": "9 x 7 = 56"}],
        meta={"reference_answer": "63", "model": "m-1", "source": "s-1", "level": {"of": 5}},
        tags=["hard"],
    )
    TraceFactory(prompt="What is 9 x 7?", final_answer="63")
    ScoreFactory(trace=trace, criteria="baseline", value=12.5)
    Review.objects.create(
        trace=trace, reviewer=User.objects.get(), verdict="flagged", note="odd", reasons=["sum"]
    )
    response = curating.get(address(trace))
    text = text_of(response)
    for part in (
        "What is 9 x 7?",
        "differs",
        "by number",
        "9 x 7 = 56",
        "m-1",
        "s-1",
        "hard",
        "12.5",
    ):
        assert part in text
    for part in ("odd", "sum", "the curator", "level", "Other attempts 1", "Earlier reviews 1"):
        assert part in text
    assert response["Content-Security-Policy"] == POLICY
    assert response["Cache-Control"] == "no-store"
    assert 'name="verdict"' in response.content.decode()


def test_a_score_says_how_the_answer_was_compared(curating):
    trace = TraceFactory(final_answer="2x", meta={"reference_answer": "x+x"})
    assert "undecided" in text_of(curating.get(address(trace)))
    ScoreFactory(
        trace=trace,
        criteria="answer_correctness",
        scorer_version="tunix-1",
        value=1,
        details={"outcome": "right", "how": "symbolic"},
    )
    text = text_of(curating.get(address(trace)))
    assert "same" in text
    assert "symbolic, by tunix-1" in text


def test_the_number_of_queries_is_the_same_for_any_trace(curating, django_assert_num_queries):
    trace = TraceFactory(steps=[{"i": n, "type": "a", "content": "b"} for n in range(300)])
    TraceFactory.create_batch(5, prompt=trace.prompt)
    with django_assert_num_queries(9):
        response = curating.get(address(trace))
    assert response.content.count(b'class="step"') == 50


@pytest.mark.parametrize("where", ["/admin/review/trace/", "/admin/traces/"])
def test_equations_are_looked_for_in_so_much_text_and_the_rest_says_so(
    curating, monkeypatch, where
):
    said = "9 x 7 = 56"
    trace = TraceFactory(steps=[{"i": n, "type": "a", "content": said} for n in range(3)])
    monkeypatch.setattr(steps, "MAX_CHECKED_CHARS", 2 * len(said))
    page = curating.get(f"{where}{trace.pk}").content.decode()
    assert page.count("The equation is wrong") == 2
    assert page.count("equations not checked") == 1


def test_a_review_that_was_undone_is_listed_as_such_and_labels_no_step(curating):
    trace, ada = TraceFactory(), person("ada")
    label = {str(trace.steps[0]["i"]): -1}
    for labels in (None, label):
        verdict = Verdict(status="approved", step_labels=labels)
        review = review_trace(trace=trace, verdict=verdict, by=acting(ada))
    shown = (address(trace), address(trace, "steps"), f"/admin/traces/{trace.pk}")
    assert [text_of(curating.get(one)).count("ada: wrong") for one in shown] == [1, 1, 1]
    undo_review(review=review, by=acting(ada))
    assert [text_of(curating.get(one)).count("ada: wrong") for one in shown] == [0, 0, 0]
    for page in (address(trace), f"/admin/traces/{trace.pk}?tab=changes"):
        text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d ", "", text_of(curating.get(page)))
        text = re.sub(r"it was \w+ ", "", text)
        said = "approved ada undoes an earlier one approved ada undone approved ada "
        assert said in text
        assert f"{said}und" not in text


def test_steps_come_in_pieces(curating):
    trace = TraceFactory(steps=[{"i": n, "type": "a", "content": f"c{n}"} for n in range(120)])
    page = curating.get(address(trace)).content.decode()
    assert f'data-more="{address(trace, "steps")}?from=50"' in page
    last = curating.get(address(trace, "steps"), {"from": 100}).content.decode()
    assert last.count('class="step"') == 20
    assert "data-more" not in last
    without_script = curating.get(address(trace), {"from": 100}).content.decode()
    assert 'id="step-119"' in without_script
    odd = curating.get(address(trace), {"from": "１０"}).content.decode()
    assert 'id="step-0"' in odd


def test_who_is_not_logged_in_is_asked_to(client):
    trace = TraceFactory()
    response = client.get(address(trace))
    assert response.status_code == 302
    assert response["Location"] == f"/admin/login/?next={address(trace)}"
    assert client.post(address(trace, "verdict"), {"verdict": "approved"}).status_code == 302
    answer = client.post(address(trace, "verdict"), **Asking.JSON)
    assert answer.status_code == 401
    assert answer.json() == {"detail": "Your session ended: log in again."}
    assert Review.objects.count() == 0


def test_a_reader_reads_alone():
    trace, reader = TraceFactory(), logged_in("reader", is_staff=False)
    page = reader.get(address(trace)).content.decode()
    assert trace.prompt in page
    assert 'id="verdict"' not in page
    assert reader.post(address(trace, "verdict"), {"verdict": "approved"}).status_code == 403
    assert reader.post(address(trace, "tags"), {"tags": "a"}).status_code == 403
    nobody = Client()
    nobody.force_login(User.objects.create(username="nobody"))
    assert nobody.get(address(trace)).url.startswith("/admin/login/")  # which says what lacks


def test_a_form_gives_a_verdict(curating):
    trace = TraceFactory()
    sent = {
        "verdict": "rejected",
        "note": "a\r\nb",
        "label-1": "-1",
        "expected_status": "unreviewed",
    }
    response = curating.post(address(trace, "verdict"), sent)
    assert response.status_code == 302
    assert response["Location"] == address(trace)
    review = Review.objects.get()
    assert (review.verdict, review.note, review.step_labels) == ("rejected", "a\nb", {"1": -1})


def test_the_module_gives_one_verdict_however_often_it_asks(curating):
    trace = TraceFactory()
    sent = {"verdict": "approved", "labels": '{"0": 1}', "expected_status": "unreviewed"}
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4()), **Asking.JSON}
    first = curating.post(address(trace, "verdict"), sent, **key)
    again = curating.post(address(trace, "verdict"), sent, **key)
    assert first.status_code == again.status_code == 200
    assert first.json()["trace"] == str(trace.pk)
    assert 'class="status approved"' in first.json()["html"]
    assert Review.objects.count() == 1
    other = curating.post(address(trace, "verdict"), {**sent, "verdict": "flagged"}, **key)
    assert other.status_code == 422


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({}, 400, "verdict"),
        ({"verdict": "maybe"}, 400, "verdict"),
        ({"verdict": "approved", "labels": "[1"}, 400, "labels"),
        ({"verdict": "approved", "labels": '{"0": 2}'}, 400, "step_labels"),
        ({"verdict": "approved", "labels": '{"0": null, "1": "null"}'}, 400, "step_labels"),
        ({"verdict": "approved", "labels": "7"}, 400, "step_labels"),
        ({"verdict": "approved", "labels": '{"77": 1}'}, 400, "step_labels"),
        ({"verdict": "approved", "label-0": "x"}, 400, "step_labels"),
        ({"verdict": "approved", "note": "n" * 10_001}, 400, "note"),
        ({"verdict": "approved", "expected_status": "flagged"}, 409, "unreviewed by now"),
    ],
)
def test_what_is_refused_is_told(curating, sent, status, said):
    answer = curating.post(address(TraceFactory(), "verdict"), sent, **Asking.JSON)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert Review.objects.count() == 0


def test_tags_are_changed(curating):
    trace = TraceFactory(tags=["a"])
    answer = curating.post(address(trace, "tags"), {"tags": "b\r\n\r\nc d"}, **Asking.JSON)
    assert answer.status_code == 200
    trace.refresh_from_db()
    assert trace.tags == ["b", "c d"]
    refused = curating.post(address(trace, "tags"), {"tags": "x" * 65}, **Asking.JSON)
    assert refused.status_code == 400
    for sent in ("NaN", "[NaN]", r'["\ud800"]', "[" * 100_000, '{"a": 1, "a": 2}'):
        wrong = {"tags": "mine", "expected_tags": sent}
        refused = curating.post(address(trace, "tags"), wrong, **Asking.JSON)
        assert refused.status_code == 400, sent
        assert "expected_tags" in refused.json()["detail"]
    stale = {"tags": "mine", "expected_tags": '["a"]'}
    refused = curating.post(address(trace, "tags"), stale, **Asking.JSON)
    assert refused.status_code == 409
    assert refused.json()["detail"] == "The tags are b, c d by now, not a."


@pytest.mark.parametrize("path", ["", "/steps"])
def test_a_trace_that_is_not_there_is_told(curating, path):
    response = curating.get(f"/admin/review/trace/{uuid.uuid4()}{path}", HTTP_ACCEPT="text/html")
    assert response.status_code == 404
    assert b"not found" in response.content


def test_a_hostile_trace_is_text(curating):
    trace = TraceFactory(**hostile())
    TraceFactory(prompt=trace.prompt, final_answer=trace.final_answer, meta=trace.meta)
    page = Markup(curating.get(address(trace)).content.decode())
    assert [attributes for tag, attributes in page.elements if tag == "script"] == [
        {"type": "module", "src": "/static/pages/shared/forms.js"},
        {"type": "module", "src": "/static/pages/review/main.js"},
    ]
    assert not page.tags & {"iframe", "svg", "img", "style", "base", "object", "embed"}
    assert [name for name in page.attributes if name.startswith("on")] == []
    addresses = {
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ("href", "action", "formaction")
    }
    assert all(value.startswith(("/", "#")) for value in addresses)
    assert "\u202e" not in page.text


def test_a_dataset_that_holds_the_trace_is_named(curating):
    trace = TraceFactory()
    dataset = DatasetFactory()
    page = curating.get(address(trace))
    assert dataset.key in text_of(page)
    assert f'href="/admin/datasets/{dataset.key}"' in page.content.decode()


def test_a_login_in_place(client):
    user = User.objects.create_user("ada", password="correct horse 42")
    give_role(user, Role.CURATOR)
    refused = client.post("/admin/review/login", {"username": "ada", "password": "wrong"})
    assert refused.status_code == 400
    assert refused.json()["detail"] == WRONG
    answer = client.post("/admin/review/login", {"username": "ada", "password": "correct horse 42"})
    assert answer.json() == {"user": user.pk}
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_login_in_place_tells_who_has_no_role(client):
    User.objects.create_user("ada", password="correct horse 42")
    form = {"username": "ada", "password": "correct horse 42"}
    refused = client.post("/admin/review/login", form)
    assert refused.status_code == 400
    assert "ada may not enter yet: a role is missing." in refused.json()["detail"]
    assert "_auth_user_id" not in client.session


def test_a_login_in_place_needs_its_token():
    client = Client(enforce_csrf_checks=True)
    assert client.post("/admin/review/login", {"username": "a", "password": "b"}).status_code == 403
