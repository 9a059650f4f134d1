"""The API in a real browser: sent from its forms, and for everyone."""

import json

import pytest
from playwright.sync_api import expect

from pages.tests.browser.conftest import DESKTOP, PHONE, password_of
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import hostile, wide
from traces.models import Trace
from traces.tests.factories import TraceFactory

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

BODY = "textarea[name=body]"


def test_what_was_typed_stays_until_it_is_right(tab, person):
    page = tab(person("ada"))
    page.goto("/api/traces")
    body = page.locator(BODY)
    example = body.input_value()
    wrong = example.replace('"42"', "42", 1)
    assert wrong != example
    body.fill(wrong)
    post = page.get_by_role("button", name="POST")
    post.press("Enter")
    outcome = page.locator(".outcome")
    expect(outcome.get_by_role("heading")).to_be_focused()
    expect(outcome).to_contain_text("400 Bad Request")
    expect(outcome).to_contain_text("Not a string.")
    expect(body).to_have_value(wrong)
    expect(body).to_have_attribute("aria-invalid", "true")
    body.fill(example)
    post.press("Enter")
    expect(outcome).to_contain_text("201 Created")
    trace = Trace.objects.get()
    outcome.get_by_role("link", name=str(trace.pk)).press("Enter")
    page.wait_for_url(f"**/api/traces/{trace.pk}")
    page.get_by_role("button", name="DELETE").press("Enter")
    assert Trace.objects.exists()  # unless it is meant
    page.get_by_label("I mean to delete it").check()
    page.get_by_role("button", name="DELETE").press("Enter")
    expect(page.locator(".outcome").last).to_contain_text("204 No Content")
    assert not Trace.objects.exists()
    assert page.errors == [
        "Failed to load resource: the server responded with a status of 400 (Bad Request)"
    ]


def test_what_was_typed_outlives_a_session(tab, person):
    page = tab(person("ada", "writer"))
    page.goto("/api/traces")
    page.context.clear_cookies(name="sessionid")
    page.locator(BODY).fill(page.locator(BODY).input_value() + "\n\n")
    typed = page.locator(BODY).input_value()
    page.get_by_role("button", name="POST").press("Enter")
    outcome = page.locator(".outcome")
    expect(outcome).to_contain_text("401 Unauthorized")
    with page.context.expect_page() as opened:
        outcome.get_by_role("link", name="Log in").click()
    login = opened.value
    login.get_by_label("Username").fill("ada")
    login.get_by_label("Password").fill(password_of("ada"))
    login.keyboard.press("Enter")
    login.wait_for_url("**/api/traces")
    login.close()
    expect(page.locator(BODY)).to_have_value(typed)
    page.get_by_role("button", name="POST").press("Enter")
    expect(outcome).to_contain_text("201 Created")


def test_logging_out_forgets_what_was_not_sent(tab, person):
    page = tab(person("ada"))
    page.goto("/api/traces")
    page.evaluate("sessionStorage.setItem('tunix:outbox:7', '[{}]')")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.get_by_role("button", name="Log out").press("Enter")
    expect(page.get_by_label("Username")).to_be_visible()
    assert page.evaluate("Object.keys(sessionStorage)") == []
    assert asked == ["Some verdicts are not sent yet, and would be lost. Log out?"]
    assert page.errors == []


def test_another_type_has_another_example_and_its_parameters(tab, person):
    page = tab(person("ada"))
    page.goto("/api/evalsets")
    page.get_by_label("Type", exact=True).select_option("application/x-ndjson")
    assert page.locator(BODY).input_value().startswith('{"id":"1"')
    page.get_by_label("Parameters of the address").fill("?name=lines&version=1")
    page.get_by_role("button", name="POST").press("Enter")
    expect(page.locator(".outcome")).to_contain_text("201 Created")
    assert page.errors == []


def test_a_long_answer_is_saved_whole(tab, person):
    trace = TraceFactory(steps=[{"i": i, "type": "t", "content": "x" * 20_000} for i in range(45)])
    page = tab(person("ada", "reader"))
    page.goto(f"/api/traces/{trace.pk}")
    expect(page.get_by_text("This is the beginning of")).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save as a file").press("Enter")
    assert saved.value.suggested_filename == f"api-traces-{trace.pk}.json"
    whole = json.loads(saved.value.path().read_text())
    assert len(whole["payload"]["steps"]) == 45
    assert page.errors == []


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_for_everyone(tab, person, viewport, scheme):
    traces = [TraceFactory(**hostile()), TraceFactory(**wide())]
    page = tab(person("ada"), viewport, scheme)
    addresses = [
        "",
        "traces",
        *[f"traces/{trace.pk}" for trace in traces],
        "queues",
        "traces/batch",
    ]
    for address in [f"/api/{address}" for address in addresses] + ["/api-auth/login/"]:
        page.goto(address)
        for panel in page.locator("details").all():
            panel.evaluate("panel => panel.open = true")
        assert serious_faults(page) == [], address
        assert scrolls_sideways(page) == [], address
        assert said_by_the_policy(page) == [], address
    page.keyboard.press("Tab")
    assert [error for error in page.errors if "405" not in error] == []


# Its own markup and colours
OF_SWAGGER = ("select-name", "nested-interactive", "color-contrast")


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_documents_run_under_their_policy(tab, person, viewport, scheme):
    page = tab(person("ada", "reader"), viewport, scheme)
    page.goto("/api/docs#/traces/list_traces")
    expect(page.get_by_role("button", name="Try it out")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(page.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    faults = [fault for fault in serious_faults(page) if not fault.startswith(OF_SWAGGER)]
    assert faults == []
    assert scrolls_sideways(page) == []
    assert said_by_the_policy(page) == []
    assert [error for error in page.errors if not error.startswith("Deprecated:")] == []  # its own
