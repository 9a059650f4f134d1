"""The form that builds a dataset over HTTP: what it sends, previews, refuses and begins with."""

import html
import json
import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from datasets.models import Dataset
from datasets.recipe.candidates import Sample
from datasets.recipe.recipe import Recipe
from datasets.services import build as builds
from datasets.services import preview as previews
from datasets.tests.factories import DatasetFactory, RecipeFactory
from evalsets.tests.factories import EvalSetFactory
from jobs.models import Job
from jobs.services.reaping import MAX_ATTEMPTS
from jobs.tests.working import work_off
from pages.building.form import RECIPE, filled, sent
from pages.shared.values import number_or_text
from pages.tests.hostile import ATTACK, UNSTORABLE
from pages.tests.markup import Markup, words_in
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

BUILD = "/admin/datasets/build/"
PREVIEW = f"{BUILD}preview/"
PART = {"HX-Request": "true", "HX-Target": "preview"}
NAMED = {"dataset_name": "sums", "dataset_version": "1"}


def problem_beside(page: str, field: str) -> str:
    [told] = re.findall(rf'<p class="problem" id="{field}-problem"[^>]*>([^<]*)</p>', page)
    return html.unescape(told)


def value_of(page: str, name: str) -> str:
    [value] = re.findall(rf'<input[^>]*name="{re.escape(name)}" value="([^"]*)"', page)
    return html.unescape(value)


def test_a_dataset_is_built_from_the_form(curating):
    ApprovedTraceFactory.create_batch(6, prompt="one", meta={"source": "here", "level": 3})
    TraceFactory.create_batch(2)
    form = {
        **NAMED,
        "where.status": "approved",
        "where.source": "here",
        "where": "meta.level = 3\nmin_steps = 1",
        "exact": "on",
        "dedupe.per_prompt": "4",
        "dedupe.keep": "length asc",
        "selection_strategy": "random",
        "limit": "3",
        "seed": "7",
        "splits": "train = 0.5\nvalidation = 0.5",
        "split_by": "trace",
        "more": '{"provenance": {"why": "a try"}}',
    }
    response = curating.post(BUILD, form)
    assert (response.status_code, response["Location"]) == (302, "/admin/datasets/sums-1")
    dataset = Dataset.objects.get()
    assert dataset.trace_count == 3
    assert dataset.provenance == {"why": "a try"}
    assert dataset.recipe == RecipeFactory(
        where={"status": "approved", "source": "here", "meta.level": "3", "min_steps": 1},
        exact=True,
        dedupe={"per_prompt": 4, "keep": [{"by": "length", "order": "asc"}]},
        selection_strategy="random",
        limit=3,
        seed=7,
        splits={"train": 0.5, "validation": 0.5},
        split_by="trace",
    )
    assert curating.post(BUILD, form)["Location"] == response["Location"]


def test_a_preview_shows_the_funnel_what_goes_and_what_would_be_written(curating):
    TraceFactory.create_batch(3, prompt="What is 2 + 2?")
    form = {"dedupe.per_prompt": "1", "format": "chat", "splits": "all = 1", "seed": "1"}
    page = curating.post(PREVIEW, form, headers=PART).content.decode()
    text = words_in(page)
    for part in (
        "1 trace: all 1",
        "2 beyond the number that is kept of a prompt",
        "Duplicates: some that go",
        '{"prompt":[{"role":"user","content":"What is 2 + 2?"}]',
        "/api/datasets/build",
        'curl -sSf -H "Authorization: Bearer $KEY"',
    ):
        assert part in text, part
    assert "<main" not in page
    assert (
        'id="f-dataset-name-problem" hx-swap-oob="true">Begin with'
        in curating.post(PREVIEW, {"dataset_name": "-"}, headers=PART).content.decode()
    )
    assert not Dataset.objects.exists()
    whole = curating.post(PREVIEW, form).content.decode()
    assert "1 trace: all 1" in words_in(whole)
    assert value_of(whole, "dedupe.per_prompt") == "1"


def test_a_preview_of_nothing_says_that_a_build_would_be_refused(curating):
    TraceFactory()
    for form in ({"where.source": "nowhere"}, {"pair.rules": "preferred"}):
        page = curating.post(PREVIEW, {**form, "format": "chat"}, headers=PART).content.decode()
        assert "Nothing is left: a build would be refused." in page


