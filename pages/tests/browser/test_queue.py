"""A queue in a real browser: one key for a review, two people at once, mishaps."""

import pytest
from playwright.sync_api import expect

from pages.tests.browser.conftest import DESKTOP, PHONE, log_in
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.hostile import hostile
from traces.curation.members import Claim
from traces.models import Review, Trace
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled
from tunix_site.tests.live import wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def begin(page, queue) -> None:
    page.goto(f"/admin/review/{queue.pk}")
    expect(page.locator("#page .bar[data-claim]")).to_have_count(1)


def shown(page) -> str:
    return page.locator("#page .bar").get_attribute("data-trace")


def press(page, key: str) -> str:
    """Press a key, and give the trace that is shown then."""
    before = shown(page)
    page.keyboard.press(key)
    page.wait_for_function(
        "(before) => document.querySelector('#page .bar').dataset.trace !== before", arg=before
    )
    return shown(page)


def test_fifty_reviews_take_fifty_keys(tab, person):
    traces = TraceFactory.create_batch(50)
    ada = person("ada")
    queue = filled()
    page = tab(ada)
    begin(page, queue)
    seen = [shown(page), *[press(page, key) for key in "aaraf" * 10]]
    expect(page.get_by_text("Nothing is left for you here")).to_be_visible()
    assert seen[:50] == list(dict.fromkeys(seen[:50]))
    assert set(seen[:50]) == {str(trace.pk) for trace in traces}
    reviews = Review.objects.order_by("pk")
    assert [str(review.trace_id) for review in reviews] == seen[:50]
    words = {"a": "approved", "r": "rejected", "f": "flagged"}
    assert [review.verdict for review in reviews] == [words[key] for key in "aaraf" * 10]
    assert {review.queue_id for review in reviews} == {queue.pk}
    assert page.errors == []
    assert said_by_the_policy(page) == []


def test_the_next_one_is_there_before_the_answer(tab, person):
    TraceFactory.create_batch(3)
    ada = person("ada")
    page = tab(ada)
    with page.expect_response("**/next"):
        begin(page, filled())
    kept = []
    page.route("**/verdict", lambda route: kept.append(route))
    first = shown(page)
    second = press(page, "a")
    assert second != first
    wait_until(lambda: page.evaluate("1") == 1 and bool(kept))
    assert Review.objects.count() == 0
    kept[0].continue_()
    expect(page.locator(".bar-left")).to_contain_text("left of 3")
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 1)


def test_a_reason_is_a_digit(tab, person):
    TraceFactory.create_batch(3)
    ada = person("ada")
    page = tab(ada)
    begin(page, filled(reasons=["wrong answer", "no reasoning"]))
    page.keyboard.press("r")
    expect(page.locator(".reasons.asked")).to_be_visible()
    page.keyboard.press("a")
    page.keyboard.press("Escape")
    expect(page.locator(".reasons.asked")).to_have_count(0)
    page.keyboard.press("r")
    press(page, "2")
    page.keyboard.press("r")
    press(page, "Enter")
    page.keyboard.press("r")
    page.get_by_role("button", name="Approve").press("Enter")
    expect(page.get_by_text("Nothing is left for you here")).to_be_visible()
    assert [(review.verdict, review.reasons) for review in Review.objects.order_by("pk")] == [
        ("rejected", ["no reasoning"]),
        ("rejected", []),
        ("approved", []),
    ]


def test_keys_of_a_reason_end_with_their_trace(tab, person):
    TraceFactory.create_batch(4)
    page = tab(person("ada"))
    begin(page, filled(reasons=["wrong answer", "no reasoning"]))
    for button in ("Reject", "Approve", "Skip"):
        before = shown(page)
        page.keyboard.press("r")
        expect(page.locator("#said")).to_contain_text("Why?")
        page.get_by_label("wrong answer").check()
        page.get_by_role("button", name=button).click()
        expect(page.locator("#page .bar")).not_to_have_attribute("data-trace", before)
    for key in ("1", "Enter"):
        page.keyboard.press(key)
    press(page, "s")
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 2)
    assert [(review.verdict, review.reasons) for review in Review.objects.order_by("pk")] == [
        ("rejected", ["wrong answer"]),
        ("approved", ["wrong answer"]),
    ]


