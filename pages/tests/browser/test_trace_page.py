"""The page of one trace in a real browser: read, judged by keys, safe, and for everyone."""

from urllib.parse import parse_qs

import pytest
from playwright.sync_api import expect

from pages.tests.browser.conftest import DESKTOP, PHONE, log_in
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import hostile, wide
from traces.models import Review, Trace
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled
from tunix_site.tests.live import wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def steps(count: int) -> list[dict]:
    return [
        {"i": n * 2, "type": "reasoning", "content": f"Step {n + 1}: {n} + 1 = {n + 1}"}
        for n in range(count)
    ]


@pytest.fixture
def trace():
    return TraceFactory(
        prompt="What is **9** x 7?",
        steps=[
            {"i": 3, "type": "reasoning", "content": "9 x 7 = 56"},
            *[{**s, "i": s["i"] + 10} for s in steps(3)],
        ],
        final_answer="56",
        meta={"reference_answer": "63", "model": "m-1"},
    )


def test_a_trace_is_approved_by_a_key(tab, person, trace):
    user = person("ada")
    page = tab(user)
    page.goto(f"/admin/review/trace/{trace.pk}")
    expect(page.locator(".prompt strong")).to_have_text("9")
    expect(page.locator(".said.differs").first).to_be_visible()
    expect(page.locator(".step .wrong")).to_have_text("9 x 7 = 56")
    page.keyboard.press("a")
    expect(page.locator(".reviews .status.approved")).to_be_visible()
    trace.refresh_from_db()
    assert trace.status == "approved"
    assert page.errors == []
    assert said_by_the_policy(page) == []


def test_labels_a_note_and_a_verdict_by_keys(tab, person, trace):
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    for key in ("j", "j", "w", "j", "2", "j", "1", "0"):
        page.keyboard.press(key)
    page.keyboard.press("n")
    page.keyboard.type("a rough join: ")
    composing = {"key": "Escape", "isComposing": True}
    page.locator("textarea[name=note]").dispatch_event("keydown", composing)
    page.keyboard.type("aaa")
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="Skip to the content").press("Enter")
    expect(page.locator("#main")).to_be_focused()
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    asked.value.dismiss()
    page.keyboard.press("r")
    expect(page.locator(".reviews .status.rejected")).to_be_visible()
    once_more = []
    page.on("dialog", lambda asked: once_more.append(asked.type) or asked.accept())
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    assert once_more == []
    review = Review.objects.get()
    assert review.step_labels == {"3": 1, "10": -1, "12": 0}
    assert review.note == "a rough join: aaa"