def test_a_preview_of_a_sample_says_so_and_refuses_no_more_than_a_build(curating, monkeypatch):
    monkeypatch.setattr(previews, "SAMPLE", Sample(over=5, keep=4))
    TraceFactory.create_batch(8)
    form = {"seed": "1", "split_counts": "train = 6"}
    page = words_in(curating.post(PREVIEW, form, headers=PART).content.decode())
    assert "3 traces: train 3" in page
    assert "Of 8 that match, 4 were looked at; a limit and counts of splits are taken in" in page
    form = {"pair.rules": "preferred", "format": "chat"}
    page = words_in(curating.post(PREVIEW, form, headers=PART).content.decode())
    assert "Nothing is left of what was looked at." in page


def test_enter_in_a_field_asks_for_a_preview(curating):
    """A browser takes the form's first button for it."""
    elements = Markup(curating.get(BUILD).content.decode()).elements
    form = next(at for at, (_, of) in enumerate(elements) if of.get("class") == "building")
    buttons = [of for tag, of in elements[form:] if tag == "button"]
    first = next(of for of in buttons if of.get("type", "submit") == "submit")
    assert first.get("formaction") == PREVIEW.rstrip("/")


def test_a_script_whose_session_ended_is_told_so_instead_of_a_login():
    answer = Client().post(PREVIEW, {}, headers=PART)
    assert (answer.status_code, answer.json()["detail"]) == (
        401,
        "Your session ended: log in again.",
    )
    assert Client().get(BUILD, headers={"HX-Request": "true"}).status_code == 401
    assert "/login/" in Client().get(BUILD)["Location"]


def test_a_name_on_two_lines_is_refused(curating):
    TraceFactory()
    form = {**NAMED, "seed": "1", "splits": "train = 0.5\n train=1", "where": "q = a\nq = b"}
    page = curating.post(BUILD, form).content.decode()
    assert problem_beside(page, "f-splits") == "More than once: train."
    assert problem_beside(page, "f-where") == "More than once: q."
    assert "train = 0.5\n train=1</textarea>" in page
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    ("text", "value"),
    [("12", 12), (" -3", -3), ("0.5", 0.5), (".5", 0.5), ("1e-3", 0.001), ("9" * 20, 1e20)],
)
def test_a_number_is_read(text, value):
    assert (number_or_text(text), type(number_or_text(text))) == (value, type(value))


@pytest.mark.parametrize(
    "text", ["1_000", "1,000", "\uff11", "inf", "nan", "1e999", "0x10", "1.", "-", ""]
)
def test_what_is_no_number_stays_text(text):
    assert number_or_text(text) == text


def test_what_is_refused_stands_beside_its_field_and_nothing_is_lost(curating):
    TraceFactory()
    form = {
        "dataset_name": "-no name",
        "dataset_version": "1",
        "where.source": ATTACK[:100],
        "where.min_score": "0.5",
        "where.min_steps": "many",
        "where": "nonsense = 1",
        "limit": "0",
        "verify.criteria": "nobody",
        "dedupe.near.threshold": "7",
        "splits": "train = 0.5",
    }
    page = curating.post(BUILD, form).content.decode()
    for field, said in (
        ("f-dataset-name", "Begin with a letter"),
        ("f-where-min-score", "Needs `criteria`."),
        ("f-limit", "greater than or equal to 1"),
        ("f-dedupe-near-threshold", "less than or equal to 1"),
        ("f-splits", "sum to 0.5"),
    ):
        if field == "f-where-min-score":
            continue
        assert said in problem_beside(page, field), field
    assert "integer" in problem_beside(page, "f-where-min-steps")
    assert "nonsense" in problem_beside(page, "f-where")
    for name, text in form.items():
        if name not in ("where", "splits"):
            assert value_of(page, name) == text
    assert "nonsense = 1</textarea>" in page
    assert not Markup(page).tags & {"iframe", "svg onload"}
    form = {**NAMED, "where.min_score": "0.5", "seed": "1"}
    page = curating.post(BUILD, form).content.decode()
    assert problem_beside(page, "f-where-min-score") == "Needs `criteria`."
    part = curating.post(PREVIEW, {**form, "format": "preference"}, headers=PART).content.decode()
    assert 'id="f-where-min-score-problem" hx-swap-oob="true">Needs `criteria`.' in part


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("{", "Not JSON"),
        ("[1]", "Not an object of JSON."),
        ('{"limit": 3}', "limit is said above as well."),
        ('{"where": {"status": "approved"}}', "status is said above as well."),
        ('{"nonsense": 1}', "nonsense"),
        ('{"dedupe": 5, "where": []}', "where is said above as well."),
        ('{"where": {"not": {}}}', "Names no filter."),
        ('{"filters": {"a": [1]}}', "Values are strings"),
        ("[" * 100_000, "Not JSON"),
    ],
)
def test_what_is_said_as_json_is_checked_like_all_else(curating, more, said):
    TraceFactory()
    form = {**NAMED, "limit": "2", "where.status": "rejected", "more": more}
    page = curating.post(BUILD, form).content.decode()
    told = problem_beside(page, "f-more") + problem_beside(page, "f-where")
    assert said in told + words_in(page).split("Build a dataset", 1)[1]
    assert html.escape(more[:50], quote=True) in page
    assert not Dataset.objects.exists()


