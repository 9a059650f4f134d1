"""The pages of evaluation sets over HTTP: the list, one of them, and a new one."""

import html
import json
import re
from io import BytesIO

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from datasets.services.delete import delete_dataset
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from evalsets.document import Item
from evalsets.models import EvalItem, EvalSet
from evalsets.tests.factories import EvalSetFactory, items
from events.tests.acting import acting
from jobs.models import Job
from jobs.tests.working import work_off
from pages.tests.hostile import ATTACK, SCRIPT
from pages.tests.markup import text_of, words_in
from traces.tests.factories import TraceFactory
from training import programs
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/evaluation-sets/"
NEW = f"{LIST}new/"
LINE = '{"id": "%s", "prompt": "What is 17+25?", "expected_answer": "42", "section": "sums"}'
POLL = {"HX-Request": "true"}


def of(evalset, *more) -> str:
    return LIST + "/".join([evalset.key, *more])


def sent(client: Client, way: str, status: int = 400, **form) -> str:
    response = client.post(f"{NEW}?of={way}", form)
    assert response.status_code == status, response.content
    return response["Location"] if status == 302 else response.content.decode()


def test_one_is_made_of_lines_found_in_the_list_and_shown(curating):
    lines = "\r\n".join([LINE % 1, "", LINE % 2])
    form = {"name": " sums ", "version": "1", "answer_type": "number", "lines": lines}
    address = sent(curating, "lines", 302, **form, license="CC0-1.0")
    response = curating.get(address)
    text = text_of(response)
    evalset = EvalSet.objects.get(key="sums-1")
    for part in (
        *("Made of 2 questions.", "Answers arenumber", "LicenseCC0-1.0", "sums 2"),
        *("What is 17+25? 42", evalset.digest, "Against none yet.", "digest →to"),
    ):
        assert part in text, part
    text = text_of(curating.get(LIST))
    for part in ("sums", "2 questions", "number", "CC0-1.0", evalset.digest[:8], "the curator"):
        assert part in text, part
    assert "(different: license)" in sent(curating, "lines", 409, **form)
    address = sent(curating, "lines", 302, **form, license="CC0-1.0")
    assert "It is there already" in text_of(curating.get(address))


def test_one_is_made_of_a_file(curating):
    file = SimpleUploadedFile("sums.jsonl", f"{LINE % 1}\n{LINE % 2}\n".encode())
    sent(curating, "lines", 302, name="sums", version="1", file=file)
    assert EvalSet.objects.get().item_count == 2


def test_bad_lines_are_told_and_nothing_typed_is_lost(curating):
    file = BytesIO(f"{LINE % 1}\n{LINE % 1}\nno\n".encode())
    file.name = "sums.jsonl"
    page = sent(curating, "lines", name="sums", version="7", license="mine", file=file)
    text = words_in(page)
    for part in ("Nothing was stored: 2 errors.", "Line 2", "Line 1 has this id.", "Line 3"):
        assert part in text, part
    assert "17+25" in page.split("<textarea")[1]
    for typed in ('value="sums"', 'value="7"', 'value="mine"'):
        assert typed in page
    assert not EvalSet.objects.exists()


def test_a_file_may_be_larger_than_a_form(curating, settings):
    wide = LINE.replace("17+25?", "17+25? " + "w" * 20_000)
    data = "\n".join(wide % n for n in range(60)).encode()
    assert len(data) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    form = {"name": "sums", "version": "1"}
    page = sent(curating, "lines", **form, file=SimpleUploadedFile("a", data + b"\nno"))
    assert "Line 61" in words_in(page)
    assert "wwww" not in page
    sent(curating, "lines", 302, **form, file=SimpleUploadedFile("a", data))
    assert EvalSet.objects.get().item_count == 60
    page = sent(curating, "lines", 413, **form, lines=data.decode())
    assert "exceeds maximum of 1,048,576 bytes" in page
    settings.MAX_BATCH_BYTES = 1_000_000
    page = sent(curating, "lines", 413, **form, file=SimpleUploadedFile("a", data))
    assert "exceeds maximum of 1,000,000 bytes" in page