def test_without_keys_a_second_reject_gives_no_reason(tab, person):
    TraceFactory.create_batch(2)
    page = tab(person("ada"), PHONE)
    begin(page, filled(reasons=["wrong answer"]))
    first, reject = shown(page), page.get_by_role("button", name="Reject")
    reject.click()
    expect(page.locator("#said")).to_contain_text("Reject again for none")
    reject.click()
    expect(page.locator("#page .bar")).not_to_have_attribute("data-trace", first)
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 1)
    review = Review.objects.get()
    assert (review.verdict, review.reasons) == ("rejected", [])


def test_labels_and_a_note_go_with_the_verdict(tab, person):
    TraceFactory.create_batch(2)
    ada = person("ada")
    page = tab(ada)
    begin(page, filled(step_labels=True))
    first = shown(page)
    for key in ("j", "j", "w", "n"):
        page.keyboard.press(key)
    page.keyboard.type("a sum: fra")
    page.keyboard.press("Escape")
    press(page, "r")
    expect(page.locator("textarea[name=note]")).to_have_value("")
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 1)
    review = Review.objects.get(trace=first)
    assert (review.note, review.step_labels) == ("a sum: fra", {"0": 1, "1": -1})


def test_undo_takes_back_the_last_and_the_one_before(tab, person):
    TraceFactory.create_batch(4)
    ada = person("ada")
    page = tab(ada)
    begin(page, filled())
    first = shown(page)
    second = press(page, "a")
    press(page, "r")
    assert press(page, "u") == second
    expect(page.locator("#said")).to_contain_text("Undone")
    assert press(page, "u") == first
    assert set(Trace.objects.values_list("status", flat=True)) == {"unreviewed"}
    expect(page.locator(".bar-left strong")).to_have_text("4")
    for key in "fff":
        press(page, key)
    press(page, "f")
    wait_until(
        lambda: page.evaluate("1") == 1 and Trace.objects.filter(status="flagged").count() == 4
    )


def test_the_guideline_is_there_after_an_undo_from_nothing(tab, person):
    TraceFactory()
    page, queue = tab(person("ada")), filled(guideline="Be kind.")
    begin(page, queue)
    page.keyboard.press("a")
    expect(page.get_by_text("Nothing is left for you here")).to_be_visible()
    page.goto(f"/admin/review/{queue.pk}")
    press(page, "u")
    page.keyboard.press("g")
    expect(page.get_by_role("dialog", name="Guideline version 1")).to_contain_text("Be kind.")
    assert serious_faults(page) == []
    page.keyboard.press("Escape")
    press(page, "a")
    assert page.errors == []


def test_an_undo_whose_answer_is_lost_undoes_no_other_verdict(tab, person):
    TraceFactory.create_batch(3)
    ada = person("ada")
    page = tab(ada)
    begin(page, filled())
    second = press(page, "a")
    press(page, "a")

    def lose(route) -> None:
        route.fetch()
        route.abort()

    page.route("**/undo", lose, times=1)
    page.keyboard.press("u")
    expect(page.locator("#said")).to_contain_text("The site does not answer")
    assert press(page, "u") == second
    assert Review.objects.standing().count() == 1


def test_what_is_skipped_comes_back_last(tab, person):
    TraceFactory.create_batch(3)
    ada = person("ada")
    page = tab(ada)
    begin(page, filled())
    first = shown(page)
    press(page, "s")
    press(page, "a")
    assert press(page, "a") == first


def test_two_people_never_see_one_trace(tab, person):
    TraceFactory.create_batch(12)
    ada, bob = person("ada"), person("bob")
    queue = filled()
    pages = [tab(ada), tab(bob)]
    for page in pages:
        begin(page, queue)
    seen = [[shown(page)] for page in pages]
    for _ in range(5):
        for page, mine in zip(pages, seen, strict=True):
            mine.append(press(page, "a"))
    assert not set(seen[0]) & set(seen[1])
    assert len({*seen[0], *seen[1]}) == 12


def test_that_a_claim_ended_is_told_once(tab, person):
    TraceFactory.create_batch(3)
    page = tab(person("ada"))
    with page.expect_response("**/next"):
        begin(page, filled())
    asked = []
    page.on("request", lambda sent: asked.append(sent) if sent.url.endswith("/renew") else None)
    Claim.objects.all().delete()
    page.evaluate("document.querySelector('#page .bar').dataset.expires = new Date().toJSON()")
    page.keyboard.press("j")
    expect(page.locator("#said")).to_have_text("The claim ended: take the next trace.")
    for key in "jkj":
        page.keyboard.press(key)
    with page.expect_response("**/skip"):  # sent behind what was asked for before
        page.keyboard.press("s")
    assert len(asked) == 1


