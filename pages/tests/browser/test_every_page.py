"""Every page below /admin/ in a real browser: by axe, by its width, under its policy.

What the sidebar names, what our routes name, and each model's list and forms; over traces that try
everything in every field. The pages say themselves which they are: a new one is tried unasked.
"""

from collections.abc import Iterator
from itertools import chain, cycle
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import APIResponse, Page, expect

from datasets.tests.factories import DatasetFactory
from evalsets.tests.factories import EvalSetFactory, items
from events.services import record_event
from events.tests.acting import acting
from jobs.tests.factories import SucceededJobFactory
from pages import urls
from pages.tests.browser.conftest import DESKTOP, PHONE, log_in
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import ATTACK, LONG_ID, hostile, wide
from traces.curation.queues import SavedFilter
from traces.models import Preference
from traces.services.reviews import Verdict, review_trace
from traces.services.scores import score_trace
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled
from tunix_site.models import ApiKey, Role

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

LOOKS = [[(DESKTOP, "light"), (PHONE, "dark")], [(DESKTOP, "dark"), (PHONE, "light")]]
# What only the server itself has, and a test of its own tries: a file that was sent.
ELSEWHERE = {"upload"}


@pytest.fixture
def root(person: Any) -> User:
    user: User = person("ada")
    user.is_superuser = True
    user.save()
    return user


@pytest.fixture
def names(root: User) -> dict[str, Any]:
    """Give what stands for each name in an address."""
    trace, _ = TraceFactory(**hostile()), TraceFactory(**wide())
    attempt = TraceFactory(**{**hostile(), "external_id": "2"})
    by = acting(root)
    told = {"source": ATTACK, LONG_ID: LONG_ID}
    verdict = Verdict(status="rejected", note=ATTACK, reasons=[ATTACK[:60], LONG_ID])
    review_trace(trace=trace, verdict=verdict, by=by)
    score_trace(trace=trace, criteria="arithmetic", by=by)
    preference = Preference.objects.create(
        chosen=trace, rejected=attempt, reviewer=root, note=ATTACK
    )
    record_event(by=by, action="change", object_type="trace", object_id=trace.pk, after=told)
    ApiKey.objects.issue(user=root, name=ATTACK[:90], role=Role.READER)
    job = SucceededJobFactory(
        kind="bulk",
        parameters=told,
        result={"left": [str(trace.pk)], "left_count": 1},
        created_by=root,
    )
    queue = filled(
        name=ATTACK[:90], guideline=ATTACK, reasons=[ATTACK[:90]], people=[root.username]
    )
    return {
        "trace": trace.pk,
        "queue": queue.pk,
        "key": DatasetFactory(name="n" * 120).key,
        "evalset": EvalSetFactory(items=items(prompt=ATTACK, expected_answer=ATTACK)).key,
        "job": job.pk,
        "kept": SavedFilter.objects.create(name=ATTACK[:90], where=told, owner=root).pk,
        "preference": preference.pk,
        "user": root.pk,
        "kind": "trace",
        "thing": trace.pk,
        "prompt_hash": trace.prompt_hash,
    }


def of_ours(names: dict[str, Any]) -> Iterator[str]:
    """Give the addresses that our routes show something at."""
    for route in chain.from_iterable(room.url_patterns for room in urls.urlpatterns):
        named = route.pattern.regex.groupindex.keys()
        if hasattr(route.callback.view_class, "get") and not named & ELSEWHERE:
            of_evalsets = str(route.pattern).startswith("^evaluation-sets")
            here = {**names, "key": names["evalset"]} if of_evalsets else names
            yield reverse(route.name, kwargs={name: here[name] for name in named})


def of_models() -> Iterator[str]:
    """Give the addresses of each model's list, and of its forms for what there is."""
    for model in admin.site._registry:
        page = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{page}_changelist")
        yield reverse(f"{page}_add")
        if one := model.objects.first():
            yield from (reverse(f"{page}_{name}", args=[one.pk]) for name in ("change", "delete"))