def test_a_form_without_its_token_is_refused():
    careful = Client(enforce_csrf_checks=True)
    logged_in("curator")
    careful.force_login(User.objects.get(username="the curator"))
    form = {"name": "sums", "version": "1", "lines": LINE % 1}
    assert careful.post(f"{NEW}?of=lines", form).status_code == 403
    assert not EvalSet.objects.exists()
    page = careful.get(NEW).content.decode()
    [token] = set(re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', page))
    answer = careful.post(f"{NEW}?of=lines", {**form, "csrfmiddlewaretoken": token})
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"name": "sums", "version": "1"}, "Choose a file, or paste its lines."),
        ({"version": "1", "lines": LINE % 1}, "Needed with lines."),
        ({"name": "-", "version": "1", "lines": LINE % 1}, "Begin with a letter"),
        ({"name": "a\0b", "version": "1", "lines": LINE % 1}, "Null characters"),
        ({"name": "a", "version": "1", "lines": "\0"}, "Nothing was stored"),
        ({"name": "a", "version": "1", "lines": " \n{}"}, "This field is required."),
        ({"name": "a", "version": "1", "lines": "x", "answer_type": "y"}, "not a valid choice"),
        ({"name": "a" * 129, "version": "1", "lines": "x"}, "128"),
    ],
)
def test_what_is_wrong_with_lines_is_named(curating, form, reason):
    page = sent(curating, "lines", **form)
    assert reason in words_in(page)
    assert not EvalSet.objects.exists()


def test_a_file_and_lines_are_one_too_many(curating):
    file = SimpleUploadedFile("sums.jsonl", (LINE % 1).encode())
    page = sent(curating, "lines", name="sums", version="1", file=file, lines=LINE % 2)
    assert "not both" in page
    assert "17+25" in page.split("<textarea")[1]


def test_a_name_that_is_taken_is_refused(curating):
    EvalSetFactory(name="sums", version="1")
    page = sent(curating, "lines", 409, name="sums", version="1", lines=LINE % 1)
    assert "sums-1 was made by another request (different: items)." in words_in(page)


def test_one_is_made_of_a_split_of_a_dataset(curating):
    TraceFactory.create_batch(12, meta={"reference_answer": "4"})
    TraceFactory()
    dataset = SplitDatasetFactory(name="all", version="1")
    form = {"name": "held out", "version": "1", "key": dataset.key}
    assert "Unknown split; this dataset" in sent(curating, "dataset", **form, split="no")
    assert 'value="all-1"' in sent(curating, "dataset", **form, split="no")
    page = curating.post(f"{NEW}?of=dataset", form, follow=True)
    text = text_of(page)
    made = EvalSet.objects.get()
    assert f"Made of {made.item_count} questions. Prompts left out: 1 without a reference" in text
    assert "Made ofall-1" in text
    assert "There is no dataset no-1." in sent(
        curating, "dataset", name="a", version="1", key="no-1"
    )


def test_problems_are_generated_by_a_job(curating, monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "PYTHON", tmp_path)
    form = {"name": "chains", "version": "1", "family": "chain_sum", "size": "3", "seed": "0"}
    address = sent(curating, "problems", 302, **form, config='{"min_terms": 3}')
    job = Job.objects.get(kind="generate")
    assert address == f"/admin/jobs/{job.pk}"
    assert job.parameters["config"] == {"min_terms": 3}
    assert "Generated problems for chains 1" in text_of(curating.get(address))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"config": "{"}, "Not JSON"),
        ({"config": "[1]"}, "object"),
        ({"config": '{"min_terms": NaN}'}, "NaN is no JSON number"),
        ({"config": r'{"min_terms": "\ud800"}'}, "A lone surrogate"),
        ({"config": '{"min_terms": 1, "min_terms": 2}'}, "occurs twice"),
        ({"seed": "--5"}, "integer"),
        ({"size": "many"}, "integer"),
        ({"size": "9" * 400}, "integer"),
        ({"seed": "-1"}, "greater than or equal to 0"),
        ({"family": "Chain Sum"}, "Small letters"),
    ],
)
def test_what_is_wrong_with_problems_is_named_and_stays(curating, changes, reason):
    form = {"name": "chains", "version": "1", "family": "chain_sum", "size": "3", "seed": "0"}
    page = sent(curating, "problems", **{**form, **changes})
    assert reason in words_in(page)
    typed = html.escape(next(iter(changes.values())))
    assert f'value="{typed}"' in page or f">\n{typed}</textarea>" in page
    assert not Job.objects.exists()