def test_a_claim_that_ended_is_taken_anew_behind_a_verdict_that_was_refused(tab, person):
    trace = TraceFactory()
    page = tab(person("ada"))
    with page.expect_response("**/next"):
        begin(page, filled())
    [ended] = Claim.objects.values_list("pk", flat=True)
    Claim.objects.all().delete()
    page.keyboard.press("n")
    page.keyboard.type("The carry.")
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    expect(page.locator("#page .bar")).not_to_have_attribute("data-claim", str(ended))
    page.keyboard.press("a")
    expect(page.get_by_text("Nothing is left for you here")).to_be_visible()
    assert [(one.trace, one.note) for one in Review.objects.all()] == [(trace, "The carry.")]


def test_a_session_that_ended_is_taken_up_in_place(tab, person):
    TraceFactory.create_batch(4)
    ada = person("ada")
    page = tab(ada)
    with page.expect_response("**/next"):
        begin(page, filled())
    page.context.clear_cookies(name="sessionid")
    press(page, "a")
    dialog = page.get_by_role("dialog", name="Log in again")
    expect(dialog).to_be_visible()
    for _ in range(3):
        page.keyboard.press("Escape")
    dialog.get_by_label("Name").fill("ada")
    dialog.get_by_label("Password").fill("ada it is 42")
    page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    press(page, "a")
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 2)


def test_offline_verdicts_wait_in_sight_and_are_sent_once(tab, person):
    TraceFactory.create_batch(4)
    ada = person("ada")
    page = tab(ada)
    with page.expect_request_finished(lambda asked: asked.url.endswith("/next")):
        begin(page, filled())
    page.context.set_offline(True)
    press(page, "a")
    page.keyboard.press("f")
    expect(page.locator("#outbox")).to_have_text("2 not sent")
    page.click("#outbox")
    expect(page.locator("#unsent li")).to_have_count(2)
    page.keyboard.press("Escape")
    page.context.set_offline(False)
    expect(page.locator("#outbox")).to_be_hidden()
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 2)
    assert sorted(Review.objects.values_list("verdict", flat=True)) == ["approved", "flagged"]
    press(page, "a")


def test_what_was_not_sent_outlives_a_reload(tab, person):
    TraceFactory.create_batch(4)
    ada = person("ada")
    page = tab(ada)
    with page.expect_response("**/next"):
        begin(page, filled())
    page.route("**/verdict", lambda route: route.abort())
    press(page, "a")
    expect(page.locator("#outbox")).to_have_text("1 not sent")
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    page.unroute("**/verdict")
    page.reload()
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 1)


def test_tags_are_those_of_the_trace_that_was_shown_when_they_were_asked_for(tab, person):
    TraceFactory.create_batch(2)
    page, kept = tab(person("ada")), []
    page.route("**/next", lambda route: route.abort())
    page.route("**/verdict", lambda route: kept.append(route))
    begin(page, filled())
    first = shown(page)
    page.keyboard.press("a")
    page.keyboard.press("t")
    page.keyboard.type("mine")
    wait_until(lambda: page.evaluate("1") == 1 and bool(kept))
    kept[0].continue_()
    expect(page.locator("#page .bar")).not_to_have_attribute("data-trace", first)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#tags .problem")).to_have_text("Another trace is shown by now.")
    expect(page.locator("#tags textarea")).to_have_value("mine")
    assert not Trace.objects.exclude(tags=[]).exists()


