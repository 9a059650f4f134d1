"""The pictures that the documents show: `make screenshots` takes them anew, in docs/pictures/.

Its tests are no part of the suite; each shows what stands in its place over the same traces.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from pages.tests.browser.conftest import DESKTOP, PHONE
from traces.models import Trace
from traces.services.preferences import prefer_trace
from traces.services.scores import score_trace
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, taken

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

PICTURES = Path(settings.BASE_DIR) / "docs" / "pictures"
GUIDELINE = """Approve what you would show to a pupil.

* **Reject** where the answer is wrong, or right for a wrong reason.
* **Flag** what you cannot judge: somebody else looks again.
"""
REASONS = ("wrong answer", "wrong step", "guessed", "unclear")
THINGS = ("eggs", "pens", "tickets", "apples", "books", "stamps", "shells", "cards")
NAMES = ("Ana", "Ben", "Carla", "Elif", "Femi", "Greta", "Hugo", "Ines")
MODELS = {"small-1b": 0.4, "large-9b": 0.1}  # how often each is wrong


def attempts(problems: int) -> list[Trace]:
    """Store what two models made of problems, some of it wrong."""
    dice = random.Random(7)
    traces: list[Trace] = []
    for _ in range(problems):
        name, thing = dice.choice(NAMES), dice.choice(THINGS)
        boxes, each, gone = dice.randint(3, 9), dice.randint(4, 12), dice.randint(2, 9)
        for model, share in MODELS.items():
            slip = dice.choice([-2, 1, 10]) if dice.random() < share else 0
            whole = boxes * each + slip
            traces.append(
                TraceFactory(
                    prompt=f"{name} has {boxes} boxes with {each} {thing} in each, and gives "
                    f"{gone} {thing} away. How many {thing} are left?",
                    steps=[
                        {
                            "i": 0,
                            "type": "reasoning",
                            "content": f"There are {boxes} boxes of {each} {thing}: "
                            f"{boxes} * {each} = {whole}.",
                        },
                        {
                            "i": 1,
                            "type": "reasoning",
                            "content": f"{gone} are given away: {whole} - {gone} = {whole - gone}. "
                            rf"So $\frac{{{whole - gone}}}{{{whole}}}$ of them are left.",
                        },
                    ],
                    final_answer=str(whole - gone),
                    meta={
                        "source": "boxes",
                        "model": model,
                        "reference_answer": str(boxes * each - gone),
                    },
                )
            )
    return traces


@pytest.fixture
def queue(person: Any) -> Any:
    """Make a queue of which two people did some."""
    ada, ben = person("ada"), person("ben")
    traces = attempts(40)
    for trace in traces:
        for criteria in ("answer_correctness", "arithmetic"):
            score_trace(trace=trace, criteria=criteria, by=acting(ada))
    made = filled(
        name="Boxes: is the answer right, and why?",
        order="random",
        seed=3,
        overlap=0.2,
        reasons=REASONS,
        step_labels=True,
        guideline=GUIDELINE,
        people=["ada", "ben"],
    )
    for nth in range(24):
        claim = taken(made, (ada, ben)[nth % 2].username)
        is_right = claim.trace.final_answer == claim.trace.meta["reference_answer"]
        judged(claim, "approved" if is_right else "rejected")
    return made, ada


def picture(page: Page, name: str) -> None:
    """Take a picture of the window when all that moves has come to rest."""
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


def test_review(tab: Any, queue: Any) -> None:
    made, ada = queue
    page = tab(ada)
    page.set_viewport_size({"width": 1280, "height": 360})
    page.goto("/admin/review/")
    picture(page, "queues")
    page.set_viewport_size(DESKTOP)
    page.goto(f"/admin/review/{made.pk}")
    expect(page.locator("#page .bar[data-claim]")).to_have_count(1)
    picture(page, "review")
    page.keyboard.press("r")
    expect(page.get_by_text("wrong step").first).to_be_visible()
    picture(page, "rejecting")


@pytest.mark.parametrize(
    ("name", "size", "scheme"), [("review-dark", DESKTOP, "dark"), ("review-phone", PHONE, "light")]
)
def test_review_elsewhere(tab: Any, queue: Any, name: str, size: Any, scheme: str) -> None:
    made, ada = queue
    page = tab(ada, viewport=size, scheme=scheme)
    page.goto(f"/admin/review/{made.pk}")
    expect(page.locator("#page .bar[data-claim]")).to_have_count(1)
    picture(page, name)


def test_datasets(tab: Any, queue: Any) -> None:
    _, ada = queue
    recipe = {
        "recipe__where": {"status": "approved", "source": "boxes"},
        "recipe__exact": True,
        "recipe__verify": {"criteria": "answer_correctness"},
        "recipe__seed": 3,
        "recipe__splits": {"train": 0.8, "validation": 0.2},
    }
    DatasetFactory(name="boxes", version="1", **{**recipe, "recipe__verify": None})
    dataset = DatasetFactory(name="boxes", version="2", **recipe, recipe__dedupe={"per_prompt": 1})
    page = tab(ada)
    page.goto(f"/admin/datasets/{dataset.key}")
    picture(page, "dataset")
    page.goto(f"/admin/datasets/build/?from={dataset.key}")
    expect(page.locator("#preview pre").first).to_be_visible()
    picture(page, "build")


def test_traces(tab: Any, queue: Any) -> None:
    _, ada = queue
    page = tab(ada)
    page.goto("/admin/traces?criteria=answer_correctness&outcome=wrong")
    for _ in range(3):
        page.keyboard.press("j")
        page.keyboard.press("x")
    picture(page, "traces")
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("rejected?")
    picture(page, "bulk")
    page.goto(f"/admin/traces/{Trace.objects.first().pk}")
    picture(page, "trace")
    page.goto("/admin/activity")
    picture(page, "activity")


def test_prompts(tab: Any, queue: Any) -> None:
    _, ada = queue
    chosen, rejected = Trace.objects.order_by("pk")[:2]
    prefer_trace(chosen=chosen.pk, rejected=rejected.pk, by=acting(ada))
    page = tab(ada)
    page.goto("/admin/prompts")
    picture(page, "prompts")
    page.set_viewport_size({"width": 1280, "height": 760})
    page.goto(f"/admin/prompts/{chosen.prompt_hash}?trace={rejected.pk}&trace={chosen.pk}")
    picture(page, "attempts")


def test_home(tab: Any, queue: Any) -> None:
    _, ada = queue
    DatasetFactory(name="boxes", version="1", recipe__where={"status": "approved"})
    page = tab(ada)
    page.goto("/admin/")
    picture(page, "home")


def test_import(tab: Any, queue: Any) -> None:
    _, ada = queue
    page = tab(ada)
    page.goto("/admin/import/")
    lines = [
        {"question": one.prompt, "answer": f"{one.steps[0]['content']}\n#### {one.final_answer}"}
        for one in attempts(4)
    ]
    page.locator("#text").fill("\n".join(map(json.dumps, lines)))
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("heading", name="Format")).to_be_visible()
    picture(page, "import")