def test_without_the_training_environment_a_sentence_says_so(curating, monkeypatch, tmp_path):
    monkeypatch.setattr(programs, "PYTHON", tmp_path / "none")
    assert programs.MISSING in text_of(curating.get(NEW, {"of": "problems"}))
    form = {"name": "chains", "version": "1", "family": "chain_sum", "size": "3", "seed": "0"}
    page = sent(curating, "problems", 503, **form)
    assert programs.MISSING in page
    assert 'value="chain_sum"' in page


def test_questions_are_paged_and_one_is_opened(curating, monkeypatch):
    monkeypatch.setattr("pages.evalsets.items.ROWS", 2)
    given = items(5)
    given[3] = Item(
        id="long",
        prompt="p" * 5000,
        expected_answer="9",
        aliases=["nine", "neuf"],
        difficulty="hard",
        meta={"level": 3},
    )
    evalset = EvalSetFactory(items=given)
    page = curating.get(of(evalset)).content.decode()
    assert "What is 1+1?" in page
    assert "What is 2+1?" not in page
    assert 'href="?from=2#items"' in page
    page = curating.get(of(evalset), {"from": "2"}).content.decode()
    assert "p" * 400 in page
    assert "p" * 401 not in page
    assert 'href="?from=0#items"' in page
    assert "or 2 others" in words_in(page)
    text = text_of(curating.get(of(evalset), {"item": "3"}))
    for part in ("p" * 5000, "Ornineneuf", '"level": 3', "Difficultyhard"):
        assert part in text, part


@pytest.mark.parametrize("asked", ["from=-1", "from=%00", f"from={'9' * 300}", "item=99", "item=x"])
def test_places_that_are_none_are_no_error(curating, asked):
    evalset = EvalSetFactory()
    assert curating.get(f"{of(evalset)}?{asked}").status_code == 200


def test_questions_are_counted_by_their_groups(curating):
    given = [*items(3, section="sums"), Item(id="x", prompt="x", expected_answer="")]
    evalset = EvalSetFactory(items=given)
    for _ in range(2):
        text = text_of(curating.get(of(evalset)))
        assert "Section ValueQuestions sums3none1" in text
        assert "Category" not in text


def test_groups_that_take_too_long_to_count_are_left_out(curating, monkeypatch):
    def counted(*asked):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    monkeypatch.setattr("pages.evalsets.items.SECONDS", 0.05)
    monkeypatch.setattr("pages.evalsets.items._groups", counted)
    text = text_of(curating.get(of(EvalSetFactory())))
    assert "It takes longer than 0.05 seconds." in text
    assert "What is 0+1?" in text


def test_the_page_asks_as_often_for_many_as_for_few(curating, django_assert_num_queries):
    few, many = EvalSetFactory(), EvalSetFactory(items=items(60))
    with CaptureQueriesContext(connection) as for_few:
        curating.get(of(few))
    with django_assert_num_queries(len(for_few)):
        curating.get(of(many))


