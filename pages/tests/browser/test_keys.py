"""Keys of the review page in a real browser: correct, compare, and keys of one's own."""

import pytest
from playwright.sync_api import expect

from pages.tests.browser.conftest import DESKTOP, PHONE, log_in
from pages.tests.browser.looking import said_by_the_policy, scrolls_sideways, serious_faults
from pages.tests.browser.test_queue import begin, press, shown
from pages.tests.hostile import hostile
from traces.models import Review, Status, Trace
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled
from tunix_site.tests.live import wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

STEPS = [
    {"i": 0, "type": "reasoning", "content": "Seven and five are 12, write 2."},
    {"i": 1, "type": "reasoning", "content": "One and three are 5."},
]


def test_a_trace_is_corrected_by_keys(tab, person):
    trace = TraceFactory(steps=STEPS, final_answer="52")
    TraceFactory()
    page = tab(person("ada"))
    begin(page, filled())
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Correct")
    dialog.get_by_role("button", name="Show what changes").click()
    expect(dialog.get_by_role("alert")).to_have_text("Nothing is changed yet.")
    dialog.get_by_label("Step 2").fill("One and three are 4.")
    dialog.get_by_label("Final answer").fill("42")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("e")  # what was typed is there yet
    dialog.get_by_role("button", name="Show what changes").click()
    expect(dialog.locator("del")).to_have_text(["5", "52"])
    expect(dialog.locator("ins")).to_have_text(["4", "42"])
    assert serious_faults(page) == []
    dialog.get_by_label("Note").fill("The carry.")
    Trace.objects.filter(pk=trace.pk).update(status="flagged")  # no matter in a queue
    dialog.get_by_role("button", name="Correct it").click()
    expect(dialog).to_be_hidden()
    assert shown(page) != str(trace.pk)
    corrected = Trace.objects.get(final_answer="42")
    assert corrected.meta["revision_of"] == str(trace.pk)
    assert [step["content"] for step in corrected.steps] == [
        "Seven and five are 12, write 2.",
        "One and three are 4.",
    ]
    review = Review.objects.get()
    assert (str(review.trace_id), review.verdict, review.note) == (
        str(trace.pk),
        "rejected",
        "The carry.",
    )
    assert page.errors == []
    assert said_by_the_policy(page) == []


def test_a_correction_that_cannot_be_sent_yet_is_kept(tab, person):
    TraceFactory.create_batch(2, final_answer="52")
    page = tab(person("ada"))
    begin(page, filled())
    kept = []
    page.route("**/skip", lambda route: kept.append(route))
    page.keyboard.press("s")
    wait_until(lambda: page.evaluate("1") == 1 and bool(kept))
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Correct")
    dialog.get_by_label("Final answer").fill("42")
    dialog.get_by_role("button", name="Show what changes").click()
    dialog.get_by_role("button", name="Correct it").click()
    expect(dialog.get_by_role("alert")).to_have_text("Something is on its way yet: try again.")
    dialog.get_by_role("button", name="Back").click()
    expect(dialog.get_by_label("Final answer")).to_have_value("42")
    kept[0].continue_()
    assert page.errors == []


def test_steps_are_added_and_removed(tab, person):
    trace = TraceFactory(steps=STEPS, final_answer="52")
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    page.get_by_role("link", name="Correct").click()
    dialog = page.get_by_role("dialog", name="Correct")
    dialog.get_by_role("button", name="Remove step 2").click()
    for text in ("One, carried, and three are 4.", "So there."):
        dialog.get_by_role("button", name="Add a step behind step 2").click()
        page.keyboard.type(text)
    dialog.get_by_label("Its type").last.fill("end")
    dialog.get_by_role("button", name="Add a step before the first").click()
    dialog.get_by_role("button", name="Remove the new step").first.click()
    dialog.get_by_role("button", name="Remove step 1").click()
    dialog.get_by_role("button", name="Put step 1 back").click()
    expect(dialog.get_by_label("Step 1")).to_have_value(STEPS[0]["content"])
    assert serious_faults(page) == []
    dialog.get_by_role("button", name="Show what changes").click()
    expect(dialog.locator("del")).to_have_text(["One and three are 5."])
    expect(dialog.locator("ins")).to_have_text(["One, carried, and three are 4.", "So there."])
    dialog.get_by_role("button", name="Correct it").click()
    expect(dialog).to_be_hidden()
    corrected = Trace.objects.exclude(pk=trace.pk).get()
    expect(page).to_have_title(f"Trace {corrected.pk} | Tunix RT")
    assert [(step["i"], step["type"]) for step in corrected.steps] == [
        (0, "reasoning"),
        (1, "reasoning"),
        (2, "end"),
    ]
    assert page.errors == []
    assert said_by_the_policy(page) == []


