"""The page of one trace over HTTP: its tabs, the traces beside it, and what its forms do."""

import re
from html import unescape

import pytest
from django.contrib.auth.models import User

from datasets.tests.factories import DatasetFactory
from pages.tests.slow import slow_rows
from pages.tests.test_traces_page import ADDRESS, link, text_of
from traces.models import Review, Trace
from traces.tests.factories import ScoreFactory, TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

HIDDEN = re.compile(r'<input type="hidden" name="(expected_[a-z]+)" value="([^"]*)"')


def address(trace, more: str = "") -> str:
    return f"{ADDRESS}{trace.pk}{more}"


def test_a_trace_is_shown_with_its_answer_and_steps(curating):
    trace = TraceFactory(
        prompt="What is 9 x 7?",
        final_answer="56",
        steps=[{"i": 4, "type": "reasoning", "content": "9 x 7 = 56"}],
        meta={"reference_answer": "63", "model": "m-1", "source": "s-1", "level": {"of": 5}},
        tags=["hard"],
    )
    ScoreFactory(trace=trace, criteria="baseline", value=12.5)
    text = text_of(curating.get(address(trace)))
    for part in ("What is 9 x 7?", "Final answer differs", "63", "m-1", "s-1", "hard", "12.5"):
        assert part in text
    assert "9 x 7 = 56 9 x 7 = 56" in text  # the wrong equation is named before the step


def test_a_trace_leads_to_its_correction(curating):
    trace = TraceFactory()
    correction = f'href="/admin/review/trace/{trace.pk}/correct"'
    assert correction in curating.get(address(trace)).content.decode()
    reading = logged_in("reader", is_staff=False)
    assert correction not in reading.get(address(trace)).content.decode()


def test_each_tab_has_its_part(curating):
    trace = TraceFactory(prompt="What is 9 x 7?", external_id="row-1")
    other = TraceFactory(prompt="What is 9 x 7?", final_answer="64")
    dataset = DatasetFactory()  # of all traces
    user = User.objects.get(username="the curator")
    Review.objects.create(trace=trace, reviewer=user, verdict="flagged", note="odd")
    curating.post(address(trace, "/tags"), {"tags": "one\ntwo"})
    tabs = {
        "attempts": "64",
        "changes": "odd",
        "datasets": dataset.key,
        "raw": '"external_id": "row-1"',
    }
    for tab, part in tabs.items():
        response = curating.get(address(trace), {"tab": tab})
        assert part in text_of(response)
        assert 'aria-current="page"' in response.content.decode()
    changes = text_of(curating.get(address(trace), {"tab": "changes"}))
    assert "tagged tags →to one, two" in changes
    assert str(other.pk) in curating.get(address(trace), {"tab": "attempts"}).content.decode()


def test_newer_and_older_stay_within_the_filter(curating):
    first = TraceFactory(meta={"source": "here"})
    TraceFactory(meta={"source": "there"})
    second = TraceFactory(meta={"source": "here"})
    response = curating.get(address(second), {"source": "here"})
    assert link(response, "prev") is None
    assert f"/admin/traces/{first.pk}?source=here" in link(response, "next")
    response = curating.get(address(first), {"source": "here"})
    assert f"/admin/traces/{second.pk}?source=here" in link(response, "prev")
    assert link(response, "next") is None


def test_a_verdict_and_tags_are_given_without_a_script(curating):
    trace = TraceFactory()
    body = {"verdict": "rejected", "note": "wrong", "expected_status": "unreviewed"}
    response = curating.post(address(trace, "/verdict?source=here"), body, follow=True)
    assert response.redirect_chain == [(address(trace, "?source=here"), 302)]
    assert "Your verdict: rejected." in text_of(response)
    response = curating.post(address(trace, "/tags"), {"tags": "a\nb"}, follow=True)
    assert "The tags are changed." in text_of(response)
    trace.refresh_from_db()
    assert trace.tags == ["a", "b"]


def test_what_is_refused_is_shown_again(curating):
    trace = TraceFactory(status="rejected", tags=["theirs"])
    body = {"verdict": "approved", "note": "a long thought", "expected_status": "unreviewed"}
    response = curating.post(address(trace, "/verdict?source=here"), body)
    assert response.status_code == 409
    page = response.content.decode()
    assert "The status is rejected by now, not unreviewed." in page
    assert ">\na long thought</textarea>" in page
    assert 'name="expected_status" value="rejected"' in page
    assert not Review.objects.exists()
    gone_back_to = curating.get(address(trace, "/verdict?source=here"))
    assert gone_back_to["Location"] == address(trace, "?source=here")
    response = curating.post(address(trace, "/tags"), {"tags": "x" * 65})
    assert response.status_code == 400
    assert "x" * 65 in response.content.decode()