def test_a_late_answer_takes_no_other_page_away(tab, person):
    traces = TraceFactory.create_batch(8)
    page, queue, other = tab(person("ada")), filled(), filled(name="others")

    def judge_and_leave(queue, address: str) -> None:
        begin(page, queue)
        page.route("**/verdict", lambda route: route.abort())
        page.keyboard.press("a")
        expect(page.locator("#outbox")).to_have_text("1 not sent")
        with page.expect_request_finished(lambda asked: asked.url.endswith("/next")):
            page.goto(address)

    def send() -> None:
        page.unroute("**/verdict")
        page.evaluate("dispatchEvent(new Event('online'))")
        expect(page.locator("#outbox")).to_be_hidden()

    judge_and_leave(queue, f"/admin/review/{other.pk}")
    send()
    press(page, "a")
    expect(page.locator("#page .bar")).to_have_attribute("data-queue", str(other.pk))
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 2)
    assert set(Review.objects.values_list("queue", flat=True)) == {queue.pk, other.pk}
    judge_and_leave(queue, f"/admin/review/{other.pk}")
    page.goto(f"/admin/review/trace/{traces[7].pk}")
    page.keyboard.press("n")
    page.keyboard.type("A long thought.")
    send()
    assert shown(page) == str(traces[7].pk)
    expect(page.locator("textarea[name=note]")).to_have_value("A long thought.")
    assert Review.objects.count() == 3


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_a_verdict_that_is_refused_late_is_kept_with_its_note(tab, person, viewport, scheme):
    TraceFactory.create_batch(4)
    page = tab(person("ada"), viewport, scheme)
    with page.expect_response("**/next"):
        begin(page, filled())
    first = shown(page)
    Claim.objects.filter(trace=first).delete()
    page.keyboard.press("n")
    page.keyboard.type("<b>the carry</b> " + "g" * 500)
    page.keyboard.press("Escape")
    press(page, "r")
    expect(page.locator("#outbox")).to_have_text("1 not taken")
    expect(page.locator("#said")).to_contain_text(f"trace {first}: The claim ended")
    press(page, "a")
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 1)
    page.wait_for_function("() => JSON.parse(Object.values(sessionStorage)[0]).length === 1")
    page.reload()
    page.locator("#outbox").click()
    row = page.get_by_role("dialog", name="Not sent or not taken").get_by_role("listitem")
    expect(row).to_have_count(1)  # the other was taken
    expect(row).to_contain_text("Rejected: trace")
    expect(row.locator(".problem")).to_have_text("The claim ended: take the next trace.")
    expect(row.locator(".said-note")).to_contain_text("<b>the carry</b>")
    expect(row.get_by_role("link")).to_have_attribute("href", f"/admin/review/trace/{first}")
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    assert said_by_the_policy(page) == []
    row.get_by_role("button", name="Dismiss").click()
    expect(row).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#outbox")).to_be_hidden()
    assert page.evaluate("Object.keys(sessionStorage)") == []


def test_it_works_without_script(browser, site, person):
    TraceFactory.create_batch(3)
    ada = person("ada")
    queue = filled()
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    log_in(context, ada)
    page = context.new_page()
    page.goto(f"/admin/review/{queue.pk}")
    first = page.url
    page.click("button.approve")
    assert page.url != first
    page.click("button.skip-it")
    page.get_by_role("button", name="Undo").click()
    assert page.url == first
    context.close()
    assert Trace.objects.filter(status="approved").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_it_is_for_everyone(tab, person, scheme, viewport):
    fields = hostile()
    TraceFactory(**fields)
    ada = person("ada")
    reasons = [f"{n} {'r' * 190}" for n in range(9)]
    queue = filled(
        name="q" * 100, reasons=reasons, step_labels=True, guideline="# So\n\n**Look** " + "g" * 500
    )
    page = tab(ada, viewport, scheme)
    page.goto("/admin/review/")
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    page.click("summary")
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    begin(page, queue)
    for key in (None, "g", "Escape", "r"):
        if key:
            page.keyboard.press(key)
        assert serious_faults(page) == []
        assert scrolls_sideways(page) == []
    press(page, "1")
    expect(page.get_by_text("Nothing is left for you here")).to_be_visible()
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    assert said_by_the_policy(page) == []


def test_a_queue_is_made_in_the_browser(tab, person):
    TraceFactory.create_batch(3, meta={"source": "here"})
    TraceFactory(meta={"source": "elsewhere"})
    ada = person("ada")
    page = tab(ada)
    page.goto("/admin/review/")
    page.get_by_label("Name", exact=True).fill("the first")
    page.get_by_label("Source").fill("here")
    page.get_by_label("Reasons for rejecting").fill("wrong\nempty")
    page.get_by_label("Label steps").check()
    page.get_by_role("button", name="Make the queue").click()
    expect(page.locator(".queue h3")).to_have_text("the first")
    page.get_by_text("New queue").click()
    page.get_by_label("Name", exact=True).fill("the first")
    page.get_by_role("button", name="Make the queue").click()
    expect(page.get_by_role("alert")).to_contain_text("A queue of this name is there already.")
