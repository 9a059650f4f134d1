"""Prompts and their attempts in a real browser: by keys, safe, and for everyone."""

import pytest
from playwright.sync_api import expect

from pages.tests.browser.conftest import DESKTOP, PHONE
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import hostile, wide
from traces.models import Preference, Trace
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

EVERYWHERE = [(viewport, scheme) for viewport in (DESKTOP, PHONE) for scheme in ("light", "dark")]


def attempt(answer: int, model: str) -> Trace:
    steps = [
        {"i": 0, "type": "reasoning", "content": "There are 9 boxes of 7 eggs in each of them."},
        {"i": 1, "type": "reasoning", "content": f"9 * 7 = {answer}, so there are {answer} eggs."},
    ]
    trace = TraceFactory(
        prompt="9 boxes hold 7 eggs each. How many eggs are in all of them?",
        steps=steps,
        final_answer=str(answer),
        meta={"source": "boxes", "model": model, "reference_answer": "63"},
    )
    ScoreFactory(trace=trace, criteria="answer_correctness", value=answer == 63)
    return trace


def test_one_is_preferred_and_judged_by_the_keyboard_alone(tab, person):
    right, wrong = attempt(63, "large-9b"), attempt(56, "small-1b")
    ada = person("ada")
    page = tab(ada)
    page.goto("/admin/prompts/")
    page.evaluate("name => localStorage.setItem(name, '{\"off\": true}')", f"tunix:keys:{ada.pk}")
    page.goto(f"/admin/prompts/{right.prompt_hash}")
    page.keyboard.press("2")
    expect(page.locator(".picked")).to_have_count(0)
    page.evaluate("localStorage.clear()")
    page.goto("/admin/prompts/")
    page.evaluate("window.stayed = true")
    page.get_by_role("link", name="9 boxes hold").press("Enter")
    expect(page.locator("#main h1")).to_have_text("Attempts")
    expect(page.locator("mark")).to_have_text("63")
    page.keyboard.press("2")
    expect(page.get_by_role("status")).to_contain_text("Attempt 2 is better: than which?")
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    page.keyboard.press("2")
    expect(page.get_by_role("status")).to_contain_text("that is the same attempt")
    page.keyboard.press("2")
    page.keyboard.press("1")
    expect(page.get_by_role("status")).to_have_text("Preferred.")
    expect(page.locator(".preferences")).to_contain_text("2 63 over 1 56")
    [made] = Preference.objects.all()
    assert (made.chosen_id, made.rejected_id) == (right.pk, wrong.pk)
    better = page.get_by_role("button", name="Attempt 2 is better than attempt 1")
    expect(better).to_have_attribute("aria-pressed", "true")
    first = page.locator("[data-column='1']")
    first.get_by_text("Note").press("Enter")
    first.get_by_label("Note on attempt 1").fill("1 and 2 are no keys here")
    first.get_by_role("button", name="Reject").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Your verdict: rejected.")
    expect(first.locator(".status")).to_have_text("rejected")
    page.get_by_role("button", name="Delete the preference").press("Enter")
    expect(page.get_by_role("status")).to_have_text("The preference is deleted.")
    box = page.get_by_label("Side by side: 56")
    box.press("Space")
    page.get_by_role("button", name="Show the chosen side by side").press("Enter")
    expect(page.locator("[data-column]")).to_have_count(1)
    assert not Preference.objects.exists()
    assert page.evaluate("window.stayed")
    assert page.errors == []


def test_they_are_for_everyone(tab, person):
    answers = {
        "large-9b": 63,
        "small-1b": 56,
        "other": 63,
        "tiny": 62,
        "odd": 64,
        "one": 3,
        "two": 4,
    }
    boxes = [attempt(answer, model) for model, answer in answers.items()]
    odd = [
        TraceFactory(**{**kind(), "external_id": None}) for kind in (hostile, wide) for _ in "ab"
    ]
    ada = person("ada")
    for viewport, scheme in EVERYWHERE:
        page = tab(ada, viewport, scheme)
        for address in (
            "/admin/prompts/",
            "/admin/prompts/?min_count=x&source=boxes",
            f"/admin/prompts/{boxes[0].prompt_hash}",
            *(f"/admin/prompts/{trace.prompt_hash}" for trace in odd[::2]),
        ):
            page.goto(address)
            assert serious_faults(page) == [], address
            assert scrolls_sideways(page) == [], address
            assert said_by_the_policy(page) == [], address
        assert page.errors == []
