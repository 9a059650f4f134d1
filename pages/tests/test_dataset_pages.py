"""The pages of datasets over HTTP: the list, and everything that one is."""

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from datasets.export.export import Export
from datasets.models import Dataset
from datasets.services.delete import delete_dataset
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from evalsets.document import Item
from evalsets.tests.factories import EvalSetFactory
from events.tests.acting import acting
from jobs.models import Job
from jobs.services.reaping import MAX_ATTEMPTS
from jobs.tests.working import work_off
from pages.tests.hostile import ATTACK, hostile
from pages.tests.markup import Markup, words_in
from traces.models import Trace
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/datasets/"


def of(dataset, *more) -> str:
    return "/".join([LIST.rstrip("/"), dataset.key, *more])


def read(client: Client, address: str, status: int = 200, **query) -> str:
    response = client.get(address, query)
    assert response.status_code == status, response.content
    return response.content.decode()


def test_the_list_tells_what_each_is(curating):
    TraceFactory.create_batch(6)
    first = DatasetFactory(name="sums", version="1")
    SplitDatasetFactory(name="sums", version="2", parent_key=first.key)
    text = words_in(read(curating, LIST))
    for part in ("sums", "6 traces", "train", "validation", first.content_digest[:8], "sums-1"):
        assert part in text


def test_the_list_is_searched_and_paged(curating, monkeypatch):
    monkeypatch.setattr("pages.shared.keyset.ROWS", 2)
    TraceFactory()
    made = [DatasetFactory(name=name) for name in ("one", "two", "three", "twofold", "other")]
    page = read(curating, LIST)
    assert re.findall(r"<bdi>(\w+)</bdi></a>", page) == ["other", "twofold"]
    page = read(curating, LIST, before=made[3].pk)
    assert re.findall(r"<bdi>(\w+)</bdi></a>", page) == ["three", "two"]
    page = read(curating, LIST, after=made[0].pk)
    assert re.findall(r"<bdi>(\w+)</bdi></a>", page) == ["three", "two"]
    page = read(curating, LIST, q="TWO")
    assert re.findall(r"<bdi>(\w+)</bdi></a>", page) == ["twofold", "two"]
    delete_dataset(dataset=made[3], by=acting(None))
    assert "No dataset is called so" in read(curating, LIST, q="twofold")


def test_the_list_asks_as_often_for_many_as_for_one(curating, django_assert_num_queries):
    TraceFactory()
    DatasetFactory()
    with CaptureQueriesContext(connection) as for_one:
        read(curating, LIST)
    DatasetFactory.create_batch(4)
    with django_assert_num_queries(len(for_one)):
        read(curating, LIST)


def test_what_takes_too_long_to_count_can_be_downloaded(curating, monkeypatch):
    TraceFactory(meta={"reference_answer": "4"})
    dataset = DatasetFactory()

    monkeypatch.setattr("pages.datasets.formats.SECONDS", 0.05)
    monkeypatch.setattr(Export, "query", lambda export: ("SELECT pg_sleep(60)::text", []))
    text = words_in(read(curating, of(dataset), format="grpo"))
    assert "It takes longer than 0.05 seconds." in text
    assert "Download grpo, all Parquet" in text


def test_rows_are_shown_where_counting_takes_too_long(curating, monkeypatch):
    TraceFactory()
    dataset = DatasetFactory()

    def counted(export: Export) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")
        return {}

    monkeypatch.setattr("pages.datasets.formats.SECONDS", 0.5)
    monkeypatch.setattr(Export, "left_out", property(counted))
    text = words_in(read(curating, of(dataset)))
    for part in ("It takes longer than 0.5 seconds.", '"reasoning_content"', "Download chat, all "):
        assert part in text, part


def test_versions_that_take_too_long_to_compare_say_so(curating, monkeypatch):
    TraceFactory()
    first = DatasetFactory(name="sums", version="1")
    second = DatasetFactory(name="sums", version="2")
    monkeypatch.setattr("pages.datasets.versions.SECONDS", 0.05)
    monkeypatch.setattr("datasets.lineage.compare.COUNTED", "SELECT pg_sleep(60 + 0 * %s * %s)")
    said = f"Against {first.key}: It takes longer than 0.05 seconds."
    assert said in words_in(read(curating, of(second)))
    assert said in words_in(read(curating, of(second), compare=first.key))


@pytest.mark.parametrize(
    ("splits", "said"), [({}, "a prompt, and in"), ({"all": 1.0}, "a prompt in each split, and in")]
)
def test_a_page_says_of_what_a_prompt_gives_so_many_pairs(curating, splits, said):
    for status in ("approved", "rejected"):
        TraceFactory(prompt="What is 2 + 2?", final_answer=status, status=status)
    pair = {"rules": ["approved_over_rejected"], "per_prompt": 3, "max_longer_share": 1}
    dataset = DatasetFactory(recipe__pair=pair, recipe__splits=splits, recipe__seed=1)
    assert f"up to 3 {said} at most 100 % of a split" in words_in(read(curating, of(dataset)))