@pytest.mark.parametrize(("viewport", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")])
def test_the_page_of_a_correction_is_for_everyone(tab, person, viewport, scheme):
    trace = TraceFactory(**hostile())
    page = tab(person("ada"), viewport, scheme)
    page.goto(f"/admin/review/trace/{trace.pk}/correct")
    page.get_by_role("button", name="Add a step behind step 1").click()
    expect(page.get_by_label("New step")).to_be_focused()
    assert serious_faults(page) == []
    assert scrolls_sideways(page) == []
    assert said_by_the_policy(page) == []
    page.get_by_label("New step").fill("More.")
    page.get_by_role("button", name="Correct it").click()
    page.wait_for_url(f"**/admin/review/trace/{Trace.objects.first().pk}")
    assert Trace.objects.first().steps[1]["content"] == "More."


def test_a_correction_of_what_another_changed_is_refused_and_kept(tab, person):
    trace = TraceFactory(final_answer="52")
    page = tab(person("ada"))
    page.goto(f"/admin/review/trace/{trace.pk}")
    page.keyboard.press("e")
    dialog = page.get_by_role("dialog", name="Correct")
    dialog.get_by_label("Final answer").fill("42")
    dialog.get_by_role("button", name="Show what changes").click()
    Trace.objects.update(status=Status.APPROVED)
    dialog.get_by_role("button", name="Correct it").click()
    expect(dialog.get_by_role("alert")).to_have_text(
        "The status is approved by now, not unreviewed."
    )
    dialog.get_by_role("button", name="Back").click()
    expect(dialog.get_by_label("Final answer")).to_have_value("42")
    assert Trace.objects.count() == 1
    dialog.get_by_role("button", name="Show what changes").click()
    dialog.get_by_role("button", name="Correct it").click()
    expect(dialog).to_be_hidden()
    assert Trace.objects.latest("pk").final_answer == "42"


def test_a_refused_verdict_shows_both_values_to_the_second_of_two(tab, person):
    trace = TraceFactory()
    pages = [tab(person(name)) for name in ("ada", "bob")]
    for page in pages:
        page.goto(f"/admin/review/trace/{trace.pk}")
    pages[0].keyboard.press("a")
    expect(pages[0].locator("#more .status").first).to_have_text("approved")
    pages[1].keyboard.press("n")
    pages[1].keyboard.type("I say no.")
    pages[1].keyboard.press("Control+Enter")
    pages[1].keyboard.press("r")
    expect(pages[1].locator("#said")).to_have_text(
        "Not taken: The status is approved by now, not unreviewed."
    )
    expect(pages[1].locator("textarea[name=note]").first).to_have_value("I say no.")
    assert [review.verdict for review in Review.objects.all()] == ["approved"]
    expect(pages[1].locator("#more .status").first).to_have_text("approved")
    expect(pages[1].locator("textarea[name=note]").first).to_have_value("I say no.")
    pages[1].keyboard.press("r")  # knowing of it
    expect(pages[1].locator("#more .status").first).to_have_text("rejected")
    assert Review.objects.latest("pk").note == "I say no."


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_attempts_stand_side_by_side_for_everyone(tab, person, scheme, viewport):
    for answer in ("4", "5"):
        steps = [{"i": 0, "type": "reasoning", "content": f"2+2={answer}"}]
        TraceFactory(prompt="What is 2+2?", steps=steps, final_answer=answer)
    fields = hostile()
    hostiles = [TraceFactory(**{**fields, "external_id": None}) for _ in range(3)]
    page = tab(person("ada"), viewport, scheme)
    begin(page, filled())
    page.keyboard.press("c")
    dialog = page.get_by_role("dialog", name="Attempts at this prompt")
    expect(dialog.locator("mark")).to_have_text(["5"])
    page.goto(f"/admin/review/trace/{hostiles[0].pk}")
    for key in ("c", "e", "?"):
        page.keyboard.press(key)
        expect(page.locator("dialog[open]")).to_be_visible()
        assert serious_faults(page) == []
        assert scrolls_sideways(page) == []
        page.keyboard.press("Escape")
        expect(page.locator("dialog[open]")).to_have_count(0)
    assert said_by_the_policy(page) == []


def test_keys_are_changed_switched_off_and_ones_own(tab, person):
    TraceFactory.create_batch(4)
    ada = person("ada")
    queue = filled()
    page = tab(ada)
    begin(page, queue)
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keys")
    approve = help_.get_by_role("button", name="approve", exact=False).first
    approve.press("Enter")
    page.keyboard.press("r")
    expect(help_.get_by_role("alert")).to_have_text("That key is taken, by: reject.")
    page.keyboard.press("y")
    expect(approve.locator("kbd")).to_have_text("y")
    page.keyboard.press("Escape")
    expect(page.locator("button.approve kbd")).to_have_text("y")
    before = shown(page)
    page.keyboard.press("a")
    assert press(page, "y") != before
    page.reload()
    press(page, "y")
    page.keyboard.press("?")
    help_.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    before = shown(page)
    page.keyboard.press("y")
    page.keyboard.press("f")
    page.reload()
    assert shown(page) == before
    page.get_by_role("button", name="Keys and help").click()
    help_.get_by_role("button", name="Reset all keys").click()
    page.keyboard.press("Escape")
    press(page, "a")
    wait_until(lambda: page.evaluate("1") == 1 and Review.objects.count() == 3)
    assert {review.verdict for review in Review.objects.all()} == {"approved"}


def test_logging_out_forgets_what_was_not_sent(tab, person):
    TraceFactory.create_batch(3)
    ada = person("ada")
    page = tab(ada)
    with page.expect_response("**/next"):
        begin(page, filled())
    page.route("**/verdict", lambda route: route.abort())
    press(page, "a")
    expect(page.locator("#outbox")).to_have_text("1 not sent")
    log_in(page.context, ada)  # as in another tab: what the forms of this one hold is old
    answers = [False, True]
    page.on("dialog", lambda asked: asked.accept() if answers.pop(0) else asked.dismiss())
    page.keyboard.press("?")
    leave = page.get_by_role("button", name="Log out ada")
    leave.click()
    expect(page.locator("#outbox")).to_have_text("1 not sent")
    with page.expect_navigation():
        leave.click()
    assert page.evaluate("Object.keys(sessionStorage)") == []
    page.goto("/admin/review/")
    expect(page.get_by_label("Username")).to_be_visible()
    assert Review.objects.count() == 0
