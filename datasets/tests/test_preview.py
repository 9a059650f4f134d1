"""POST /api/datasets/preview."""

from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import connection

from datasets.models import Dataset, RemovedTrace
from datasets.previews import FORMATS_OF_LINES
from datasets.recipe.candidates import Sample
from datasets.recipe.recipe import Recipe
from datasets.services import preview as previews
from datasets.services.preview import end_preview, preview_recipe
from datasets.tests.factories import DatasetFactory, UserFactory
from datasets.tests.recipe.selecting import step
from events.tests.acting import acting
from traces.document import prompt_hash
from traces.tests.concurrency import somebody_waits
from traces.tests.factories import TraceFactory
from tunix_site.errors import Conflict, Unavailable
from tunix_site.tests.live import wait_until

pytestmark = pytest.mark.django_db

URL = "/api/datasets/preview"
SLEEP = "SELECT pg_sleep(60)"
SLEEPING = f"""SELECT EXISTS (SELECT FROM pg_stat_activity
    WHERE datname = current_database() AND state = 'active' AND query = '{SLEEP}')"""


def preview(client, **recipe):
    response = client.post(URL, recipe, format="json")
    assert response.status_code == 200, response.content
    return response.json()


def attempts(number: int, *, prompt: str = "What is 2 + 2?") -> list:
    return [TraceFactory(prompt=prompt, steps=[step(f"try {n}")]) for n in range(number)]


def test_the_funnel_and_what_is_taken_away_are_shown_and_nothing_is_stored(reader):
    traces = attempts(14)
    shown = preview(reader, dedupe={"per_prompt": 2}, seed=1, splits={"all": 1.0})
    assert [(line["step"], line["in"], line["out"]) for line in shown["funnel"]] == [
        ("match", 14, 14),
        ("dedupe", 14, 2),
        ("select", 2, 2),
        ("split", 2, 2),
    ]
    assert (shown["splits"], shown["sampled"]) == ({"all": 2}, None)
    samples = shown["samples"]["dedupe"]
    assert len(samples) == 10
    known = {str(trace.id) for trace in traces}
    for sample in samples:
        assert sample["reason"] == "beyond_per_prompt"
        assert {sample["trace"], sample["because"]["trace"]} < known
    assert not Dataset.objects.exists()
    assert not RemovedTrace.objects.exists()


def test_it_shows_what_a_build_makes(reader):
    attempts(5)
    attempts(4, prompt="What is 3 + 3?")
    recipe = {"dedupe": {"per_prompt": 2}, "limit": 3, "seed": 4, "split_counts": {"train": 2}}
    shown = preview(reader, **recipe)
    dataset = DatasetFactory(**{f"recipe__{name}": value for name, value in recipe.items()})
    lines = [{**line, "seconds": 0} for line in dataset.funnel]
    assert [{**line, "seconds": 0} for line in shown["funnel"]] == lines
    assert shown["splits"] == dataset.stats["split_counts"]
    assert [sample["reason"] for sample in shown["samples"]["select"]] == ["beyond_the_limit"]


def test_what_is_nearly_the_same_is_shown_beside_what_is_too_many(reader):
    text = " ".join(f"word{number}" for number in range(80))
    for number in range(14):
        TraceFactory(prompt="What is 2 + 2?", final_answer="4", steps=[step(f"{text}. {number}")])
        TraceFactory(prompt="What is 3 + 3?", steps=[step(f"{number} " * 30)])
    shown = preview(reader, dedupe={"per_prompt": 2, "near": {"threshold": 0.8}})
    reasons = [sample["reason"] for sample in shown["samples"]["dedupe"]]
    assert reasons == ["beyond_per_prompt", "near_duplicate"] * 5
    assert {*shown["funnel"][1]["reasons"]} == {*reasons}


def test_it_takes_all_unless_it_says_how_many(reader):
    TraceFactory.create_batch(105)
    assert preview(reader)["funnel"][1]["out"] == 105
    assert preview(reader, limit=5)["funnel"][1]["out"] == 5


def test_a_step_that_leaves_nothing_is_the_last(reader):
    TraceFactory.create_batch(2)
    shown = preview(reader, verify={"criteria": "baseline"})
    assert [(line["step"], line["out"]) for line in shown["funnel"]] == [
        ("match", 2),
        ("verify", 0),
    ]
    assert shown["funnel"][-1]["more_than_half"]
    assert len(shown["samples"]["verify"]) == 2


