"""The list of traces in a real browser: paged in place, safe, and for everyone."""

import pytest
from playwright.sync_api import expect

from pages.tests.browser.conftest import DESKTOP, PHONE
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import hostile, wide
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

EVERYWHERE = [(viewport, scheme) for viewport in (DESKTOP, PHONE) for scheme in ("light", "dark")]


def many(count: int) -> list[Trace]:
    return [TraceFactory(prompt=f"Question {n}?") for n in range(count)]


def test_pages_are_swapped_in_place_and_told(tab, person):
    many(60)
    page = tab(person("ada"))
    page.goto("/admin/traces/")
    page.evaluate("window.stayed = true")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.get_by_role("link", name="Older").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(10)
    expect(page.locator("#main h1")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Traces")
    assert "before=" in page.url
    page.get_by_role("link", name="Newer").click()
    expect(page.get_by_text("Question 59?")).to_be_visible()
    assert page.evaluate("window.stayed")
    page.get_by_text("Question 59?").click()
    page.wait_for_url("**/admin/review/trace/*")
    assert not page.evaluate("window.stayed")
    assert page.errors == []


@pytest.mark.parametrize(("viewport", "scheme"), EVERYWHERE)
def test_the_list_is_for_everyone(tab, person, viewport, scheme):
    TraceFactory(**hostile())
    TraceFactory(**wide())
    TraceFactory(prompt=" ")
    page = tab(person("ada"), viewport, scheme)
    page.goto("/admin/traces/")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    assert said_by_the_policy(page) == []
    blank = page.get_by_role("link", name="(blank)").bounding_box()
    assert blank["height"] > 15
    assert page.errors == []