def test_tags_that_somebody_else_changed_are_not_lost(curating):
    trace = TraceFactory(tags=["a"])
    shown = curating.get(address(trace)).content.decode()
    assert 'name="expected_tags" value="[&quot;a&quot;]"' in shown
    Trace.objects.filter(pk=trace.pk).update(tags=["a", "theirs"])
    body = {"tags": "a\nmine", "expected_tags": '["a"]'}
    response = curating.post(address(trace, "/tags"), body)
    assert response.status_code == 409
    page = response.content.decode()
    assert "The tags are a, theirs by now, not a." in page
    assert ">\na\nmine</textarea>" in page
    assert 'name="expected_tags" value="[&quot;a&quot;, &quot;theirs&quot;]"' in page
    trace.refresh_from_db()
    assert trace.tags == ["a", "theirs"]
    assert curating.post(address(trace, "/tags"), {**body, "expected_tags": "["}).status_code == 400


def test_what_was_refused_for_its_values_is_no_change_over_somebody_elses(curating):
    trace = TraceFactory(tags=["a"])
    tags = {"tags": "x" * 65, "expected_tags": '["a"]'}
    verdict = {"verdict": "approved", "note": "n\0", "expected_status": "unreviewed"}
    Trace.objects.filter(pk=trace.pk).update(tags=["theirs"], status="rejected")
    for form, sent in (("/tags", tags), ("/verdict", verdict)):
        refused = curating.post(address(trace, form), sent)
        assert refused.status_code == 400
        shown = dict(HIDDEN.findall(refused.content.decode()))
        kept = {name: unescape(value) for name, value in shown.items() if name in sent}
        mended = {**sent, "tags": "mine", "note": "n", **kept}
        assert curating.post(address(trace, form), mended).status_code == 409
    trace.refresh_from_db()
    assert (trace.tags, trace.status) == (["theirs"], "rejected")


def test_a_trace_opens_where_those_beside_it_are_slow_to_find(curating, monkeypatch):
    trace = TraceFactory(prompt="What is 9 x 7?")
    TraceFactory()
    monkeypatch.setattr("pages.traces.opened.SECONDS", 0.05)
    monkeypatch.setattr("pages.traces.opened.page_rows", slow_rows)
    response = curating.get(address(trace), {"meta.rare": "x"})
    text = text_of(response)
    assert "What is 9 x 7?" in text
    assert "Newer and older: It takes longer than 0.05 seconds." in text
    assert link(response, "prev") is None


def test_deletion_is_in_a_menu_and_for_curators(curating):
    trace = TraceFactory()
    page = curating.get(address(trace)).content.decode()
    main = page[page.index("<main") :]
    menu = main[main.index('<details class="menu"') :]
    assert f"/admin/traces/{trace.pk}/delete" in menu
    assert "Delete" not in main[: main.index('<details class="menu"')]
    reading = logged_in("reader", is_staff=False).get(address(trace)).content.decode()
    assert "/delete/" not in reading
    assert 'name="verdict"' not in reading


def test_deleting_asks_first_and_leads_back_to_the_list(curating):
    trace, other = TraceFactory(prompt="<b>Of eggs</b>"), TraceFactory()
    page = curating.get(address(trace, "/delete"), {"source": "here"})
    assert "cannot be undone" in text_of(page)
    assert "<b>Of eggs</b>" in text_of(page)
    assert f"/admin/traces/{trace.pk}/delete?source=here" in page.content.decode()
    response = curating.post(address(trace, "/delete?source=here"))
    assert response["Location"] == "/admin/traces?source=here"
    assert list(Trace.objects.all()) == [other]
    assert curating.post(address(trace, "/delete")).status_code == 404


def test_a_trace_that_a_dataset_holds_is_not_deleted(curating):
    trace = TraceFactory()
    dataset = DatasetFactory()
    page = curating.get(address(trace, "/delete")).content.decode()
    assert f'href="/admin/datasets/{dataset.key}"' in page
    assert "Delete it for good" not in page
    response = curating.post(address(trace, "/delete"))
    assert response.status_code == 409
    assert f"The trace is held by: {dataset.key}." in response.content.decode()
    assert Trace.objects.exists()


def test_readers_delete_nothing():
    trace = TraceFactory()
    reading = logged_in("reader", is_staff=False)
    assert reading.get(address(trace, "/delete")).status_code == 403
    assert reading.post(address(trace, "/delete")).status_code == 403
    assert Trace.objects.exists()


def test_long_traces_come_in_pieces(curating):
    steps = [{"i": n, "type": "reasoning", "content": f"Step {n}."} for n in range(120)]
    trace = TraceFactory(steps=steps)
    response = curating.get(address(trace))
    assert "Step 49." in text_of(response)
    assert "Step 50." not in text_of(response)
    assert "Step 119." in text_of(curating.get(address(trace), {"from": "100"}))


def test_what_is_no_trace_is_not_found(curating):
    path = "/admin/traces/00000000-0000-0000-0000-000000000000"
    assert curating.get(path).status_code == 404
