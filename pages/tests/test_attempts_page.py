"""The attempts at a prompt side by side, over HTTP: what is shown, and what the forms do."""

import re
import uuid

import pytest
from django.contrib.auth.models import User

from events.models import Event
from events.tests.acting import acting
from pages.prompts import shown
from pages.tests.hostile import hostile
from pages.tests.markup import text_of
from traces.models import Preference, Review, Trace
from traces.services.preferences import prefer_trace
from traces.tests.factories import ScoreFactory, TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

ASKED = {"prompt": "What is 9 x 7?", "meta": {"reference_answer": "63", "model": "m-1"}}


def attempt(answer: str, **fields) -> Trace:
    steps = [{"i": 0, "type": "reasoning", "content": f"9 x 7 is {answer}, for all I know."}]
    return TraceFactory(**{**ASKED, "final_answer": answer, "steps": steps, **fields})


def attempts(*answers: str) -> list[Trace]:
    return [attempt(answer) for answer in answers]


def address(trace: Trace, more: str = "") -> str:
    return f"/admin/prompts/{trace.prompt_hash}{more}"


def columns(response) -> list[str]:
    return re.findall(r'data-trace="([^"]+)"', response.content.decode())


def test_attempts_stand_side_by_side_the_newest_first(curating):
    right, wrong = attempt("63", status="approved"), attempt("56")
    ScoreFactory(trace=wrong, criteria="judged", value=0.25)
    response = curating.get(address(right))
    assert columns(response) == [str(wrong.pk), str(right.pk)]
    text = text_of(response)
    for part in ("What is 9 x 7?", "2 attempts, 2 different answers", "m-1", "judged0.25"):
        assert part in text
    assert "56 differs by number" in text
    assert "63 same by" in text
    html = response.content.decode()
    assert '9 x 7 is <mark title="The first number that differs">63</mark>' in html
    assert html.count("<mark") == 1


@pytest.mark.parametrize("answer", ["", " ", "\u2800"])
def test_an_answer_that_shows_nothing_has_a_link_that_can_be_seen(curating, answer):
    one, other = attempts(answer, "63")
    prefer_trace(chosen=other.pk, rejected=one.pk, by=acting(User.objects.get()))
    page = curating.get(address(one)).content.decode()
    assert page.count(f'href="/admin/traces/{one.pk}"><bdi>(empty)</bdi></a>') == 2
    assert "Side by side: (empty)" in page


def test_how_many_are_right_is_told(curating):
    for trace, value in zip(attempts("63", "56", "63"), (1, 0, 1), strict=True):
        ScoreFactory(trace=trace, criteria="answer_correctness", value=value)
    text = text_of(curating.get(address(Trace.objects.latest("pk"))))
    assert "3 attempts, 2 different answers, 2 of 3 right" in text


def test_the_newest_six_or_those_that_are_asked_for(curating):
    traces = attempts(*map(str, range(8)))
    ids = [str(trace.pk) for trace in traces]
    assert columns(curating.get(address(traces[0]))) == ids[:1:-1]
    first = curating.get(address(traces[0]), {"first": ids[0]})
    assert columns(first) == [ids[0], *ids[:2:-1]]
    asked = curating.get(address(traces[0]), {"trace": [ids[5], ids[1]]})
    assert columns(asked) == [ids[5], ids[1]]
    boxes = re.findall(r'value="([^"]+)" checked', asked.content.decode())
    assert boxes == [ids[5], ids[1]]


def test_what_cannot_be_shown_is_named_and_drops_nothing_else(curating):
    traces, other = attempts(*map(str, range(8))), TraceFactory()
    ids = [str(trace.pk) for trace in traces]
    asked = {"trace": [ids[0], "x\0y", str(other.pk), str(uuid.uuid4())]}
    response = curating.get(address(traces[0]), asked)
    assert columns(response) == [ids[0]]
    text = text_of(response)
    assert "xU+0000y is no attempt at this prompt." in text
    assert f"{other.pk} is no attempt at this prompt." in text
    response = curating.get(address(traces[0]), {"trace": ids})
    assert columns(response) == ids[:6]
    assert "No more than 6 stand side by side: the first of 8 do." in text_of(response)
    assert columns(curating.get(address(traces[0]), {"trace": "x"})) == ids[:1:-1]


def test_the_others_are_a_list_by_pages(curating):
    ids = [str(trace.pk) for trace in attempts(*map(str, range(60)))]
    trace = Trace.objects.get(pk=ids[0])
    page = curating.get(address(trace), {"trace": ids[-1]}).content.decode()
    further = re.search(r'rel="next" href="([^"]+)"', page)[1].replace("&amp;", "&")
    older = curating.get(address(trace, further))
    assert columns(older) == [ids[-1]]
    html = older.content.decode()
    assert re.findall(r'type="checkbox" name="trace" value="([^"]+)"', html) == ids[9::-1]
    assert f'type="hidden" name="trace" value="{ids[-1]}"' in html


