"""Changing many traces in a real browser: from the list to the undoing."""

import pytest
from playwright.sync_api import expect

from jobs.tests.working import work_off
from pages.tests.browser.conftest import DESKTOP, PHONE
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import hostile
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def check(page) -> None:
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    assert said_by_the_policy(page) == []
    assert page.errors == []


@pytest.mark.parametrize(("viewport", "scheme"), [(None, None), (PHONE, "dark")])
def test_all_that_match_are_rejected_and_that_is_undone(tab, person, viewport, scheme):
    TraceFactory.create_batch(60, meta={"source": "mine"})
    TraceFactory(**hostile())
    page = tab(person("ada"), viewport, scheme) if viewport else tab(person("ada"))
    page.goto("/admin/traces/?source=mine")
    page.locator("#rows input[name=chosen]").first.focus()
    page.keyboard.press("Space")
    page.get_by_label("all that match").focus()
    page.keyboard.press("Space")
    check(page)
    page.get_by_role("button", name="Reject").press("Enter")
    expect(page.get_by_role("heading", name="60 traces: rejected?")).to_be_visible()
    expect(page.locator(".bulk-samples li")).to_have_count(10)
    expect(page.get_by_role("button", name="Yes, change 60")).to_be_focused()
    check(page)
    page.keyboard.press("Enter")
    expect(page.get_by_text("0 of 60")).to_be_visible()
    check(page)
    work_off("bulk")
    expect(page.get_by_role("heading", name="60 rejected")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_text("It waits for a worker.")).to_be_visible()
    work_off("bulk")
    expect(page.get_by_role("heading", name="60 as before")).to_be_visible()
    check(page)
    assert set(Trace.objects.values_list("status", flat=True)) == {"unreviewed"}


def test_what_is_refused_of_tags_stays(tab, person):
    TraceFactory.create_batch(3)
    page = tab(person("ada"))
    page.goto("/admin/traces/")
    box = page.locator("#rows input[name=chosen]").first
    box.check()
    box.press("Enter")  # nothing
    page.locator(".bulk summary", has_text="Tags").click()
    field = page.get_by_label("Add, one on each line")
    field.fill("x" * 65)
    page.get_by_role("button", name="Change tags").click()
    expect(page.locator(".told")).to_contain_text("Nothing was changed.")
    expect(page.locator("[data-chosen-count]")).to_have_text("1")
    check_of_refusal(page)
    field.fill("seen\nodd, too")
    page.get_by_role("button", name="Change tags").click()
    expect(page.get_by_role("heading", name="1 trace: tagged seen, odd, too?")).to_be_visible()


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_traces_are_scored_and_deleted(tab, person, viewport, scheme):
    TraceFactory.create_batch(3, meta={"source": "mine"})
    root = person("ada")
    root.is_superuser = True
    root.save()
    page = tab(root, viewport, scheme)
    page.goto("/admin/traces/?source=mine")
    page.locator("#rows input[name=chosen]").first.check()
    page.get_by_label("all that match").check()
    page.locator(".bulk summary", has_text="Score").click()
    page.get_by_label("On", exact=True).select_option("arithmetic")
    check(page)
    page.locator(".bulk button[value=score]").click()
    expect(page.get_by_role("heading", name="3 traces: scored on arithmetic?")).to_be_visible()
    check(page)
    page.get_by_role("button", name="Yes, score 3").click()
    expect(page.get_by_text("0 of 3")).to_be_visible()
    work_off("scoring")
    expect(page.get_by_role("heading", name="3 scored on arithmetic")).to_be_visible()
    check(page)
    page.goto("/admin/traces/?source=mine")
    page.locator("#rows input[name=chosen]").first.check()
    page.get_by_label("all that match").check()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="3 traces: deleted?")).to_be_visible()
    number = page.get_by_label("Type the number, 3")
    expect(number).to_be_focused()
    check(page)
    number.fill("2")
    number.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("3 traces match, not 2")
    number.fill("3")
    number.press("Enter")
    expect(page.get_by_text("0 of 3")).to_be_visible()
    work_off("bulk")
    expect(page.get_by_role("heading", name="3 deleted")).to_be_visible()
    check(page)
    assert not Trace.objects.exists()


def test_what_is_refused_for_want_of_time_is_seen_as_well(tab, person):
    TraceFactory.create_batch(3)
    page = tab(person("ada"))

    def later(route) -> None:
        route.fulfill(response=route.fetch(), status=503)

    page.route("**/admin/traces/bulk**", later)
    page.goto("/admin/traces/")
    page.locator("#rows input[name=chosen]").first.check()
    page.locator(".bulk summary", has_text="Tags").click()
    page.get_by_label("Add, one on each line").fill("x" * 65)
    page.get_by_role("button", name="Change tags").click()
    expect(page.locator(".told")).to_contain_text("Nothing was changed.")
    expect(page.locator("[data-chosen-count]")).to_have_text("1")
    check_of_refusal(page)


def check_of_refusal(page) -> None:
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    assert said_by_the_policy(page) == []