@pytest.mark.parametrize(
    "key",
    ["seed.a", "limit.x", "dataset_name.x", "dedupe.per_prompt", "where.tag", "a..b", ".", "odd"],
)
def test_a_key_said_as_json_is_taken_as_it_stands(curating, key):
    TraceFactory()
    form = {**NAMED, "limit": "2", "seed": "0", "where.source": "", "more": json.dumps({key: 1})}
    built = curating.post(BUILD, form)
    assert built.status_code == 400
    assert problem_beside(built.content.decode(), "f-more").startswith(f"{key}: Unknown field.")
    part = curating.post(PREVIEW, form, headers=PART)
    assert part.status_code == 200
    assert f"{key}: Unknown field." in html.unescape(part.content.decode())
    assert not Dataset.objects.exists()


RECIPES = [
    {},
    {"limit": 5},
    {"selection_strategy": "random", "seed": -3, "splits": {"a": 0.25, "b": 0.75}},
    {"split_counts": {"train": 2}, "seed": 1, "split_by": "meta.level"},
    {
        "where": {
            "status": "approved",
            "meta.a": "x",
            "min_steps": 2,
            "labelled": True,
            "q": '"a b"',
        }
    },
    {"where": {"not": {"tag": "bad"}, "meta.level": 3, "source": "", "meta.flag": True}},
    {"where": {"criteria": "baseline", "min_score": 0.25, "outcome": "right"}},
    {"filters": {"level": 3, "a": None, "b": True}},
    {"exact": True, "dedupe": {"keep": [{"by": "score:baseline", "order": "asc"}]}},
    {
        "dedupe": {
            "near": {"threshold": 0.8, "text": "all", "across_answers": True},
            "per_prompt": 2,
        }
    },
    {"dedupe": {"distinct_answers": True, "keep": [{"by": "score:x", "scorer_version": "1"}]}},
    {"verify": {"criteria": "baseline", "min": 0.5, "missing": "keep", "undecided": "keep"}},
    {"verify": {"criteria": "judge", "scorer_version": "3"}},
    {"stratify_by": "meta.level", "weights": {"a": 0.5, "b": 0.5}, "limit": 4},
    {"stratify_by": "meta.level", "weights": "equal", "limit": 4},
    {"pair": {"rules": ["preferred"], "per_prompt": 2, "max_longer_share": 0.5}},
    {
        "decontaminate": {
            "against": [{"eval_set": "a-1"}, {"eval_set": "b-1"}],
            "n": 8,
            "share": 0.4,
        }
    },
    {"decontaminate": {"against": [{"eval_set": "a-1", "match": "exact"}]}},
    {"decontaminate": {"against": [{"eval_set": "a-1", "match": "words"}, {"eval_set": "b-1"}]}},
]


@pytest.mark.parametrize("given", RECIPES, ids=lambda given: "-".join(given) or "none")
def test_every_recipe_comes_back_as_it_was(given):
    recipe = Recipe.read({"limit": None, **given})
    named = {"dataset_name": "sums", "dataset_version": "2", "parent_dataset_id": "old-1"}
    body, problems, _ = sent(filled({**recipe.document(), **named}))
    assert problems == {}
    assert Recipe.read({name: body[name] for name in body if name in RECIPE}) == recipe
    assert {name: body[name] for name in named} == named