def sent_by(response, *ticked: str) -> dict[str, list[str]]:
    """Give what the form of all attempts sends when these boxes are ticked as well."""
    form = response.content.decode().partition('<form class="choosing"')[2].partition("</form>")[0]
    inputs = re.findall(r'<input [^>]*name="trace" value="([^"]+)"([^>]*)>', form)
    hidden = re.findall(r'type="hidden" name="trace" value="([^"]+)"', form)
    sent = {*ticked, *hidden}
    return {"trace": [one for one, rest in inputs if one in sent or "checked" in rest]}


def test_what_is_ticked_on_a_later_page_stands_side_by_side(curating):
    traces = attempts(*map(str, range(60)))
    ids = [str(trace.pk) for trace in traces]
    there = address(traces[0])

    def older(page):
        found = re.search(r'rel="next" href="([^"]+)"', page.content.decode())[1]
        return curating.get(there + found.replace("&amp;", "&"))

    page = older(curating.get(there))
    response = curating.get(there, sent_by(page, ids[3], ids[1]))
    assert columns(response) == [ids[3], ids[1]]
    assert "No more than" not in text_of(response)
    # those that somebody chose on another page follow, as far as there is place
    page = older(curating.get(there, {"trace": ids[-6:]}))
    assert columns(page) == ids[-6:]
    response = curating.get(there, sent_by(page, ids[3], ids[1]))
    assert columns(response) == [ids[3], ids[1], *ids[-6:-2]]
    assert "No more than 6 stand side by side: the first of 8 do." in text_of(response)
    page = older(curating.get(there, {"first": ids[0]}))
    assert columns(page)[0] == ids[0]


def test_a_page_takes_few_queries(curating, django_assert_num_queries):
    traces = attempts(*map(str, range(20)))
    for trace in traces:
        ScoreFactory(trace=trace, criteria="answer_correctness", value=1)
    prefer_trace(chosen=traces[0].pk, rejected=traces[1].pk, by=acting(User.objects.get()))
    # session, user, groups; the prompt (two), columns, their scores, the list and what is said of
    # it, preferences of the columns and of all (with four that bound the time)
    with django_assert_num_queries(15):
        curating.get(address(traces[0]))


def test_a_verdict_is_given_and_the_same_ones_stay(curating):
    one, other = attempts("63", "56")
    query = f"?trace={other.pk}&trace={one.pk}"
    body = {"verdict": "rejected", "note": "wrong", "expected_status": "unreviewed"}
    response = curating.post(address(one, f"/{other.pk}/verdict{query}"), body, follow=True)
    assert response.redirect_chain == [(address(one, query), 302)]
    assert columns(response) == [str(other.pk), str(one.pk)]
    assert "Your verdict: rejected." in text_of(response)
    other.refresh_from_db()
    assert other.status == "rejected"


def test_a_verdict_over_that_of_somebody_else_is_refused_and_what_was_typed_stays(curating):
    one, other = attempt("63", status="rejected"), attempt("56")
    body = {"verdict": "approved", "note": "a long thought", "expected_status": "unreviewed"}
    response = curating.post(address(one, f"/{one.pk}/verdict?trace={one.pk}"), body)
    assert response.status_code == 409
    assert columns(response) == [str(one.pk)]
    page = response.content.decode()
    assert "The status is rejected by now, not unreviewed." in page
    assert page.count("a long thought</textarea>") == 1
    assert not Review.objects.exists()
    response = curating.post(address(one, f"/{other.pk}/verdict"), {"verdict": "x"})
    assert response.status_code == 400
    back = curating.get(address(one, f"/{one.pk}/verdict?trace={one.pk}"))
    assert back["Location"] == address(one, f"?trace={one.pk}")


def test_a_verdict_refused_for_its_note_is_none_over_that_of_somebody_else(curating):
    one, other = attempt("63", status="rejected"), attempt("56")
    body = {"verdict": "approved", "note": "n\0", "expected_status": "unreviewed"}
    refused = curating.post(address(one, f"/{one.pk}/verdict"), body)
    assert refused.status_code == 400
    page = refused.content.decode()
    assert re.findall(r'name="expected_status" value="([^"]*)"', page) == ["unreviewed"] * 2
    Trace.objects.filter(pk=other.pk).update(status="flagged")
    page = curating.post(address(one, f"/{one.pk}/verdict"), body).content.decode()
    assert re.findall(r'name="expected_status" value="([^"]*)"', page) == ["flagged", "unreviewed"]


def test_one_is_preferred_over_another(curating):
    one, other = attempts("63", "56")
    body = {"chosen": str(one.pk), "rejected": str(other.pk)}
    response = curating.post(address(one, f"/prefer?trace={one.pk}"), body, follow=True)
    assert response.redirect_chain == [(address(one, f"?trace={one.pk}"), 302)]
    assert "Preferred." in text_of(response)
    made = Preference.objects.get()
    assert (made.chosen, made.rejected, made.reviewer.username) == (one, other, "the curator")
    text = text_of(curating.get(address(one)))
    assert "2 63 over 1 56 the curator," in text
    again = curating.post(address(one, "/prefer"), body, follow=True)
    assert "You preferred it before: it stays." in text_of(again)
    assert 'aria-pressed="true"' in again.content.decode()
    assert Event.objects.filter(object_type="preference").count() == 1


