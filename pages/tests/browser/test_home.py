"""Home, settings and signing in, in a real browser: done by keys and in place, and for everyone."""

import re

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import expect

from events.tests.acting import acting
from pages.tests.browser.conftest import DESKTOP, PHONE, log_in, password_of
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import ATTACK, LONG_ID
from traces.services.reviews import Verdict, review_trace
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled
from tunix_site.models import ApiKey, Role

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

PAGES = ("", "settings", "settings/people", "settings/people/new")


def test_a_review_is_undone_from_home_in_place(tab, person):
    ada = person("ada")
    review_trace(trace=TraceFactory(), verdict=Verdict(status="rejected"), by=acting(ada))
    page = tab(ada)
    page.goto("/admin/")
    page.evaluate("window.stayed = true")
    page.get_by_role("button", name="Undo: rejected").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Undone: the trace is unreviewed again.")
    expect(page.get_by_text("You reviewed nothing of late.")).to_be_visible()
    assert page.evaluate("window.stayed")
    page.get_by_role("link", name="1 unreviewed").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Traces")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert page.errors == []


def test_a_key_is_made_and_the_keys_of_a_review_are_the_same_ones(tab, person):
    ada = person("ada")
    trace = TraceFactory()
    page = tab(ada)
    page.goto("/admin/settings")
    page.get_by_label("Name", exact=True).fill("nightly")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="shown this once")).to_be_focused()
    expect(page.locator("#secret")).to_have_text(re.compile("^tunix_"))
    page.get_by_role("button", name="a approve").click()
    page.keyboard.press("y")
    expect(page.locator('kbd[data-of="approve"]')).to_have_text("y")
    page.goto(f"/admin/review/trace/{trace.pk}")
    page.keyboard.press("y")
    expect(page.locator(".status.approved").first).to_be_visible()
    assert ApiKey.objects.get().name == "nightly"
    assert page.errors == []


def test_signing_in_says_what_is_wrong_and_lands_at_home(tab, person):
    page = tab(person("ada"))
    person("new").groups.clear()
    User.objects.create_superuser("root")
    page.context.clear_cookies()
    page.goto("/admin/")
    page.get_by_label("Username").fill("new")
    page.get_by_label("Password").fill(password_of("new"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("root can give one")
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill(password_of("ada"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Home")
    assert page.errors == []


def test_logging_out_by_the_sidebar_forgets_what_was_not_sent(tab, person):
    ada = person("ada")
    page = tab(ada)
    page.goto("/admin/")
    log_in(page.context, ada)  # as in another tab: what the forms of this one hold is old
    asked = []
    page.get_by_text("ada", exact=True).click()
    for kept in ('[{"refused": "Why."}]', '[{}, {"refused": "Why."}]'):
        page.evaluate("kept => sessionStorage.setItem('tunix:outbox:7', kept)", kept)
        page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
        page.locator("#logout-form button").click()
    page.evaluate("sessionStorage.setItem('tunix:outbox:7', '[{}]')")
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.locator("#logout-form button").click()
    page.wait_for_load_state()
    expect(page.locator("#logout-form")).to_have_count(0)
    assert "sessionid" not in {one["name"] for one in page.context.cookies()}
    assert page.evaluate("Object.keys(sessionStorage)") == []
    unsent = "Some verdicts are not sent yet, and would be lost."
    refused = "Some verdicts were not taken: the list of them would be lost."
    assert asked == [f"{refused} Log out?", f"{unsent} {refused} Log out?", f"{unsent} Log out?"]


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_they_are_for_everyone(tab, person, viewport, scheme):
    ada = person("ada")
    User.objects.filter(pk=ada.pk).update(is_superuser=True)
    for fields in ({"prompt": ATTACK}, {"prompt": LONG_ID}, {"meta": {"source": LONG_ID}}):
        review_trace(
            trace=TraceFactory(**fields), verdict=Verdict(status="rejected"), by=acting(ada)
        )
        TraceFactory(**fields)
    filled(name=LONG_ID[:100], people=["ada"])
    ApiKey.objects.issue(user=ada, name=ATTACK[:100], role=Role.READER)
    person(LONG_ID)
    page = tab(ada, viewport, scheme)
    for path in PAGES:
        page.goto(f"/admin/{path}")
        assert page.get_by_role("heading", level=1).count() == 1
        assert serious_faults(page) == [], path
        assert scrolls_sideways(page) == [], path
        assert said_by_the_policy(page) == [], path
    page.context.clear_cookies()
    page.goto("/admin/login/")
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    assert page.errors == []
