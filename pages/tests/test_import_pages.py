"""The pages of an import over HTTP, as a browser without script uses them."""

import gzip
import html
import json
import re
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from events.models import Event
from jobs.models import Job
from jobs.tests.working import work_off
from pages.tests.hostile import ATTACK
from pages.tests.markup import Markup, text_of
from traces.models import Trace
from traces.services.importing import previewing
from traces.tests.factories import TraceFactory
from tunix_site.api.streams import slots
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

URL = "/admin/import/"
QUESTIONS = [
    {
        "question": f"What is {n} + {n}?",
        "answer": f"It is <<{n}+{n}={2 * n}>>{2 * n}.\n#### {2 * n}",
    }
    for n in range(1, 6)
]
OWN_NAMES = [
    {"task": "Two and two?", "why": "2 + 2 = 4", "said": {"last": "4"}, "a,b": "x"},
    {"task": "Two and three?", "why": "2 + 3 = 5", "said": {"last": "5"}, "a,b": "y"},
]


@pytest.fixture(autouse=True)
def folder(settings, tmp_path) -> Path:
    settings.UPLOADS_DIR = tmp_path / "uploads"
    return settings.UPLOADS_DIR


@pytest.fixture
def writing() -> Client:
    return logged_in("writer")


def lines(records) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def kept(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def sent(client, data: bytes, name: str = "mine.jsonl") -> str:
    """Send a file; give the address of the page that shows it."""
    response = client.post(URL, {"file": SimpleUploadedFile(name, data)})
    assert response.status_code == 302, response.content
    return response["Location"]


def test_a_trace_of_many_steps_is_shown_by_its_first(writing):
    steps = [{"i": n, "type": "reasoning", "content": f"step {n}"} for n in range(53)]
    trace = {"trace_version": "1.0", "prompt": "p", "final_answer": "a", "steps": steps}
    assert "and 3 more" in looked_at(writing, sent(writing, lines([trace])))


def looked_at(client, address: str, **more) -> str:
    return text_of(client.get(address, more))


def form_in(response) -> dict[str, str]:
    """Give what the page's form would send, but its buttons."""
    page = response.content.decode()
    given = {}
    for tag, attributes in Markup(page).elements:
        if tag == "select":
            name = attributes["name"]
            [select] = re.findall(rf'<select id="[^"]*" name="{name}">(.*?)</select>', page, re.S)
            chosen = re.search(r'<option(?: value="([^"]*)")? selected>([^<]*)', select)
            first = re.search(r'<option value="([^"]*)"', select)
            given[name] = html.unescape((chosen[1] or chosen[2]) if chosen else first[1])
        elif tag == "input" and attributes.get("name") in ("name", "source", "more"):
            given[attributes["name"]] = attributes.get("value") or ""
    return given


def test_a_file_is_looked_at_and_imported(writing, folder, django_capture_on_commit_callbacks):
    TraceFactory(meta={"source": "other"})
    address = sent(writing, lines(QUESTIONS))
    assert address.startswith(f"{URL}file/")
    [name] = kept(folder)
    page = writing.get(address)
    words = text_of(page)
    for part in (
        "Import mine.jsonl",
        "Format: gsm8k",
        "Of all records: 5 new traces, 0 stored already, 0 bad records",
        "Line 1, as a trace",
        "What is 1 + 1?",
        "Line 3, as a trace",
        "What is 3 + 3?",
    ):
        assert part in words, part
    assert "Line 4" not in words
    assert Trace.objects.count() == 1
    assert not Event.objects.filter(action="import").exists()

    response = writing.post(address, form_in(page))
    assert response.status_code == 302
    job = response["Location"]
    assert "It waits for a worker." in looked_at(writing, job)
    assert writing.post(address, form_in(page))["Location"] == job  # a second click
    with django_capture_on_commit_callbacks(execute=True):
        work_off("imports")
    words = looked_at(writing, job)
    for part in ("Import of mine.jsonl succeeded", "Records5", "New traces5", "Bad records0"):
        assert part in words, part
    assert kept(folder) == []
    [came_in] = re.findall(r'href="(/admin/traces/?\?[^"]*)', writing.get(job).content.decode())
    found = looked_at(writing, html.unescape(came_in))
    assert "What is 5 + 5?" in found
    assert found.count("gsm8k") >= 5
    assert Event.objects.filter(action="import").get().count == 5
    again = sent(writing, lines(QUESTIONS))
    assert "0 new traces, 5 stored already" in looked_at(writing, again)
    assert name not in kept(folder)


def test_a_last_line_without_an_end_is_looked_at_as_well(writing):
    words = text_of(writing.get(sent(writing, lines(QUESTIONS).rstrip(b"\n"))))
    assert "Of all records: 5 new traces" in words


@pytest.mark.parametrize("break_", ["\n", "\r\n"])
def test_text_is_imported_as_a_file_is(writing, break_):
    text = lines(QUESTIONS[:2]).decode().replace("\n", break_)
    response = writing.post(URL, {"text": text})
    words = looked_at(writing, response["Location"])
    assert "Import pasted text" in words
    assert "2 new traces" in words


def test_one_says_which_column_is_what(writing):
    address = sent(writing, lines(OWN_NAMES))
    page = writing.get(address)
    words = text_of(page)
    assert "It cannot be read as it is" in words
    assert "They have the keys: task, why, said, a,b." in words
    assert "Nearest:" in words
    assert "Two and two?" in words  # among what stands in it
    for path in ("task", "why", "said.last", "a,b"):
        assert f'<option value="{path}">' in page.content.decode()
    form = {
        **form_in(page),
        "map.prompt": "task",
        "map.thought": "why",
        "map.final_answer": "said.last",
        "map.tags": "a,b",
        "more": "meta.level:said",
        "source": "mine",
    }
    looked = writing.post(address, {**form, "look": "1"})
    assert looked.status_code == 302
    page = writing.get(looked["Location"])
    words = text_of(page)
    assert "By the columns that you named." in words
    assert "2 new traces" in words
    assert form_in(page) == form
    job = writing.post(address, form_in(page))["Location"]
    work_off("imports")
    assert "New traces2" in looked_at(writing, job)
    stored = Trace.objects.get(prompt="Two and two?")
    assert (stored.final_answer, stored.tags, stored.source) == ("4", ["x"], "mine")
    assert stored.meta["level"] == {"last": "4"}
    [came_in] = re.findall(r'href="(/admin/traces/?\?[^"]*)', writing.get(job).content.decode())
    assert "source=mine" in came_in


def test_what_is_too_long_for_an_address_is_looked_at_in_place(writing):
    address = sent(writing, lines(OWN_NAMES))
    long = {"map.prompt": "task", "map.final_answer": "why", "more": f"meta.a:{'b' * 20_000}"}
    looked = writing.post(address, {**long, "look": "1"})
    assert looked.status_code == 200
    assert form_in(looked)["more"] == long["more"]


def test_bad_records_are_named_by_their_lines(writing):
    data = lines([QUESTIONS[0], {"question": "", "answer": 1}, QUESTIONS[1]]) + b"{no\n"
    address = sent(writing, data)
    words = looked_at(writing, address)
    assert "2 new traces, 0 stored already, 2 bad records" in words
    assert re.search(r"2(question|answer)[A-Z]", words)
    assert "They are left out." in words
    assert "As long as one is bad, nothing is stored" in looked_at(
        writing, address.partition("?")[0], on_error="abort"
    )
    job = writing.post(address, {"on_error": "abort"})["Location"]
    work_off("imports")
    words = looked_at(writing, job)
    assert "Nothing was stored: a record is bad." in words
    assert "Bad records2" in words
    assert not Trace.objects.exists()
    page = writing.get(job).content.decode()
    [again] = re.findall(r'href="(/admin/import/file/[^"]*)', page)
    assert "on_error=abort" in again
    job = writing.post(html.unescape(again), {"on_error": "skip"})["Location"]
    work_off("imports")
    page = writing.get(job).content.decode()
    [errors] = re.findall(r'href="(/api/jobs/[^"]*)', page)
    told = b"".join(writing.get(errors).streaming_content)
    assert [json.loads(line)["line"] for line in told.splitlines()] == [2, 4]
    assert Trace.objects.count() == 2


def test_a_file_of_any_container_is_read(writing):
    csv = b"question;answer\nWhat?;#### 4\n"
    for data in (gzip.compress(lines(QUESTIONS)), json.dumps(QUESTIONS).encode(), csv):
        words = looked_at(writing, sent(writing, data))
        assert re.search(r"Of all records: [15] new trace", words), words


def test_of_a_large_file_the_beginning_is_looked_at(writing):
    data = lines({"question": f"What is {n}?", "answer": f"#### {n}"} for n in range(2_500))
    words = looked_at(writing, sent(writing, data))
    assert "Of the first 200 records: 200 new traces" in words


def test_other_settings_are_refused_while_it_waits(writing):
    address = sent(writing, lines(QUESTIONS))
    job = writing.post(address, {"source": "mine"})["Location"]
    page = writing.post(address, {"source": ATTACK[:100], "on_error": "abort"})
    words = text_of(page, 409)
    assert "being imported already, with source mine, on_error skip: cancel that job" in words
    assert f'href="{job}"' in page.content.decode()
    assert form_in(page)["on_error"] == "abort"
    assert Job.objects.count() == 1
    assert writing.post(address, {"source": "mine"})["Location"] == job


def test_a_look_unpacks_no_more_than_it_may(writing, monkeypatch):
    monkeypatch.setattr(previewing, "LOOK_BYTES", 2**24)
    monkeypatch.setattr(previewing, "SPOOL_BYTES", 2**22)
    much = 2**20 * 20
    for data in (b" " * much, b"\n" * much, b"PAR1" + b"\0" * 2**23):
        words = looked_at(writing, sent(writing, gzip.compress(data)))
        assert "it would have to be unpacked too far" in words
    many = lines(QUESTIONS * 400) + b" " * much
    assert "Of the first 200 records" in looked_at(writing, sent(writing, gzip.compress(many)))


def test_looks_leave_threads_to_others(writing, monkeypatch):
    address = sent(writing, lines(QUESTIONS))
    monkeypatch.setattr(slots, "free", 0)
    assert "try again later" in text_of(writing.get(address), 503)


def test_a_job_that_waits_is_cancelled(writing):
    address = sent(writing, lines(QUESTIONS))
    job = writing.post(address, {})["Location"]
    assert writing.post(f"{job}/cancel/")["Location"] == job
    work_off("imports")
    words = looked_at(writing, job)
    assert "cancelled" in words
    assert "Change how it is read" in words
    assert not Trace.objects.exists()


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({}, "Choose a file, or paste some text."),
        ({"text": " \n"}, "Choose a file, or paste some text."),
        ({"file": SimpleUploadedFile("a", b"x"), "text": "y"}, "send one of them"),
        ({"other": SimpleUploadedFile("a", b"x")}, "Choose a file"),
    ],
)
def test_a_form_without_one_file_is_refused(writing, folder, form, reason):
    assert reason in text_of(writing.post(URL, form), 400)
    assert kept(folder) == []


