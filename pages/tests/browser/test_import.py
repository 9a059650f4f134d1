"""Importing in a real browser: files that are dropped, text that is pasted, columns by name."""

import json
import socket
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jobs.tests.working import work_off
from pages.tests.browser.conftest import DESKTOP, PHONE
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import ATTACK, LONG_ID
from traces.models import Trace
from tunix_site.tests.live import exchange, wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

LINES = "".join(
    json.dumps({"question": f"What is {n} + 1?", "answer": f"It is {n + 1}.\n#### {n + 1}"}) + "\n"
    for n in range(30)
)
OWN_NAMES = "".join(
    json.dumps({"task": f"{n}? {ATTACK}", "why": f"{LONG_ID} {ATTACK}", ATTACK: {LONG_ID: n}})
    + "\n"
    for n in range(3)
)
DROP = """(text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "dropped.jsonl"));
    const of = { bubbles: true, cancelable: true, dataTransfer: data };
    for (const name of ["dragover", "drop"]) document.body.dispatchEvent(new DragEvent(name, of));
}"""


@pytest.fixture(autouse=True)
def folder(site, settings) -> Path:
    """Have the worker of the test look where the site keeps what it was sent."""
    settings.UPLOADS_DIR = site.log.parent / "uploads"
    return settings.UPLOADS_DIR


def check(page) -> None:
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    assert said_by_the_policy(page) == []
    assert page.errors == []


def imported(page, words: str) -> None:
    """Press Import, do the work, and wait for what the page says then."""
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("It waits for a worker.")).to_be_visible()
    check(page)
    work_off("imports")
    expect(page.locator("h1")).to_contain_text("succeeded")
    expect(page.locator("#main")).to_contain_text(words)
    check(page)


def test_a_file_is_dropped_and_its_traces_are_opened(tab, person):
    page = tab(person("ada", "writer"))
    page.goto("/admin/import/")
    check(page)
    page.evaluate(DROP, LINES)
    expect(page.locator("h1")).to_have_text("Import dropped.jsonl")
    expect(page.locator("#preview h2").first).to_have_text("Format: gsm8k")
    expect(page.locator("#preview .opened-one")).to_have_count(3)
    check(page)
    page.get_by_label("Source", exact=True).fill("mine")
    page.keyboard.press("Tab")
    expect(page.locator("#preview .facts").first).to_contain_text("Sourcemine")
    page.wait_for_url("**source=mine**")
    imported(page, "New traces30")
    page.get_by_role("link", name="Those that came meanwhile").click()
    expect(page.get_by_text("What is 29 + 1?")).to_be_visible()
    assert Trace.objects.filter(source="mine").count() == 30


@pytest.mark.parametrize(
    ("viewport", "scheme"), [(DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")]
)
def test_hostile_text_is_pasted_and_its_columns_are_named(tab, person, viewport, scheme):
    page = tab(person("ada", "writer"), viewport, scheme)
    page.goto("/admin/import/")
    page.get_by_label("Or text").fill(OWN_NAMES)
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("h1")).to_have_text("Import pasted text")
    expect(page.locator("#preview")).to_contain_text("Name a format, or say which column is what.")
    check(page)
    page.get_by_label("Prompt", exact=True).focus()
    page.get_by_label("Prompt", exact=True).select_option("task")
    expect(page.locator("#preview")).to_contain_text("Which column is what: One of reply")
    expect(page.get_by_label("Prompt", exact=True)).to_be_focused()
    page.get_by_label("Thought", exact=True).select_option("why")
    expect(page.locator("#preview")).to_contain_text("3 new traces")
    check(page)
    imported(page, "New traces3")


def test_other_settings_are_refused_while_a_file_waits(tab, person):
    page = tab(person("ada", "writer"), PHONE, "dark")
    page.goto("/admin/import/")
    page.get_by_label("Or text").fill(LINES)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_label("Source", exact=True).fill(LONG_ID)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("It waits for a worker.")).to_be_visible()
    page.go_back()
    page.get_by_label("When a record is bad").select_option("abort")
    page.wait_for_url("**on_error=abort**")
    page.get_by_role("button", name="Import", exact=True).click()
    refused = page.locator("p.problem", has_text="being imported already")
    expect(refused).to_be_focused()
    expect(page.get_by_label("When a record is bad")).to_have_value("abort")
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    refused.get_by_role("link", name="That job").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()


def test_a_file_is_chosen_and_one_that_is_too_large_is_not_sent(tab, person, tmp_path):
    page = tab(person("ada", "writer"))
    page.goto("/admin/import/")
    page.locator("#file").evaluate("(input) => { input.dataset.limit = 10 }")
    page.locator("#file").set_input_files({"name": "a.jsonl", "mimeType": "", "buffer": b"x" * 11})
    page.get_by_role("button", name="Look at it").click()
    assert "larger than 10 bytes" in page.locator("#file").evaluate(
        "(input) => input.validationMessage"
    )
    page.locator("#file").set_input_files([])
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("#problem")).to_have_text("Choose a file, or paste some text.")
    expect(page.locator("#problem")).to_be_focused()
    path = tmp_path / "many.jsonl"
    path.write_text((LINES + "{no\n") * 4_000)  # more than a form may have, and than is looked at
    page.locator("#file").set_input_files(path)
    page.get_by_role("button", name="Look at it").click()
    expect(page.locator("#preview")).to_contain_text("Of the first 200 records")
    expect(page.locator("#preview")).to_contain_text("The line is not JSON")
    said = [error for error in page.errors if "400 (Bad Request)" not in error]
    assert said == []


def test_of_a_file_that_breaks_off_nothing_is_left(tab, person, site, folder):
    context = tab(person("ada", "writer")).context
    cookies = "; ".join(f"{one['name']}={one['value']}" for one in context.cookies())
    head = (
        f"POST /admin/import/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {60 * 1024**2}\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\nCookie: "
    )
    begun = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
    begun += b"x" * 3 * 1024**2
    stranger = exchange(site.port, f"{head}no=one\r\n\r\n".encode(), begun)
    assert b" 302 " in stranger.partition(b"\r\n")[0]  # to the login, and nothing is kept
    with socket.create_connection(("127.0.0.1", site.port)) as known:
        known.sendall(f"{head}{cookies}\r\n\r\n".encode() + begun)
        wait_until(lambda: list(folder.glob("*.draft")))
    wait_until(lambda: not list(folder.glob("*.draft")))
