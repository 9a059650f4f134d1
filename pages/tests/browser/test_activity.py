"""The activity in a real browser: filtered, paged and undone in place, and for everyone."""

import pytest
from playwright.sync_api import expect

from events.services import record_event
from events.tests.acting import acting
from pages.tests.browser.conftest import DESKTOP, PHONE
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import ATTACK, LONG_ID
from traces.services.reviews import Verdict, review_trace
from traces.tests.factories import TraceFactory

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def test_it_is_filtered_and_a_review_undone_in_place(tab, person):
    ada, trace = person("ada"), TraceFactory()
    review_trace(trace=trace, verdict=Verdict(status="rejected"), by=acting(ada))
    for number in range(60):
        record_event(by=acting(ada), action="score", object_type="trace", object_id=number)
    page = tab(ada)
    page.goto("/admin/activity/")
    page.evaluate("window.stayed = true")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_text("Filters", exact=True).press("Enter")
    page.get_by_label("What", exact=True).fill("review")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#main h1")).to_be_focused()
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Undone: the trace is unreviewed again.")
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    page.get_by_role("link", name="Remove the filter What").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(50)
    assert page.evaluate("window.stayed")
    trace.refresh_from_db()
    assert trace.status == "unreviewed"
    assert page.errors == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_for_everyone(tab, person, viewport, scheme):
    ada = person("ada")
    review_trace(trace=TraceFactory(), verdict=Verdict(status="rejected"), by=acting(ada))
    told = {"name": ATTACK, "reasons": [LONG_ID, "كم يساوي", "如果小明"]}
    record_event(
        by=acting(ada), action="create", object_type="filter", object_id=LONG_ID, after=told
    )
    record_event(
        by=acting(ada), action="change", object_type="trace", count=9, where={"source": LONG_ID}
    )
    page = tab(ada, viewport, scheme)
    page.goto("/admin/activity/?actor=ada&through=telepathy")
    expect(page.locator(".chip.wrong")).to_have_count(1)
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    assert said_by_the_policy(page) == []
    assert page.errors == []