def test_keys_are_silent_while_somebody_types_and_when_switched_off(tab, person, trace):
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    page.keyboard.press("t")
    page.keyboard.type("arf")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".facts .tag")).to_have_text("arf")
    page.keyboard.press("?")
    page.get_by_label("Single keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.keyboard.press("a")
    page.reload()
    page.keyboard.press("Control+a")
    page.keyboard.press("f")
    expect(page.locator(".status").first).to_have_text("unreviewed")
    assert Review.objects.count() == 0


def test_tags_of_somebody_else_are_told_before_they_are_replaced(tab, person, trace):
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    Trace.objects.filter(pk=trace.pk).update(tags=["theirs"])
    page.keyboard.press("t")
    page.keyboard.type("mine")
    save = page.get_by_role("button", name="Save")
    save.click()
    expect(page.locator("#tags .problem")).to_have_text("The tags are theirs by now, not none.")
    expect(page.locator(".facts .tag")).to_have_text("theirs")
    expect(page.locator("#tags textarea")).to_have_value("mine")
    save.click()
    expect(page.locator(".facts .tag")).to_have_text("mine")
    trace.refresh_from_db()
    assert trace.tags == ["mine"]


def test_raw_text_and_marks_are_a_key_away(tab, person):
    trace = TraceFactory(prompt="**bold** pay\u200bpal")
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    mark = page.locator(".prompt .rendered .mark")
    expect(mark).to_be_visible()
    page.keyboard.press("i")
    expect(mark).to_be_hidden()
    page.keyboard.press("m")
    expect(page.locator(".prompt .sent")).to_contain_text("**bold** pay")
    page.reload()
    expect(page.locator(".prompt .sent")).to_be_visible()


def test_a_thousand_steps_are_reached_by_keys(tab, person):
    trace = TraceFactory(steps=steps(1_000))
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    assert page.locator(".step").count() < 200
    page.context.clear_cookies(name="sessionid")
    page.locator("[data-more]").scroll_into_view_if_needed()
    dialog = page.get_by_role("dialog", name="Log in again")
    dialog.get_by_label("Name").fill("ada")
    dialog.get_by_label("Password").fill("ada it is 42")
    page.keyboard.press("Enter")
    expect(page.locator("#step-100")).to_be_attached()
    for _ in range(130):
        page.keyboard.press("j")
        page.wait_for_function("document.querySelector('[aria-current]')")
    expect(page.locator("[aria-current] .step-number")).to_have_text("130")
    page.route("**/steps?*", lambda route: route.abort())
    page.locator("[data-more]").scroll_into_view_if_needed()
    expect(page.locator("#said")).to_have_text("The site does not answer. Try again.")
    page.keyboard.press("3")
    page.keyboard.press("r")
    expect(page.locator(".reviews .status.rejected")).to_be_visible()
    assert Review.objects.get().step_labels == {"258": -1}


def test_without_keys_a_label_is_taken_back(tab, person, trace):
    page = tab(person("ada"), PHONE)
    page.goto(f"/admin/review/trace/{trace.pk}")
    for step, words in ((3, ("wrong", "none")), (10, ("right", "none", "neutral"))):
        for word in words:
            page.locator(f"#step-{step} .labels span", has_text=word).click()
    for key in ("j", "3", "0"):
        page.keyboard.press(key)
    expect(page.locator(".labels input[value=null]:checked")).to_have_count(3)
    with page.expect_request("**/verdict") as sent:
        page.click("button.flag")
    assert parse_qs(sent.value.post_data)["labels"] == ['{"10":0}']
    expect(page.locator(".reviews .status.flagged")).to_be_attached()
    assert Review.objects.get().step_labels == {"10": 0}


def test_on_a_phone_the_site_is_a_link_away(tab, person, trace):
    page = tab(person("ada"), PHONE)
    for address in (f"trace/{trace.pk}", f"trace/{trace.pk}/correct", "", f"{filled().pk}"):
        page.goto(f"/admin/review/{address}")
        expect(page.get_by_role("navigation", name="Site").get_by_role("link")).to_be_in_viewport()
        assert scrolls_sideways(page) == []


def test_it_works_without_script(browser, site, person, trace):
    user = person("ada")
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    log_in(context, user)
    page = context.new_page()
    page.goto(f"/admin/review/trace/{trace.pk}")
    page.locator("#step-3 .labels span", has_text="wrong").click()
    page.fill("textarea[name=note]", "by form")
    page.click("button.flag")
    expect(page.locator(".reviews .status.flagged")).to_be_visible()
    context.close()
    review = Review.objects.get()
    assert (review.verdict, review.note, review.step_labels) == ("flagged", "by form", {"3": -1})


def test_who_may_only_read_has_no_buttons(tab, person, trace):
    page = tab(person("ria", "reader"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    expect(page.locator(".step").first).to_be_visible()
    assert page.locator("#verdict, .labels").count() == 0
    page.keyboard.press("a")
    assert Review.objects.count() == 0


@pytest.mark.parametrize("raw", [False, True])
def test_a_hostile_trace_runs_nothing(tab, person, raw):
    fields = hostile()
    trace, other = TraceFactory(**fields), TraceFactory(**{**fields, "external_id": None})
    assert trace.prompt_hash == other.prompt_hash
    page = tab(person("ada"))
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/admin/review/trace/{trace.pk}")
    if raw:
        page.keyboard.press("m")
    page.keyboard.press("n")
    page.keyboard.type(fields["prompt"][:500])
    page.keyboard.press("Escape")
    page.keyboard.press("f")
    expect(page.locator(".reviews .said-note")).to_be_visible()
    assert said_by_the_policy(page) == []
    assert page.errors == []
    assert [url for url in asked if not url.startswith(page.url.split("/admin")[0])] == []
    assert page.locator("script:not([type=module])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_is_for_everyone(tab, person, scheme, viewport):
    trace = TraceFactory(**wide())
    TraceFactory(prompt=trace.prompt)
    page = tab(person("ada"), viewport, scheme)
    page.goto(f"/admin/review/trace/{trace.pk}")
    expect(page.locator("main")).to_have_count(1)
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    if viewport == PHONE:
        page.click("#sheet")
        expect(page.locator("#sheet")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("m")
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    page.keyboard.press("?")
    assert serious_faults(page) == []


def test_a_long_prompt_folds_and_reads(tab, person):
    trace = TraceFactory(prompt="Line of words that goes on.\n" * 1_700)
    page = tab(person("ada"), PHONE)
    page.goto(f"/admin/review/trace/{trace.pk}")
    folded = page.locator(".folding").bounding_box()["height"]
    page.click(".fold summary")
    assert page.locator(".folding").bounding_box()["height"] > folded * 10
    assert scrolls_sideways(page) == []


def test_a_session_that_ended_is_taken_up_in_place(tab, person, trace):
    user = person("ada")
    page = tab(user)
    page.goto(f"/admin/review/trace/{trace.pk}")
    page.keyboard.press("n")
    page.keyboard.type("not to be lost")
    page.keyboard.press("Escape")
    page.context.clear_cookies(name="sessionid")
    page.keyboard.press("a")
    dialog = page.get_by_role("dialog", name="Log in again")
    dialog.get_by_label("Name").fill("ada")
    dialog.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("this password")
    dialog.get_by_label("Password").fill("ada it is 42")
    page.keyboard.press("Enter")
    expect(page.locator(".reviews .status.approved")).to_be_visible()
    assert Review.objects.get().note == "not to be lost"


def test_a_verdict_that_could_not_be_sent_is_sent_once_when_it_can(tab, person, trace):
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    page.context.set_offline(True)
    page.keyboard.press("a")
    expect(page.locator("#outbox")).to_have_text("1 not sent")
    page.context.set_offline(False)
    expect(page.locator(".reviews .status.approved")).to_be_visible()
    expect(page.locator("#outbox")).to_be_hidden()
    assert Review.objects.count() == 1


def test_an_answer_that_got_lost_is_no_second_verdict(tab, person, trace):
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    lost = []

    def lose_the_first(route):
        if lost:
            route.continue_()
        else:
            lost.append(route.fetch().status)
            route.abort()

    page.route("**/verdict", lose_the_first)
    page.keyboard.press("a")
    expect(page.locator(".reviews .status.approved")).to_be_visible()
    assert lost == [200]
    assert Review.objects.count() == 1


def test_somebody_elses_verdict_meanwhile_is_told(tab, person, trace):
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    Trace.objects.filter(pk=trace.pk).update(status="rejected")
    page.keyboard.press("a")
    expect(page.locator("#said")).to_contain_text("The status is rejected by now, not unreviewed.")
    wait_until(lambda: page.locator("#outbox").is_hidden())
    assert Review.objects.count() == 0
