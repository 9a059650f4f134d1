"""Jobs in a real browser: followed in place, without taking the focus, and for everyone."""

import pytest
from playwright.sync_api import expect

from events.tests.acting import acting
from jobs.models import Job
from jobs.services.queue import start_job
from jobs.tests.factories import FailedJobFactory, JobErrorFactory, RunningJobFactory
from jobs.tests.working import work_off
from pages.tests.browser.conftest import DESKTOP, PHONE
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import ATTACK, LONG_ID
from traces.tests.factories import TraceFactory

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

RECIPE = {"dataset_name": "sums", "dataset_version": "1", "limit": None}


def test_they_are_followed_without_taking_the_focus(tab, person):
    ada = person("ada")
    TraceFactory()
    job = start_job(kind="build", parameters=RECIPE, by=acting(ada))
    running = RunningJobFactory(kind="import", parameters={"source": "mine"}, total=9)
    page = tab(ada)
    said, link = page.locator("#said"), page.get_by_role("link", name="Import mine")
    page.goto("/admin/jobs/")
    page.evaluate("window.stayed = true")
    page.evaluate(
        """() => new MutationObserver(() => (window.heard ??= []).push(1))
            .observe(document.querySelector("#said"), {childList: true})"""
    )
    link.focus()
    Job.objects.filter(pk=running.pk).update(done=4)
    expect(page.locator(f"#done-{running.pk}")).to_contain_text("4 of 9")
    expect(link).to_be_focused()
    assert not page.evaluate("window.heard")
    work_off("builds")
    expect(said).to_have_text("Build of sums 1: succeeded.")
    expect(page.locator(f"#state-{job.pk}")).to_have_text("succeeded")
    expect(link).to_be_focused()
    link.press("Enter")
    expect(page.locator("#main h1")).to_be_focused()
    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()
    Job.objects.filter(pk=running.pk).update(done=5)
    expect(page.locator("#progress")).to_contain_text("5 of 9")
    expect(cancel).to_be_focused()
    cancel.press("Enter")
    expect(page.locator("#main h1")).to_contain_text("cancelled")
    page.get_by_role("link", name="All jobs").press("Enter")
    expect(page.locator("#main tbody tr")).to_have_count(2)
    assert page.evaluate("window.stayed")
    assert page.errors == []


def test_one_that_ends_is_shown_whole_and_the_focus_stays(tab, person):
    ada = person("ada")
    TraceFactory()
    job = start_job(kind="build", parameters=RECIPE, by=acting(ada))
    page = tab(ada)
    page.goto(f"/admin/datasets/build/{job.pk}")
    page.get_by_role("link", name="The job").focus()
    work_off("builds")
    expect(page.get_by_role("link", name="Open sums-1")).to_be_visible()
    expect(page.get_by_role("link", name="The job")).to_be_focused()
    expect(page.locator("#said")).to_have_text("Build of sums 1: succeeded")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="sums-1")).to_be_visible()
    assert page.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_they_are_for_everyone(tab, person, viewport, scheme):
    ada = person("ada")
    failed = FailedJobFactory(kind="import", parameters={"source": LONG_ID}, error=ATTACK)
    JobErrorFactory(job=failed, field=LONG_ID, message=ATTACK)
    JobErrorFactory.create_batch(3, job=failed)
    running = RunningJobFactory(
        parameters={**RECIPE, "dataset_name": "n" * 128}, total=9_000_000, done=4_123_456
    )
    start_job(kind="bulk", parameters={"where": {}, "set": {"status": "approved"}}, by=acting(ada))
    page = tab(ada, viewport, scheme)
    for address in ("?state=lost", str(failed.pk), str(running.pk)):
        page.goto(f"/admin/jobs/{address}")
        expect(page.locator("#main h1")).to_be_visible()
        assert serious_faults(page) == []
        assert scrolls_sideways(page) == []
        assert said_by_the_policy(page) == []
    assert page.errors == []