def test_a_dataset_is_looked_through_by_a_job_and_what_was_found_is_shown(curating):
    trace = TraceFactory(prompt="How many apples has Ada when Bob gives her seven of his own?")
    evalset = EvalSetFactory(items=[Item(id="apples", prompt=trace.prompt, expected_answer="7")])
    dataset = DatasetFactory()
    address = curating.post(of(evalset, "check"), {"dataset": dataset.key})["Location"]
    assert address == f"{of(evalset)}?checked={dataset.key}#checks"
    page = curating.get(address).content.decode()
    assert f"Looking for {evalset.key}: queued" in words_in(page)
    [poll] = re.findall(r'id="check" hx-get="([^"]+)"', page)
    poll = poll.replace("&amp;", "&")
    assert curating.get(poll, headers=POLL).status_code == 204
    work_off("builds")
    response = curating.get(poll, headers=POLL)
    assert response["HX-Retarget"] == response["HX-Reselect"] == "#checks"
    text = text_of(response)
    assert "1 question in 1 trace" in text
    assert str(trace.pk) in text
    assert "1 question in 1 trace" in text_of(curating.get(of(evalset)))
    assert curating.post(of(evalset, "check"), {"dataset": "no-1"}).status_code == 404
    delete_dataset(dataset=dataset, by=acting(None))
    assert dataset.key not in curating.get(of(evalset)).content.decode()


def test_one_is_deleted_unless_a_dataset_names_it(curating):
    TraceFactory()
    named, other = EvalSetFactory(), EvalSetFactory()
    against = {"against": [{"eval_set": named.key}]}
    dataset = DatasetFactory(recipe__decontaminate=against)
    assert "its questions were taken out" in text_of(curating.get(of(named)))
    page = text_of(curating.post(of(named, "delete"), follow=True))
    assert f"{named.key} is named by: {dataset.key}." in page
    page = text_of(curating.post(of(other, "delete"), follow=True))
    assert f"{other.key} is deleted." in page
    assert list(EvalSet.objects.existing()) == [named]
    assert curating.get(of(other)).status_code == 404


def test_the_list_is_searched_and_paged(curating, monkeypatch):
    monkeypatch.setattr("pages.shared.keyset.ROWS", 2)
    made = [EvalSetFactory(name=name) for name in ("one", "two", "three", "twofold", "other")]
    names = re.compile(r"<bdi>(\w+)</bdi></a>")
    for query, found in (
        ({}, ["other", "twofold"]),
        ({"before": made[3].pk}, ["three", "two"]),
        ({"after": made[0].pk}, ["three", "two"]),
        ({"q": "TWO"}, ["twofold", "two"]),
        ({"q": "none\0"}, []),
        ({"before": "9" * 400}, ["other", "twofold"]),
    ):
        assert names.findall(curating.get(LIST, query).content.decode()) == found, query


def test_readers_look_and_change_nothing():
    reading, evalset = logged_in("reader"), EvalSetFactory()
    page = reading.get(of(evalset)).content.decode()
    assert "Delete this" not in page
    assert 'id="changes"' not in page
    assert "Make one" not in reading.get(LIST).content.decode()
    assert reading.get(NEW).status_code == 403
    assert reading.post(f"{NEW}?of=lines", {"lines": LINE % 1}).status_code == 403
    assert reading.post(of(evalset, "delete")).status_code == 403
    assert EvalItem.objects.count() == evalset.item_count


def test_what_is_hostile_is_shown_as_text(curating):
    text = ATTACK[:200]
    item = Item(
        id=text,
        prompt=ATTACK,
        expected_answer=ATTACK,
        aliases=[ATTACK],
        section=text,
        category=text,
        difficulty=text,
        meta={ATTACK: ATTACK},
    )
    evalset = EvalSetFactory(items=[item], license=ATTACK[:128])
    for address in (LIST, of(evalset), f"{of(evalset)}?item=0"):
        page = curating.get(address).content.decode()
        assert SCRIPT not in page
        assert "\u202e" not in page
    page = sent(curating, "lines", name=ATTACK, version="1", lines=json.dumps({ATTACK: 1}))
    assert SCRIPT not in page