def test_a_page_says_everything_that_a_dataset_is(curating):
    ApprovedTraceFactory.create_batch(
        8, prompt="What is 2 + 2?", meta={"source": "GSM8K", "reference_answer": "4"}
    )
    TraceFactory()
    dataset = SplitDatasetFactory(
        recipe__where={"status": "approved", "source": "GSM8K"},
        recipe__dedupe={"per_prompt": 3},
        recipe__split_by="trace",
    )
    page = read(curating, of(dataset))
    text = words_in(page)
    for part in (
        "3 approved traces of GSM8K, up to 3 of a prompt, 2 splits",
        dataset.content_digest,
        "Traces with source GSM8K, status approved.",
        "Up to 3 attempts at a prompt.",
        "5 beyond the number that is kept of a prompt",
        "Download chat, all, 3 rows",
        "Download chat, train,",
        '"reasoning_content"',
        "This is the only one.",
        "Steps",
        "Sources",
    ):
        assert part in text, part
    for address in re.findall(r'href="(/api/datasets/[^"]+)"', page):
        assert curating.get(address.replace("&amp;", "&")).status_code == 200, address


@pytest.mark.parametrize("name", ["chat", "grpo", "table", "record", "unpaired", "stepwise"])
def test_each_format_is_shown_as_an_export_writes_it(curating, reader, name):
    TraceFactory.create_batch(2, meta={"reference_answer": "4"})
    dataset = DatasetFactory()
    page = read(curating, of(dataset), format=name)
    assert f'aria-current="page">{name}</a>' in page
    if name in ("chat", "grpo", "record"):
        export = reader.get(f"/api/datasets/{dataset.key}/export.jsonl?format={name}")
        first = b"".join(export.streaming_content).decode().splitlines()[0]
        assert first in Markup(page).text


def test_what_was_taken_away_is_explained(curating):
    kept, gone = TraceFactory.create_batch(2, prompt="one")
    other = TraceFactory(prompt="two", meta={"source": "elsewhere"})
    dataset = DatasetFactory(
        recipe__where={"source": kept.source}, recipe__dedupe={"per_prompt": 1}
    )
    if dataset.items.get().trace_id == gone.pk:
        kept, gone = gone, kept
    for asked, said in (
        (kept.pk, "It is in, at position 0."),
        (gone.pk, "It is out, by Duplicates: beyond the number that is kept of a prompt."),
        (other.pk, "It is out, by Match: not matching."),
        (uuid.uuid4(), "There is no such trace"),
        (ATTACK, "This is no id of a trace."),
    ):
        assert said in words_in(read(curating, of(dataset), why=str(asked))), said
    assert f"Another trace that stays: {kept.pk}" in words_in(
        read(curating, of(dataset), why=str(gone.pk))
    )


def test_what_matches_now_says_whether_it_did_then(curating):
    older = TraceFactory(status="approved")
    TraceFactory(status="approved")
    approved_later = TraceFactory()
    limited = DatasetFactory(name="limited", recipe__where={"status": "approved"}, recipe__limit=1)
    whole = DatasetFactory(name="whole", recipe__where={"status": "approved"}, recipe__limit=None)
    Trace.objects.filter(pk=approved_later.pk).update(status="approved")
    for dataset, asked, said in (
        (
            limited,
            older,
            "beyond the limit. Now: it matches, and comes after the last one that was",
        ),
        (whole, approved_later, "not matching. Now: it matches, which it did not when the dataset"),
        (limited, approved_later, "not matching. Now: it matches, which it did not when the"),
    ):
        assert said in words_in(read(curating, of(dataset), why=str(asked.pk))), said


def test_versions_tell_what_was_added_left_and_kept(curating):
    TraceFactory.create_batch(3)
    first = DatasetFactory(name="sums", version="1")
    TraceFactory.create_batch(2)
    second = DatasetFactory(name="sums", version="2", recipe__limit=4)
    text = words_in(read(curating, of(second)))
    assert f"Against {first.key}: 2 added, 1 left, 2 kept." in text
    assert "none → 4" in text
    text = words_in(read(curating, of(first), compare=second.key))
    assert f"Against {second.key}: 1 added, 2 left, 2 kept." in text
    assert "not found" in read(curating, of(first), 404, compare="no-1")


