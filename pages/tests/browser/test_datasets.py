"""Datasets in a real browser: one is built with a preview, opened, downloaded and asked."""

import pytest
from playwright.sync_api import expect

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from evalsets.document import Item
from evalsets.tests.factories import EvalSetFactory
from jobs.tests.working import work_off
from pages.tests.browser.conftest import DESKTOP, PHONE, log_in
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import ATTACK, LONG_ID, hostile, wide
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from tunix_site.tests.live import wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def test_a_dataset_is_built_with_a_preview_opened_downloaded_and_asked(tab, person):
    ApprovedTraceFactory.create_batch(3, prompt="What is 2 + 2?")
    left = TraceFactory()
    page = tab(person("ada"))
    page.goto("/admin/datasets/")
    page.get_by_role("link", name="Build a dataset").click()
    preview = page.locator("#preview")
    expect(preview.locator("h2")).to_have_text("4 traces")
    page.get_by_label("Status").select_option("approved")
    expect(preview.locator("h2")).to_have_text("3 traces")
    page.get_by_label("Least steps").fill("many")
    expect(page.locator("#f-where-min-steps-problem")).to_contain_text("integer")
    expect(page.get_by_label("Least steps")).to_be_focused()
    page.get_by_label("Least steps").fill("1")
    expect(page.locator("#f-where-min-steps-problem")).to_be_empty()
    page.get_by_text("Duplicates", exact=True).click()
    page.get_by_label("Most of a prompt").fill("2")
    expect(preview.locator("h2")).to_have_text("2 traces")
    expect(preview).to_contain_text("1 beyond the number that is kept of a prompt")
    page.get_by_label("written as").select_option("tunix_sft")
    expect(preview.locator("pre").first).to_contain_text("<start_of_turn>user")
    page.get_by_label("Name", exact=True).fill("-")
    page.get_by_label("Version").fill("1")
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.locator("#f-dataset-name-problem")).to_contain_text("Begin with a letter")
    expect(page.get_by_label("Most of a prompt")).to_have_value("2")
    page.get_by_label("Name", exact=True).fill("sums")
    with page.expect_response("**/build/preview"):
        page.keyboard.press("Enter")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    assert not Dataset.objects.exists()
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.locator("h1")).to_have_text("sums 1")
    expect(page.locator("#said")).to_contain_text("sums 1")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download chat, all, 2 rows").first.click()
    assert download.value.path().read_text().count("\n") == Dataset.objects.get().trace_count
    page.get_by_label("Id of a trace").fill(str(left.pk))
    page.keyboard.press("Enter")
    expect(page.locator("#why-said")).to_contain_text("It is out, by Match: not matching.")
    page.get_by_text("Some that were taken away").click()
    page.locator(".removed a.id").first.click()
    page.wait_for_url("**/admin/traces/*")
    page.go_back()
    page.wait_for_url("**/admin/datasets/*")
    page.get_by_role("link", name="grpo").click()
    expect(page.locator("#format [aria-current]")).to_have_text("grpo")
    meant = (
        "the server responded with a status of 400",
        "htmx:sendAbort",  # and what htmx says beside it
        "htmx:afterRequest",
    )
    assert [error for error in page.errors if not any(one in error for one in meant)] == []
    assert said_by_the_policy(page) == []


def test_a_build_is_not_given_up_for_a_preview(tab, person):
    TraceFactory.create_batch(2)
    page = tab(person("ada"))
    page.goto("/admin/datasets/build/")
    expect(page.locator("#preview h2")).to_have_text("2 traces")
    held = []
    page.route("**/admin/datasets/build", lambda route: held.append(route))
    page.get_by_label("Version").fill("1")
    page.get_by_label("Name", exact=True).fill("sums")
    page.get_by_role("button", name="Build", exact=True).click()
    wait_until(lambda: page.evaluate("1") and held)
    page.get_by_label("written as").select_option("tunix_sft")
    held[0].continue_()
    expect(page.locator("h1")).to_have_text("sums 1")


def test_a_build_waits_for_no_preview(tab, person):
    TraceFactory.create_batch(2)
    page = tab(person("ada"))
    page.goto("/admin/datasets/build/")
    expect(page.locator("#preview h2")).to_have_text("2 traces")
    held = []
    page.route("**/admin/datasets/build/preview", lambda route: held.append(route))
    page.get_by_label("Version").fill("1")
    page.get_by_label("Name", exact=True).fill("sums")
    wait_until(lambda: page.evaluate("1") and held)
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.locator("h1")).to_have_text("sums 1")