def test_of_many_a_sample_is_looked_at_prompt_by_prompt(reader, monkeypatch):
    monkeypatch.setattr(previews, "SAMPLE", Sample(over=5, keep=4))
    for prompt in ("one", "two", "three"):
        attempts(2, prompt=prompt)
    TraceFactory(meta={"source": "elsewhere"})
    shown = preview(reader, where={"source": ""}, dedupe={"per_prompt": 1})
    assert shown["sampled"] is None
    assert shown["funnel"][0]["out"] == 0
    shown = preview(reader, where={"source": "made_up"}, dedupe={"per_prompt": 1})
    assert shown["sampled"] == {"matched": 6, "taken": 4}
    assert shown["funnel"][0]["reasons"] == {"did_not_match": 1, "not_sampled": 2}
    assert (shown["funnel"][0]["in"], shown["funnel"][1]["out"]) == (7, 2)


@pytest.fixture
def half(monkeypatch):
    """Eight traces, of which four are looked at; the last, that is not, has another level."""
    monkeypatch.setattr(previews, "SAMPLE", Sample(over=5, keep=4))
    prompts = sorted((f"What is {number} + 1?" for number in range(8)), key=prompt_hash)
    for prompt in prompts:
        TraceFactory(prompt=prompt, meta={"level": "rare" if prompt == prompts[-1] else "usual"})


@pytest.mark.parametrize(
    ("recipe", "splits", "reasons"),
    [
        ({"split_counts": {"a": 6, "b": 2}}, {"a": 3, "b": 1}, [{}, {}]),
        ({"split_counts": {"a": 5}}, {"a": 2}, [{}, {"left_over": 2}]),
        ({"limit": 6}, {}, [{"beyond_the_limit": 1}, {}]),
        ({"limit": 1, "split_counts": {"a": 1}}, {"a": 1}, [{"beyond_the_limit": 3}, {}]),
        (
            {"limit": 4, "split_counts": {"a": 2, "b": 2}},
            {"a": 1, "b": 1},
            [{"beyond_the_limit": 2}, {}],
        ),
        (
            {"limit": 6, "stratify_by": "meta.level", "weights": {"usual": 0.5, "rare": 0.5}},
            {},
            [{"beyond_its_share": 1}, {}],
        ),
    ],
)
def test_of_a_sample_counts_are_taken_in_proportion(reader, half, recipe, splits, reasons):
    shown = preview(reader, seed=1, **recipe)
    assert shown["sampled"] == {"matched": 8, "taken": 4}
    assert shown["splits"] == splits
    assert [line["reasons"] for line in shown["funnel"][1:]] == reasons
    DatasetFactory(recipe__seed=1, **{f"recipe__{key}": value for key, value in recipe.items()})


@pytest.mark.parametrize(
    ("recipe", "refusal"),
    [
        ({"split_counts": {"a": 9}}, "They are 9 in all, and 8 are there."),
        ({"limit": 4, "split_counts": {"a": 5}}, "They are 5 in all, and 4 are there."),
    ],
)
def test_of_a_sample_more_than_match_is_refused(reader, half, recipe, refusal):
    response = reader.post(URL, {"seed": 1, **recipe}, format="json")
    assert (response.status_code, response.json()) == (400, {"split_counts": [refusal]})


def test_of_a_sample_a_split_may_stay_empty(reader, monkeypatch):
    monkeypatch.setattr(previews, "SAMPLE", Sample(over=5, keep=4))
    for prompt in ("one", "two", "three"):
        attempts(2, prompt=prompt)
    recipe = {"seed": 1, "split_counts": {"a": 2}}
    assert preview(reader, **recipe)["splits"] == {"a": 0}
    dataset = DatasetFactory(**{f"recipe__{key}": value for key, value in recipe.items()})
    assert dataset.stats["split_counts"] == {"a": 2}


def test_what_cannot_be_is_refused_as_by_a_build(reader):
    TraceFactory()
    for body, key in (
        ({"dataset_name": "set"}, "dataset_name"),
        ({"split_counts": {"a": 5}, "seed": 1}, "split_counts"),
        ({"verify": {"criteria": "judge"}}, "verify"),
    ):
        response = reader.post(URL, body, format="json")
        assert (response.status_code, list(response.json())) == (400, [key])


def test_what_takes_too_long_is_broken_off(reader, monkeypatch):
    TraceFactory()
    monkeypatch.setattr(previews, "SECONDS", -1)
    response = reader.post(URL, {}, format="json")
    assert response.status_code == 503
    assert "longer than" in response.json()["detail"]
    assert response["Retry-After"]


def test_a_process_makes_few_at_once(reader):
    TraceFactory()
    for _ in range(previews.AT_ONCE):
        assert previews._room.acquire(blocking=False)
    try:
        response = reader.post(URL, {}, format="json")
    finally:
        for _ in range(previews.AT_ONCE):
            previews._room.release()
    assert response.status_code == 503
    assert preview(reader)["funnel"]