def is_page(answer: APIResponse) -> bool:
    """Tell a whole page from what is refused, and from a part that a script puts into one."""
    kind = answer.headers.get("content-type", "")
    return answer.ok and kind.startswith("text/html") and "<!doctype" in answer.text()[:200].lower()


def faults_of(page: Page) -> list[str]:
    found = [f"by axe: {fault}" for fault in serious_faults(page)]
    found += [f"wider than the window: {one}" for one in scrolls_sideways(page)]
    return found + [f"by the policy: {one}" for one in said_by_the_policy(page)]


def test_every_page_is_for_everyone(tab, root, names):
    tabs = {
        (viewport["width"], scheme): tab(root, viewport, scheme)
        for look in LOOKS
        for viewport, scheme in look
    }
    first = next(iter(tabs.values()))
    first.goto("/admin/")
    links = first.locator("#nav-sidebar a[href^='/admin/']").all()
    sidebar = [str(link.get_attribute("href")) for link in links]
    assert len(sidebar) > 10
    known = dict.fromkeys([*sidebar, *of_ours(names), *of_models()])
    answers = {address: first.request.get(address) for address in known}
    assert [address for address, answer in answers.items() if answer.status >= 500] == []
    addresses = [address for address, answer in answers.items() if is_page(answer)]
    assert len(addresses) > 60
    found: dict[str, list[str]] = {}
    for address, look in zip(addresses, cycle(LOOKS), strict=False):
        for viewport, scheme in look:
            page = tabs[viewport["width"], scheme]
            page.goto(address)
            if faults := faults_of(page):
                found[f"{address} {viewport['width']} {scheme}"] = faults
    assert not found, "\n".join(f"{where}: {faults}" for where, faults in found.items())


@pytest.mark.parametrize("prompt", ["", " \n\u3000", "\u200b\u2060\ufeff"])
def test_a_trace_whose_prompt_shows_nothing_is_opened_from_the_list_of_its_model(tab, root, prompt):
    trace = TraceFactory(prompt=prompt)
    page = tab(root)
    page.goto("/admin/traces/trace/")
    page.get_by_role("link", name="(blank)").click()
    page.wait_for_url(f"**/admin/traces/trace/{trace.pk}/change/**")


def test_the_filters_of_a_model_open_by_the_keyboard(tab, root, names):
    page = tab(root)
    page.goto("/admin/traces/score/")
    button = page.get_by_role("button", name="Filters", exact=True)
    button.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(page.locator("#changelist-filter").locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.locator("#changelist-filter")).to_be_hidden()


@pytest.mark.parametrize("address", ["/admin/", "/admin/traces/score/"])
def test_the_account_s_menu_opens_by_the_keyboard(tab, root, address):
    page = tab(root)
    page.goto(address)
    button = page.get_by_role("button", name="ada")
    menu = page.get_by_role("navigation", name="Account")
    expect(menu).to_be_hidden()
    button.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    expect(menu).to_be_visible()
    page.keyboard.press("Tab")
    expect(menu.get_by_role("button", name="Light")).to_be_focused()
    dark = menu.get_by_role("button", name="Dark")
    dark.press("Space")
    expect(dark).to_have_attribute("aria-pressed", "true")
    assert faults_of(page) == []
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
    button.press("Space")
    menu.get_by_role("link", name="Change password").press("Enter")
    page.wait_for_url("**/admin/password_change/")


def test_the_form_of_a_model_outlives_a_session(tab, root):
    trace = TraceFactory()
    page = tab(root)
    page.goto(f"/admin/traces/trace/{trace.pk}/change/")
    tags = page.locator("[name=tags]")
    tags.fill("kept")
    page.context.clear_cookies(name="sessionid")
    save = page.get_by_role("button", name="Save", exact=True)
    save.click()
    expect(page.get_by_role("alert")).to_contain_text("Your session ended.")
    expect(tags).to_have_value("kept")
    log_in(page.context, root)
    save.click()
    page.wait_for_url("**/admin/traces/trace/")
    trace.refresh_from_db()
    assert trace.tags == ["kept"]