def test_a_recipe_is_taken_up_again_with_changes(curating):
    TraceFactory.create_batch(2)
    EvalSetFactory(name="asked")
    dataset = DatasetFactory(
        name="sums",
        version="9",
        recipe__where={"not": {"tag": "bad"}},
        recipe__decontaminate={"against": [{"eval_set": "asked-1"}]},
        recipe__limit=2,
    )
    page = curating.get(BUILD, {"from": dataset.key}).content.decode()
    assert value_of(page, "dataset_name") == "sums"
    assert value_of(page, "dataset_version") == "10"
    assert value_of(page, "limit") == "2"
    assert 'value="asked-1" checked' in page
    assert "&quot;not&quot;" in page


def test_filters_of_a_list_begin_a_recipe(curating):
    where = {"status": "approved", "meta.level": "3", "q": ATTACK[:200]}
    page = curating.get(BUILD, {"where": json.dumps(where)}).content.decode()
    assert '<option value="approved" selected>' in page
    assert value_of(page, "where.q") == where["q"]
    assert "meta.level = 3</textarea>" in page
    assert curating.get(BUILD, {"where": "[]"}).status_code == 404
    assert curating.get(BUILD, {"from": "no-1"}).status_code == 404


def test_a_large_build_is_a_job_that_is_watched(curating, monkeypatch):
    monkeypatch.setattr(builds, "MOST_AT_ONCE", 1)
    TraceFactory.create_batch(3)
    response = curating.post(BUILD, {**NAMED, "seed": "1", "splits": "train = 1"})
    job = Job.objects.get()
    assert response["Location"] == f"/admin/datasets/build/{job.pk}"
    page = curating.get(response["Location"]).content.decode()
    assert "queued" in words_in(page)
    assert 'hx-trigger="every 2s"' in page
    work_off("builds")
    page = curating.get(response["Location"]).content.decode()
    assert 'href="/admin/datasets/sums-1"' in page
    assert "every 2s" not in page
    begun = curating.get(BUILD, {"job": str(job.pk)}).content.decode()
    assert value_of(begun, "dataset_name") == "sums"


def test_a_build_whose_process_ended_is_not_said_to_run(curating, monkeypatch):
    monkeypatch.setattr(builds, "MOST_AT_ONCE", 0)
    TraceFactory()
    address = curating.post(BUILD, NAMED)["Location"]
    long_ago = timezone.now() - timedelta(hours=1)
    Job.objects.update(state="running", attempt=MAX_ATTEMPTS, heartbeat_at=long_ago)
    page = curating.get(address).content.decode()
    assert "every 2s" not in page
    assert "The process that ran it ended" in words_in(page)


def test_a_job_can_be_cancelled(curating, monkeypatch):
    monkeypatch.setattr(builds, "MOST_AT_ONCE", 0)
    TraceFactory()
    address = curating.post(BUILD, NAMED)["Location"]
    assert curating.post(address).status_code == 302
    assert Job.objects.get().state == "cancelled"
    assert "Change the recipe" in curating.get(address).content.decode()


def test_what_matches_nothing_or_is_taken_is_told(curating):
    page = curating.post(BUILD, NAMED).content.decode()
    assert "No trace matches: nothing was built." in words_in(page)
    TraceFactory()
    DatasetFactory(name="sums", version="1")
    page = curating.post(BUILD, {**NAMED, "limit": "1"}).content.decode()
    assert "sums-1 was built by another request" in words_in(page)


def test_readers_build_nothing():
    reading = logged_in("reader")
    assert reading.get(BUILD).status_code == 403
    assert reading.post(BUILD, NAMED).status_code == 403
    assert reading.post(PREVIEW, NAMED).status_code == 403


@pytest.mark.parametrize("name", UNSTORABLE)
def test_what_no_database_holds_begins_no_form_and_builds_nothing(curating, name):
    begun = curating.get(BUILD, {"where": UNSTORABLE[name]})
    assert begun.status_code == 404
    more = f'{{"where": {UNSTORABLE[name]}}}'
    assert curating.post(BUILD, {**NAMED, "more": more}).status_code == 400
    assert curating.post(PREVIEW, {**NAMED, "more": more}, headers=PART).status_code in (200, 400)
    assert not Job.objects.exists()
    assert not Dataset.objects.exists()