def test_what_is_no_pair_is_refused(curating):
    one, other = attempts("63", "56")
    same, elsewhere = attempt("56"), TraceFactory()
    prefer_trace(chosen=one.pk, rejected=other.pk, by=acting(User.objects.get()))

    def refused(chosen, rejected):
        body = {"chosen": str(chosen), "rejected": str(rejected)}
        response = curating.post(address(one, "/prefer"), body)
        return response.status_code, response.content.decode()

    status, page = refused(other.pk, one.pk)
    assert status == 409
    assert "You preferred the other one before" in page
    for chosen, rejected, reason in (
        (one.pk, one.pk, "It is the chosen one."),
        (other.pk, same.pk, "It says the same as the chosen one."),
        (one.pk, elsewhere.pk, "It is an attempt at another prompt"),
        (one.pk, uuid.uuid4(), "not found."),
        (one.pk, "x\0", "rejected"),
        ("", other.pk, "chosen"),
    ):
        status, page = refused(chosen, rejected)
        assert status == 400
        assert reason in page
    assert Preference.objects.count() == 1


def test_a_preference_is_taken_back(curating):
    one, other = attempts("63", "56")
    made, _ = prefer_trace(chosen=one.pk, rejected=other.pk, by=acting(User.objects.get()))
    path = address(one, f"/preferences/{made.pk}/delete")
    elsewhere = address(TraceFactory(), f"/preferences/{made.pk}/delete")
    assert curating.post(elsewhere).status_code == 404
    assert "The preference is deleted." in text_of(curating.post(path, follow=True))
    assert not Preference.objects.exists()
    assert curating.post(path).status_code == 404


def test_readers_see_all_and_change_nothing():
    one, other = attempts("63", "56")
    made, _ = prefer_trace(
        chosen=one.pk, rejected=other.pk, by=acting(User.objects.create_user("ada"))
    )
    reading = logged_in("reader", is_staff=False)
    page = reading.get(address(one))
    assert "63 over" in text_of(page)
    html = page.content.decode()
    assert 'method="post"' not in html[html.index("<main") : html.index("</main")]
    body = {"chosen": str(other.pk), "rejected": str(one.pk), "verdict": "approved"}
    for more in ("/prefer", f"/{one.pk}/verdict", f"/preferences/{made.pk}/delete"):
        assert reading.post(address(one, more), body).status_code == 403
    assert Preference.objects.get() == made


def test_hostile_attempts_are_text(curating):
    trace = TraceFactory(**hostile())
    TraceFactory(**{**hostile(), "external_id": None, "final_answer": "7"})
    response = curating.get(address(trace))
    html = response.content.decode()
    main = html[html.index("<main") : html.index("</main")]
    assert "<svg onload=alert" in text_of(response)
    for tag in ("<script", "<svg", "<img", "<iframe", "<base"):
        assert tag not in main


@pytest.mark.parametrize("text", [str(uuid.UUID(int=7)), "-" * 36, "f" * 33])
def test_what_is_no_prompt_is_not_found(curating, text):
    trace = TraceFactory()
    assert curating.get(f"/admin/prompts/{text}/").status_code == 404
    assert curating.post(f"/admin/prompts/{text}/prefer", {}).status_code == 404
    verdict = {"verdict": "approved"}
    assert curating.post(f"/admin/prompts/{text}/{trace.pk}/verdict", verdict).status_code == 404


def test_a_prompt_whose_last_attempt_is_deleted_meanwhile_is_not_found(curating, monkeypatch):
    [trace] = attempts("63")
    find = shown.prompt_with

    def found(prompt_hash):
        row = find(prompt_hash)
        trace.delete()
        return row

    monkeypatch.setattr(shown, "prompt_with", found)
    assert curating.get(address(trace)).status_code == 404


def test_more_attempts_than_are_looked_at_are_told(curating, monkeypatch):
    monkeypatch.setattr(shown, "MAX_ATTEMPTS", 12_345)
    [trace] = attempts("63")
    find = shown.prompt_with
    monkeypatch.setattr(shown, "prompt_with", lambda asked: {**find(asked), "complete": False})
    assert "of the first 12,345" in text_of(curating.get(address(trace)))


def test_a_trace_and_its_review_lead_here(curating):
    one, _ = attempts("63", "56")
    there = address(one, f"?first={one.pk}")
    assert there in curating.get(f"/admin/traces/{one.pk}?tab=attempts").content.decode()
    assert there in curating.get(f"/admin/review/trace/{one.pk}").content.decode()