@pytest.mark.django_db(transaction=True)
def test_a_newer_one_of_the_same_user_takes_the_place_of_the_older(monkeypatch):
    monkeypatch.setattr(previews, "TURN_SECONDS", 60)
    TraceFactory()
    by = acting(UserFactory())
    newer = []

    def ask():
        try:
            return preview_recipe(recipe=Recipe(limit=None), by=by)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as threads:

        def execute(execute, sql, params, many, context):
            if sql.lstrip().startswith("CREATE TEMPORARY TABLE") and not newer:
                newer.append(threads.submit(ask))
                wait_until(somebody_waits)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(execute), pytest.raises(Conflict, match="newer"):
            preview_recipe(recipe=Recipe(limit=None), by=by)
        assert newer[0].result().funnel[0]["out"] == 1
    assert preview_recipe(recipe=Recipe(limit=None), by=by).funnel


@pytest.mark.django_db(transaction=True)
def test_one_that_is_no_longer_wanted_is_ended():
    TraceFactory()
    by, other = acting(UserFactory()), acting(UserFactory())

    def somebody_sleeps():
        with connection.cursor() as cursor:
            cursor.execute(SLEEPING)
            return cursor.fetchone()[0]

    def end():
        try:
            wait_until(somebody_sleeps)
            end_preview(by=other)
            assert somebody_sleeps()
            end_preview(by=by)
        finally:
            connection.close()

    def execute(execute, sql, params, many, context):
        if sql.lstrip().startswith("CREATE TEMPORARY TABLE"):
            sql, params = SLEEP, None
        return execute(sql, params, many, context)

    with ThreadPoolExecutor(max_workers=1) as threads, connection.execute_wrapper(execute):
        ended = threads.submit(end)
        with pytest.raises(Conflict):
            preview_recipe(recipe=Recipe(limit=None), by=by)
        ended.result()
    end_preview(by=by)
    assert preview_recipe(recipe=Recipe(limit=None), by=by).funnel


@pytest.mark.django_db(transaction=True)
def test_who_does_not_let_go_is_not_waited_for_long(monkeypatch):
    monkeypatch.setattr(previews, "TURN_SECONDS", "0.1")
    by = acting(UserFactory())

    def hold():
        try:
            return preview_recipe(recipe=Recipe(limit=None), by=by)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as threads, connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [previews.TURNS, by.user_id])
        try:
            with pytest.raises(Unavailable):
                threads.submit(hold).result()
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [previews.TURNS, by.user_id])


@pytest.mark.django_db(transaction=True)
def test_previews_of_another_site_on_the_same_server_are_left_alone():
    TraceFactory()
    by = acting(UserFactory())
    named = {**connection.get_connection_params(), "dbname": "postgres", "autocommit": True}
    with psycopg.connect(**named) as other, connection.cursor() as cursor:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [previews.TURNS, by.user_id])
        cursor.execute(f"SELECT count(*) {previews._OF_TURN}", [previews.TURNS, by.user_id])
        assert cursor.fetchone() == (0,)
        assert preview_recipe(recipe=Recipe(limit=None), by=by).funnel


@pytest.mark.parametrize("name", FORMATS_OF_LINES)
def test_the_first_rows_are_shown_as_an_export_writes_them(reader, name):
    for number in range(4):
        attempt = TraceFactory(
            prompt=f"What is {number} + 1?",
            status="approved",
            meta={"reference_answer": str(number + 1), "source": "here"},
        )
        TraceFactory(prompt=attempt.prompt, status="rejected", steps=[step(f"no {number}")])
    recipe = {
        "seed": 3,
        "splits": {"train": 0.5, "validation": 0.5},
        "pair": {"rules": ["approved_over_rejected"], "max_longer_share": 1},
        "exact": True,
    }
    shown = preview(reader, **recipe, format=name)["written"]
    assert not Dataset.objects.exists()
    dataset = DatasetFactory(**{f"recipe__{key}": value for key, value in recipe.items()})
    export = reader.get(f"/api/datasets/{dataset.key}/export.jsonl?format={name}")
    lines = b"".join(export.streaming_content).decode().splitlines()
    if name == "training_example":  # its ids follow from the dataset
        shown, lines = ([line.split('"prompt"', 1)[1] for line in one] for one in (shown, lines))
    assert lines or name in ("stepwise", "unpaired")  # of reviews, of which there is none
    assert shown == lines[:5]


def test_a_format_of_pairs_needs_some(reader):
    TraceFactory()
    response = reader.post(URL, {"format": "preference"}, format="json")
    assert (response.status_code, response.json()) == (
        400,
        {"format": ["preference needs `pair`."]},
    )
    assert preview(reader, format="chat", limit=1)["written"] != []
    assert preview(reader, where={"source": "nowhere"}, format="chat")["written"] == []