def test_what_is_too_large_is_refused_and_leaves_nothing(writing, folder, settings):
    settings.MAX_UPLOADS_BYTES = 400_000
    big = SimpleUploadedFile("a", b"x" * 120_000)
    assert "exceeds maximum of 100,000 bytes" in text_of(writing.post(URL, {"file": big}), 413)
    huge = SimpleUploadedFile("a", b"x" * 200_000)  # by what it says of itself
    assert "exceeds maximum of 100,000 bytes" in text_of(writing.post(URL, {"file": huge}), 413)
    assert kept(folder) == []


def test_a_file_may_be_larger_than_a_form_and_a_text_not(writing):
    assert len(lines(QUESTIONS) * 8000) > 2 * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    assert "Format: gsm8k" in looked_at(writing, sent(writing, lines(QUESTIONS) * 8000))
    text = "x" * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    assert "save it as a file" in text_of(writing.post(URL, {"text": text}), 413)


@pytest.mark.parametrize(
    "data",
    [
        b"\0\1\2\xff",
        b"\xff\xfe",
        b"PK\x03\x04zip",
        b"PAR1 that is none",
        gzip.compress(b"{}" * 10, mtime=0)[:20],
        b'{"question": "\\ud800", "\\u0000": "\\ud800", "answer": "#### 1"}',
        b'{"span_kind": "\\ud800", "attributes": {"llm.output_messages": []}}',
        b'{"a": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"a": 1e999, "b": NaN, "c": 1' + b"0" * 400 + b"}",
        b"a,b\n" + b'"' * 10_001,
        json.dumps({"messages": [{"role": ATTACK, "content": ATTACK}]}).encode(),
        lines([{"question": ATTACK, "answer": ATTACK, ATTACK: {ATTACK: ATTACK}}]),
        b"[1, 2, " + b"{}," * 1000,
        b"",
    ],
)
def test_hostile_files_are_told_of_and_nothing_is_stored(writing, data):
    response = writing.post(URL, {"file": SimpleUploadedFile("<b>.jsonl", data)})
    address = response["Location"]
    page = writing.get(address)
    text_of(page)
    assert Markup(page.content.decode()).tags.isdisjoint({"b", "iframe", "svg"})
    job = writing.post(address, {})["Location"]
    work_off("imports")
    page = writing.get(job)
    assert re.search("failed|succeeded", text_of(page))
    if "failed" in text_of(page):
        assert not Trace.objects.exists()


