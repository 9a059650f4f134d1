"""Evaluation sets in a real browser: one is made of lines, opened, looked for and deleted."""

import pytest
from playwright.sync_api import expect

from datasets.tests.factories import DatasetFactory
from evalsets.document import Item
from evalsets.tests.factories import EvalSetFactory, items
from jobs.tests.working import work_off
from pages.tests.browser.conftest import DESKTOP, PHONE
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import ARABIC, ATTACK, LONG_ID
from traces.tests.factories import TraceFactory

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

LINE = '{"id": "%s", "prompt": "How many apples has Ada?", "expected_answer": "7"}\n'


def test_one_is_made_of_a_file_opened_looked_for_and_deleted(tab, person):
    TraceFactory(prompt="How many apples has Ada?")
    dataset = DatasetFactory()
    page = tab(person("ada"))
    page.goto("/admin/evaluation-sets/")
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="Make one").press("Enter")
    page.get_by_label("Name", exact=True).fill("apples")
    file = {"name": "a.jsonl", "mimeType": "text/plain", "buffer": (LINE % 1 * 2).encode()}
    page.get_by_label("A file of lines").set_input_files(file)
    page.get_by_role("button", name="Make it").press("Enter")
    expect(page.locator(".errors tbody")).to_contain_text("Line 1 has this id.")
    expect(page.get_by_label("Name", exact=True)).to_have_value("apples")
    lines = page.get_by_label("Or the lines themselves")
    expect(lines).to_have_value(LINE % 1 * 2)
    lines.fill(LINE % 1 + LINE % 2)
    page.get_by_role("button", name="Make it").press("Enter")
    expect(page.locator("#main h1")).to_have_text("apples 1")
    expect(page.locator("#said")).to_have_text("Made of 2 questions.")
    page.get_by_role("link", name="1", exact=True).press("Enter")
    expect(page.locator("#opened-title")).to_be_focused()
    page.get_by_label("Dataset", exact=True).select_option(dataset.key)
    page.get_by_role("button", name="Look for").press("Enter")
    expect(page.locator("#check")).to_contain_text("queued")
    button = page.get_by_role("button", name="Look for")
    button.focus()
    work_off("builds")
    expect(page.locator("#checks")).to_contain_text("1 question in 1 trace")
    expect(button).to_be_focused()
    expect(page.locator("#said")).to_have_text("Looking for apples-1: succeeded.")
    page.locator("summary", has_text="…").press("Enter")
    page.get_by_role("button", name="Delete this").press("Enter")
    expect(page.locator("#said")).to_have_text("apples-1 is deleted.")
    assert page.evaluate("window.stayed")
    assert [one for one in page.errors if "status of 400" not in one] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_they_are_for_everyone(tab, person, viewport, scheme):
    hostile = Item(
        id=LONG_ID, prompt=ATTACK, expected_answer="9" * 300, section="s" * 200, aliases=[ARABIC]
    )
    evalset = EvalSetFactory(
        name="n" * 128, license=ATTACK[:128], items=[hostile, *items(5, category="sums")]
    )
    page = tab(person("ada"), viewport, scheme)
    tabs = [f"new?of={way}" for way in ("lines", "dataset", "problems")]
    for address in ("", f"{evalset.key}?item=0", *tabs):
        page.goto(f"/admin/evaluation-sets/{address}")
        expect(page.locator("#main h1")).to_be_visible()
        assert serious_faults(page) == []
        assert scrolls_sideways(page) == []
        assert said_by_the_policy(page) == []
    assert page.errors == []
