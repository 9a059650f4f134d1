"""Filters and search of the list of traces."""

import re
from datetime import UTC, datetime

import pytest

from traces.finding import search
from traces.models import Score
from traces.tests.admin.pages import LIST, listed, told
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from traces.tests.searching import index_all

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=approved", "b"),
        ("status=unreviewed", "ac"),
        ("source=here", "a"),
        ("tag=good", "a"),
        ("trace_version=2", "c"),
        ("min_steps=3", "b"),
        ("max_steps=2", "ac"),
        ("min_steps=2&max_steps=2", "ac"),
        ("created_after=2026-01-02", "bc"),
        ("created_before=2026-01-02", "a"),
        ("created_after=2026-01-02&created_before=2026-01-03", "b"),
        ("criteria=judge", "ab"),
        ("criteria=judge&min_score=0.5", "b"),
        ("criteria=judge&max_score=0.5", "a"),
        ("criteria=nobody", ""),
        ("meta.level=5", "a"),
        ("meta.nested.deep=true", "b"),
        ("source=&status=&min_steps=", "abc"),
        ("status=unreviewed&tag=good", "a"),
        ("q=apples", "ab"),
        ("q=APPLES", "ab"),
        ("q=apple", "ab"),
        ("q=apples+-red", "a"),
        ("q=%22many+apples%22", "a"),
        ("q=the", ""),
        ("q=red+or+apples", "ab"),
        ("q=apples&status=approved", "b"),
        ("q=apples&status=flagged", ""),
        ("q=id-of-b", "b"),
        ("q=id-of", ""),
        ("q=%25", ""),
        ("q=nothing+such", ""),
        ("q=++", "abc"),
    ],
)
def test_filters_and_search(page, query, found):
    steps = [{"i": i, "type": "reasoning", "content": "a red apple"} for i in range(3)]
    traces = {
        "a": TraceFactory(
            prompt="How many apples?",
            tags=["good"],
            meta={"source": "here", "level": 5},
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
        "b": ApprovedTraceFactory(
            steps=steps,
            external_id="id-of-b",
            meta={"source": "there", "nested": {"deep": True}},
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
        ),
        "c": TraceFactory(trace_version="2", created_at=datetime(2026, 1, 3, tzinfo=UTC)),
    }
    for name, value in (("a", 0.25), ("b", 0.75)):
        Score.objects.create(trace=traces[name], criteria="judge", scorer_version="1", value=value)
    index_all()
    assert listed(page, query) == [traces[name] for name in sorted(found, reverse=True)]


def test_an_id_or_its_beginning_is_found(page):
    trace, other = TraceFactory(), TraceFactory()
    text = str(trace.id)
    for term in (text, text.upper(), trace.id.hex, text[:-4], f" {text} "):
        assert trace in listed(page, f"q={term}")
    assert other not in listed(page, f"q={text}")
    assert listed(page, "q=ffffffff") == []
    assert listed(page, f"q={text}0") == []


def test_a_search_gives_the_newest_matches_newest_first(page, monkeypatch):
    monkeypatch.setattr(search, "CANDIDATES", 2)
    old = TraceFactory(prompt="apples apples", meta={"source": "old"})
    new = TraceFactory.create_batch(2, prompt="apples")
    index_all()
    assert listed(page, "q=apples") == new[::-1]
    assert listed(page, "q=apples&source=old") == [old]


def test_a_refused_filter_is_told_and_drops_no_other(page):
    trace, _ = TraceFactory(meta={"source": "here"}), TraceFactory(meta={"source": "there"})
    response = page.get(f"{LIST}?status=nope&min_steps=x&source=here")
    assert list(response.context["cl"].result_list) == [trace]
    assert (
        'status: "nope" is not a valid choice. Known ones: unreviewed, approved, rejected, flagged.'
        in told(response)
    )
    assert "min_steps: A valid integer is required." in told(response)
    assert len(told(response)) == 2
    assert 'value="x"' in response.content.decode()


def test_filters_that_are_refused_together_are_told(page):
    trace, _ = TraceFactory(meta={"source": "here"}), TraceFactory(meta={"source": "there"})
    response = page.get(f"{LIST}?min_score=1&source=here", follow=True)
    assert "criteria" in " ".join(told(response))
    assert list(response.context["cl"].result_list) == [trace]


def test_the_filters_are_opened_by_a_button(page):
    text = page.get(LIST).content.decode()
    assert re.search(r'<button type="button"[^>]*aria-controls="changelist-filter"', text)
    assert not re.search(r"<a [^>]*filterOpen", text)


def test_the_filter_form_remembers_what_was_asked(page):
    text = page.get(f"{LIST}?source=%3Cb%3E&status=flagged&min_steps=2").content.decode()
    assert 'value="&lt;b&gt;"' in text
    assert '<option value="flagged" selected' in text
    assert "Clear all filters" in text
    assert "Clear all filters" not in page.get(f"{LIST}?source=&status=").content.decode()