def test_a_session_that_ended_takes_nothing_away(tab, person):
    trace = TraceFactory(prompt="How many apples has Ada when Bob gives her seven of his own?")
    evalset = EvalSetFactory(items=[Item(id="apples", prompt=trace.prompt, expected_answer="7")])
    dataset, user = DatasetFactory(), person("ada")
    page = tab(user)
    said, preview = page.locator("#said"), page.locator("#preview h2")
    link = said.get_by_role("link", name="Log in again")
    page.goto("/admin/datasets/build/")
    expect(preview).to_have_text("1 trace")
    page.context.clear_cookies(name="sessionid")
    page.get_by_label("Least steps").fill("1000")
    expect(link).to_have_attribute("href", "/admin/login/")
    expect(preview).to_have_text("1 trace")
    log_in(page.context, user)
    page.get_by_label("Least steps").fill("999")
    expect(preview).to_have_text("0 traces")
    expect(said).to_be_empty()
    page.goto(f"/admin/datasets/{dataset.key}")
    page.get_by_role("button", name="Look for its questions").click()
    expect(page.locator("#check")).to_contain_text("queued")
    page.context.clear_cookies(name="sessionid")
    expect(link).to_be_visible()
    expect(page.locator("#check")).to_contain_text("queued")
    log_in(page.context, user)
    expect(said).to_be_empty()
    work_off("builds")
    expect(page.locator("#check")).to_contain_text(f"Of {evalset.key} 1 question in 1 trace.")
    expect(page.locator("#checks")).to_contain_text("in 1 traces")


def test_on_a_phone_the_bar_says_what_is_taken_and_leads_there(tab, person):
    TraceFactory.create_batch(3)
    page = tab(person("ada"), PHONE)
    page.goto("/admin/datasets/build/")
    count = page.locator("#to-preview")
    expect(count).to_have_text("3 traces")
    page.get_by_label("Least steps").fill("9")
    expect(count).to_have_text("0 traces")
    expect(page.locator("#preview h2")).not_to_be_in_viewport()
    count.click()
    expect(page.locator("#preview h2")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Build", exact=True)).to_be_in_viewport()


def test_what_cannot_be_copied_is_selected(tab, person):
    TraceFactory()
    page = tab(person("ada"))
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    page.goto("/admin/datasets/build/")
    expect(page.locator("#preview h2")).to_be_visible()  # what comes later is not selected
    page.get_by_text("Copy as an API call").click()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#said")).to_have_text("Selected: copy it with Ctrl+C.")
    assert page.evaluate("getSelection().toString()").startswith("curl ")
    page.goto("/admin/traces/")
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#said")).to_have_text("Selected: copy it with Ctrl+C.")
    assert page.errors == []


def test_it_works_without_script(browser, site, person):
    TraceFactory.create_batch(2)
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    log_in(context, person("ada"))
    page = context.new_page()
    page.goto("/admin/datasets/build/")
    page.get_by_label("Name", exact=True).fill("sums")
    page.get_by_label("Version").fill("1")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview h2")).to_have_text("2 traces")
    page.get_by_role("button", name="Build", exact=True).click()
    expect(page.locator("h1")).to_have_text("sums 1")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_they_are_for_everyone(tab, person, scheme, viewport):
    TraceFactory(**hostile())
    TraceFactory(**wide())
    TraceFactory.create_batch(3)
    EvalSetFactory(name="e" * 120)
    SplitDatasetFactory(name="n" * 128, version="1")
    dataset = SplitDatasetFactory(
        name="n" * 128,
        version="v" * 64,
        parent_key=LONG_ID,
        session_id=ATTACK[:200],
        recipe__exact=True,
        recipe__split_by="trace",
    )
    page = tab(person("ada"), viewport, scheme)
    for address in ("", f"{dataset.key}?format=trace", f"build?from={dataset.key}"):
        page.goto(f"/admin/datasets/{address}")
        if address.startswith("build"):
            expect(page.locator("#preview h2")).to_contain_text("traces")
            page.evaluate("document.querySelectorAll('details').forEach((one) => one.open = true)")
            expect(page.get_by_role("button", name="Build", exact=True)).to_be_in_viewport()
        assert serious_faults(page) == []
        assert scrolls_sideways(page) == []
        assert said_by_the_policy(page) == []
    assert page.errors == []
