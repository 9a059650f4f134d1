"""The list of traces in a real browser: paged in place, safe, and for everyone."""

from uuid import uuid4

import pytest
from playwright.sync_api import expect

from pages.tests.browser.conftest import DESKTOP, PHONE, log_in
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import hostile, wide
from traces.models import Trace
from traces.tests.factories import ScoreFactory, TraceFactory
from traces.tests.queues.working import filled, judged, taken
from tunix_site.tests.live import wait_until

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
    expect(page.locator("#main h1 .id")).to_be_visible()
    assert page.evaluate("window.stayed")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Judge by keys").click()  # a document of its own
    page.wait_for_url("**/admin/review/trace/*")
    assert not page.evaluate("window.stayed")
    assert page.errors == []


@pytest.mark.parametrize(("viewport", "scheme"), EVERYWHERE)
def test_the_list_is_for_everyone(tab, person, viewport, scheme):
    traces = [TraceFactory(**hostile()), TraceFactory(**wide())]
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
    for trace in traces:
        for opened in ("trace", "attempts", "changes", "raw"):
            page.goto(f"/admin/traces/{trace.pk}?tab={opened}")
            assert serious_faults(page) == []
            assert scrolls_sideways(page) == []
            assert said_by_the_policy(page) == []
    assert page.errors == []


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_columns_are_chosen_and_a_trace_is_deleted(tab, person, viewport, scheme):
    trace = ScoreFactory(trace=TraceFactory(**wide()), criteria="judge", value=0.25).trace
    page = tab(person("ada"), viewport, scheme)
    page.goto("/admin/traces/")
    page.locator("summary", has_text="Columns").click()
    expect(page.get_by_role("checkbox", name="Score judge")).not_to_be_checked()
    for box in page.locator("input[name=columns]").all():
        box.check()
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    page.get_by_role("button", name="Show these").click()
    expect(page.locator("td.of-score")).to_have_text("0.250")
    expect(page.locator("#main h1")).to_be_focused()
    assert page.locator("td.prompt").bounding_box()["width"] > 200
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    page.locator("td.prompt a").click()
    expect(page.locator("#main h1 .id")).to_be_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Delete this trace").click()
    expect(page.get_by_role("link", name="No, back to the trace")).to_be_focused()
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.locator(".told")).to_contain_text(f"Trace {trace.pk} is deleted.")
    assert said_by_the_policy(page) == []
    assert page.errors == []


def test_filters_rows_and_verdicts_by_the_keyboard_alone(tab, person):
    for n in range(8):
        TraceFactory(prompt=f"Question {n}?", meta={"source": "here" if n % 2 else "there"})
    ada = person("ada")
    page = tab(ada)
    page.goto("/admin/traces/")
    expect(page.locator("#panel")).to_be_hidden()
    button = page.get_by_role("button", name="Filters")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#filter-source")).to_be_focused()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.type("here")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(4)
    expect(page.locator(".chip")).to_contain_text("source here")
    for key in ("j", "j", "x", "j", "j", "Shift+X"):  # the second row, then those up to the fourth
        page.keyboard.press(key)
    expect(page.locator("[data-chosen-count]")).to_have_text("3")
    page.keyboard.press("k")
    page.keyboard.press("r")
    expect(page.locator("tbody tr").nth(2).locator(".status")).to_have_text("rejected")
    expect(page.get_by_role("status")).to_have_text("Rejected")
    assert Trace.objects.get(status="rejected").prompt == "Question 3?"
    page.get_by_role("link", name="Remove the filter source").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(8)
    expect(page.locator(".bulk")).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#main h1 .id")).to_be_visible()
    page.evaluate("name => localStorage.setItem(name, '{\"off\": true}')", f"tunix:keys:{ada.pk}")
    page.goto("/admin/traces/")
    page.keyboard.press("j")
    expect(page.locator("#rows :focus")).to_have_count(0)
    assert page.errors == []


def test_a_key_that_is_held_gives_one_verdict(tab, person):
    [trace] = many(1)
    page = tab(person("ada"))
    page.goto("/admin/traces/")
    kept = []
    page.route("**/verdict", lambda route: kept.append(route))
    page.keyboard.press("j")
    for _ in range(3):
        page.keyboard.down("f")
    page.keyboard.up("f")
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_have_text("The verdict before is on its way yet.")
    wait_until(lambda: page.evaluate("1") == 1 and bool(kept))
    for route in kept:
        route.continue_()
    page.unroute("**/verdict")
    expect(page.get_by_role("status")).to_have_text("Flagged")
    with page.expect_response("**/verdict"):
        page.keyboard.down("a")
        page.keyboard.down("a")
    expect(page.get_by_role("status")).to_have_text("Approved")
    page.keyboard.up("a")
    verdicts = trace.reviews.order_by("pk").values_list("verdict", flat=True)
    assert list(verdicts) == ["flagged", "approved"]
    assert page.errors == []