def test_a_set_is_looked_for_by_a_job_and_what_was_found_is_shown(curating):
    trace = TraceFactory(prompt="How many apples has Ada when Bob gives her seven of his own?")
    evalset = EvalSetFactory(items=[Item(id="apples", prompt=trace.prompt, expected_answer="7")])
    dataset = DatasetFactory()
    response = curating.post(of(dataset, "check"), {"eval_set": evalset.key})
    assert response.status_code == 302
    page = read(curating, of(dataset), checked=evalset.key)
    assert "queued" in words_in(page)
    asked_again = f"{of(dataset, 'check')}?checked={evalset.key}"
    assert f'hx-get="{asked_again}&amp;seen=queued' in page
    [poll] = re.findall(r'id="check" hx-get="([^"]+)"', page)
    by_script = {"headers": {"HX-Request": "true"}}
    assert curating.get(poll.replace("&amp;", "&"), **by_script).status_code == 204
    part = curating.get(asked_again)
    assert "queued" in words_in(part.content.decode())
    assert "<section" not in part.content.decode()
    work_off("builds")
    response = curating.get(poll.replace("&amp;", "&"), **by_script)
    assert response["HX-Retarget"] == response["HX-Reselect"] == "#checks"
    assert "in 1 traces" in words_in(response.content.decode())
    assert f"Looking for {evalset.key}: succeeded." in response["HX-Trigger"]
    text = words_in(read(curating, of(dataset), checked=evalset.key))
    assert f"Of {evalset.key} 1 question in 1 trace." in text
    assert "apples" in text
    assert str(trace.pk) in text
    assert "in 1 traces" in words_in(read(curating, of(dataset)))
    assert curating.post(of(dataset, "check"), {"eval_set": "no-1"}).status_code == 400


def test_a_check_whose_process_ended_is_not_said_to_run(curating):
    TraceFactory()
    evalset, dataset = EvalSetFactory(), DatasetFactory()
    curating.post(of(dataset, "check"), {"eval_set": evalset.key})
    long_ago = timezone.now() - timedelta(hours=1)
    ended = {"state": "running", "attempt": MAX_ATTEMPTS, "heartbeat_at": long_ago}
    Job.objects.update(**ended)
    curating.post(of(dataset, "check"), {"eval_set": evalset.key})
    assert sorted(Job.objects.values_list("state", flat=True)) == ["failed", "queued"]
    Job.objects.unfinished().update(**ended)
    page = read(curating, of(dataset), checked=evalset.key)
    assert f"Looking for {evalset.key} failed" in words_in(page)


def test_a_dataset_is_deleted_unless_it_is_another_or_has_children(curating):
    TraceFactory()
    dataset = DatasetFactory()
    child = DatasetFactory(parent_key=dataset.key)
    page = curating.post(of(dataset, "delete"), {"build_id": uuid.uuid4()}, follow=True)
    assert "no longer the dataset that was shown" in page.content.decode()
    page = curating.post(of(dataset, "delete"), {"build_id": dataset.build_id}, follow=True)
    assert f"{dataset.key} is the parent of: {child.key}." in page.content.decode()
    page = curating.post(of(child, "delete"), {"build_id": child.build_id}, follow=True)
    assert f"{child.key} is deleted." in page.content.decode()
    assert list(Dataset.objects.existing()) == [dataset]
    assert "not found" in read(curating, of(child), 404)


def test_the_page_ends_with_what_became_of_it(curating):
    TraceFactory()
    dataset = DatasetFactory()
    page = read(curating, of(dataset))
    changes = words_in(page[page.index('<section class="card changes"') : page.index("</main>")])
    for part in ("Changes", "built 1 traces", dataset.content_digest):
        assert part in changes, part


def test_readers_look_and_change_nothing(curating):
    TraceFactory()
    dataset = DatasetFactory()
    reading = logged_in("reader")
    page = read(reading, of(dataset))
    assert 'id="changes"' not in page
    assert "Delete this dataset" not in page
    assert "Build again" not in page
    assert read(reading, LIST)
    sent = {"build_id": dataset.build_id}
    assert reading.post(of(dataset, "delete"), sent).status_code == 403
    assert Client().get(LIST).status_code == 302


def test_hostile_texts_are_text(curating):
    TraceFactory(**hostile())
    dataset = DatasetFactory(
        recipe__where={"source": ATTACK[:128]},
        session_id=ATTACK[:200],
        parent_key=ATTACK[:200].replace("\u2028", ""),
    )
    for name in ("trace", "chat", "record"):
        markup = Markup(read(curating, of(dataset), format=name))
        assert not markup.tags & {"iframe", "base", "b onclick"}
        assert not {one for one in markup.attributes if one.startswith("on")}
        assert "<script>alert('script')" in markup.text


def test_the_models_own_pages_are_still_there(curating):
    TraceFactory()
    dataset = DatasetFactory()
    for page in ("dataset", "datasetitem", "datasetpair", f"dataset/{dataset.pk}/change"):
        assert curating.get(f"{LIST}{page}/").status_code == 200