@pytest.mark.parametrize(
    "query",
    [
        "format=nothing",
        "format=csv",
        "source=" + "x" * 129,
        "source=%00",
        "on_error=maybe",
        "map.prompt=question",
        "map.prompt=question&map.reply=answer&format=gsm8k",
        "more=nothing",
        "more=" + "x" * 5000,
        "name=%00" + "y" * 500,
        "map.prompt=" + "a." * 30 + "&map.reply=b",
    ],
)
def test_wrong_values_are_named_and_what_was_typed_stays(writing, query):
    address = sent(writing, lines(QUESTIONS)).partition("?")[0]
    page = writing.get(f"{address}?{query}")
    words = text_of(page)
    if query.startswith("name"):
        assert "Format: gsm8k" in words
        return
    assert 'class="problem"' in page.content.decode()
    assert "Line 1, as a trace" not in words
    posted = writing.post(address, form_in(page))
    assert posted.status_code == (302 if query.startswith(("format", "on_error")) else 400)
    assert Job.objects.count() == (posted.status_code == 302)


def test_addresses_of_nothing_are_not_found(writing):
    other = sent(logged_in("curator"), lines(QUESTIONS))
    for address in (
        other,
        f"{URL}file/{uuid4()}/",
    ):
        assert writing.get(address).status_code == 404, address
        assert writing.post(address).status_code == 404, address


def test_readers_do_not_import_and_strangers_log_in(writing, folder):
    address = sent(writing, lines(QUESTIONS))
    job = writing.post(address, {})["Location"]
    before = kept(folder)
    reading = logged_in("reader")
    for path in (URL, address):
        assert reading.get(path).status_code == 403
        assert reading.post(path, {"file": SimpleUploadedFile("a", b"x")}).status_code == 403
    assert "Cancel" not in looked_at(reading, job)
    assert Client().post(URL, {"file": SimpleUploadedFile("a", b"x")}).status_code == 302
    assert kept(folder) == before


def test_another_site_cannot_send_a_file(writing, folder):
    careful = Client(enforce_csrf_checks=True)
    careful.cookies = writing.cookies
    assert careful.post(URL, {"file": SimpleUploadedFile("a", b"x")}).status_code == 403
    assert kept(folder) == []
    token = careful.get(URL).cookies["csrftoken"].value
    form = {"csrfmiddlewaretoken": token, "file": SimpleUploadedFile("a", lines(QUESTIONS))}
    assert careful.post(URL, form).status_code == 302