def test_what_becomes_of_a_verdict_beside_anothers_is_told(tab, person):
    TraceFactory.create_batch(2)
    queue = filled(overlap=1)
    judged(taken(queue, "bob"))
    page = tab(person("ada"))
    page.goto("/admin/traces/")
    for said in (
        "Rejected; the trace stays unreviewed until its other verdict",
        "Rejected; the verdicts on the trace differ: it is flagged, and somebody else decides",
    ):
        page.keyboard.press("j")
        page.keyboard.press("r")
        expect(page.get_by_role("status")).to_have_text(said)
    assert page.errors == []


def test_a_thousand_ids_have_a_short_address(tab, person):
    first, second, other = many(3)
    page = tab(person("ada"))
    page.goto("/admin/traces/")
    page.get_by_role("button", name="Filters").click()
    nowhere = (str(uuid4()) for _ in range(998))
    page.get_by_label("Ids", exact=True).fill(",".join([str(first.pk), str(second.pk), *nowhere]))
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.wait_for_url("**/admin/traces?filter=*")
    page.get_by_text("Question 1?").click()
    page.get_by_role("link", name="Older").click()
    expect(page.locator("#main h1 .id")).to_have_text(str(first.pk))
    page.get_by_role("link", name="List", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(2)
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Build a dataset from these").click()
    expect(page.locator("#preview h2")).to_have_text("2 traces")
    page.go_back()
    page.get_by_role("link", name="Remove the filter ids").click()
    expect(page.get_by_text(other.prompt)).to_be_visible()
    assert "filter=" not in page.url
    assert page.errors == []


def test_rows_are_chosen_with_shift_and_all_at_once(tab, person):
    many(6)
    page = tab(person("ada"))
    page.goto("/admin/traces/")
    boxes = page.get_by_label("Choose this trace")
    boxes.nth(1).click()
    boxes.nth(4).click(modifiers=["Shift"])
    expect(page.locator("[data-chosen-count]")).to_have_text("4")
    page.get_by_role("button", name="Choose none").click()
    expect(page.locator(".bulk")).to_be_hidden()
    page.get_by_label("Choose all on this page").click()
    expect(page.locator("[data-chosen-count]")).to_have_text("6")
    assert serious_faults(page) == []


def test_a_filter_is_kept_and_what_was_refused_is_told(tab, person):
    many(2)
    page = tab(person("ada"))
    page.goto("/admin/traces/?status=unreviewed&min_steps=x")
    expect(page.locator("#panel")).to_be_visible()
    expect(page.get_by_text("A valid integer is required.").first).to_be_visible()
    assert serious_faults(page) == []
    page.get_by_text("Saved filters").click()
    page.get_by_label("Keep this filter as").fill("mine")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_role("status")).to_have_text("The filter mine is kept.")
    expect(page.locator("tbody tr")).to_have_count(2)


def test_one_menu_is_open_until_escape_or_a_click_beside_it(tab, person):
    many(1)
    page = tab(person("ada"))
    page.goto("/admin/traces/")
    is_open = page.locator(".menu[open]")
    page.get_by_text("Saved filters").click()
    expect(is_open).to_contain_text("Set filters, then keep them here.")
    page.get_by_text("Columns", exact=True).click()
    expect(is_open).to_have_count(1)
    is_open.get_by_label("Model").check()
    expect(is_open).to_have_count(1)
    page.keyboard.press("Escape")
    expect(is_open).to_have_count(0)
    expect(page.locator("summary", has_text="Columns")).to_be_focused()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("heading", level=1).click()
    expect(is_open).to_have_count(0)


def test_what_was_typed_stays_when_the_session_ended(tab, person):
    trace = TraceFactory()
    user = person("ada")
    page = tab(user)
    page.goto(f"/admin/traces/{trace.pk}")
    page.get_by_label("Note").fill("a long thought")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("status")).to_contain_text("Your session ended.")
    expect(page.get_by_label("Note")).to_have_value("a long thought")
    log_in(page.context, user)  # as in another tab: the token is another one now
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("status")).to_have_text("Your verdict: rejected.")
    assert trace.reviews.get().note == "a long thought"
