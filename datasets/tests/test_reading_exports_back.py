"""Exports read back by the formats of imports."""

import io
import json

import msgspec
import pytest
from msgspec import UNSET

from datasets.formats.known import FORMATS
from datasets.tests.exporting import export
from datasets.tests.factories import DatasetFactory, SplitDatasetFactory
from traces.document import content_hash
from traces.models import Trace
from traces.readers import formats
from traces.readers.draft import Unreadable
from traces.readers.fitting import fit
from traces.sources.records import read_records
from traces.sources.source import Source
from traces.tests.factories import ApprovedTraceFactory, ScoreFactory, TraceFactory
from traces.tests.sources.containers import csv_file

pytestmark = pytest.mark.django_db

META = {"source": "s", "numbers": [2**63 - 1, 0.1, 1e22], "deep": {"a": [None]}, "": "\u2028"}
STEPS = [
    {"i": 3, "type": "plan", "content": " First,\n\n2. not a step "},
    {"i": 2**31 - 1, "type": "check", "content": "So it is 18.\n"},
]


def read_back(reader, dataset, name, *, route="jsonl", **query) -> list:
    """Read an export as an import does that takes its rows for what they are."""
    body = export(reader, dataset, name, route=route, **query)
    lines = [json.loads(line) for line in body.splitlines()] if route == "jsonl" else table(body)
    fmt = formats.recognise(lines)
    assert fmt.name == ("record" if name == "record" else "export")
    return [
        fit(
            draft,
            format_name=fmt.name,
            source=None,
            external_id=draft.external_id,
            may_curate=True,
        )
        for line in lines
        for draft in fmt.read(line)
    ]


RECORDS = pytest.mark.parametrize(
    ("route", "metadata"), [("jsonl", "object"), ("jsonl", "json"), ("parquet", "json")]
)


@RECORDS
def test_records_come_back_identical(reader, route, metadata):
    trace = ApprovedTraceFactory(
        trace_version="v 2",
        prompt=" What\r\nis <end_of_turn> 9 + 9? ",
        final_answer="",
        steps=STEPS,
        meta=META,
        external_id="id/ü",
        tags=["b", "a"],
        messages=[{"role": "user", "content": None, "x": 1}],
    )
    score = ScoreFactory(trace=trace, value=0.5, details={"a": 1})
    undecided = {"value": None, "details": {"outcome": "undecided"}, "scorer_version": "9"}
    ScoreFactory(trace=trace, **undecided)
    [made] = read_back(reader, SplitDatasetFactory(), "record", route=route, metadata=metadata)
    document = made.document
    for name in ("trace_version", "prompt", "final_answer", "steps", "meta", "external_id"):
        assert getattr(document, name) == getattr(trace, name), name
    assert (document.tags, document.messages) == (trace.tags, trace.messages)
    assert made.status == "approved"
    assert made.scores == [
        {
            "criteria": score.criteria,
            "scorer_version": score.scorer_version,
            "value": 0.5,
            "details": {"a": 1},
        },
        {"criteria": score.criteria, **undecided},
    ]


OF_ITS_OWN = ("id", "created_at", "created_by_id", "created_with_id")


@RECORDS
def test_records_make_equal_traces_where_there_are_none(reader, curator, route, metadata):
    body = {"question": "1+1?", "answer": "1+1=2\n#### 2", "level": 5, "remark": "ü" * 300}
    curator.generic("POST", "/api/traces/import", json.dumps(body), "application/x-ndjson")
    TraceFactory(external_id="e", meta=META, original={"numbers": META["numbers"], "": {}})
    TraceFactory(external_id="f", tags=["b", "a"], status="approved")
    before = list(Trace.objects.order_by("id").values())
    assert [trace["original"] for trace in before[::2]] == [{"remark": "ü" * 300}, None]
    dataset = DatasetFactory()
    exported = export(reader, dataset, "record", route=route, metadata=metadata)
    curator.delete(f"/api/datasets/{dataset.key}")
    Trace.objects.all().delete()
    answer = curator.generic("POST", "/api/traces/import", exported, "application/x-ndjson")
    assert (answer.json()["created_count"], answer.json()["error_count"]) == (3, 0)
    known = {trace["external_id"]: trace for trace in before}
    for trace in Trace.objects.values():
        was = known.pop(trace["external_id"])
        assert {**trace, **{name: was[name] for name in OF_ITS_OWN}} == was
    assert not known


@RECORDS
def test_many_records_keep_their_content(reader, route, metadata):
    TraceFactory.create_batch(5)
    hashes = {str(trace.id): trace.content_hash.hex for trace in Trace.objects.all()}
    found = {}
    for made in read_back(reader, DatasetFactory(), "record", route=route, metadata=metadata):
        one = made.document
        found[one.external_id] = content_hash(one.prompt, one.steps, one.final_answer)
        assert one.meta == {"source": "made_up"}
        assert one.messages is UNSET
    assert found == hashes


def table(body) -> list:
    """Read the rows of a Parquet file as an import does."""
    chunks = read_records(Source(io.BytesIO(body)), max_record_bytes=2**24)
    return [one.value for chunk in chunks for one in chunk]


@pytest.mark.parametrize("container", ["parquet", "lines", "csv"])
def test_a_parquet_export_comes_back_with_its_content(reader, container):
    trace = TraceFactory(
        prompt=" What\r\nis 9 + 9? ",
        steps=STEPS,
        meta=META,
        external_id="id/ü",
        messages=[{"role": "user", "content": None, "x": 1}],
    )
    other = TraceFactory()
    rows = table(export(reader, DatasetFactory(), "parquet"))
    if container == "lines":
        rows = [json.loads(msgspec.json.encode(row)) for row in rows]
    elif container == "csv":
        data = csv_file([dict(row) for row in rows])
        [chunk] = read_records(Source([data]), max_record_bytes=2**24)
        rows = [one.value for one in chunk]
    fmt = formats.recognise(rows)
    assert fmt.name == "table"
    made = [draft for row in rows for draft in fmt.read(fmt.of(row))]
    found = {
        draft.external_id: fit(
            draft, format_name="table", source=None, external_id=draft.external_id, may_curate=True
        ).document
        for draft in made
    }
    assert found.keys() == {"id/ü", str(other.id)}
    for stored, name in ((trace, "id/ü"), (other, str(other.id))):
        document = found[name]
        hashed = content_hash(document.prompt, document.steps, document.final_answer)
        assert hashed == stored.content_hash.hex
        assert (document.steps, document.meta) == (stored.steps, stored.meta)
    assert found["id/ü"].messages == trace.messages


@pytest.mark.parametrize(
    ("route", "metadata"),
    [*(("jsonl", one) for one in ("object", "json", "none")), ("parquet", "json")],
)
@pytest.mark.parametrize("name", ["trace", "tunix_sft", "training_example"])
def test_other_formats_come_back_as_well_as_they_can(reader, name, route, metadata):
    trace = TraceFactory(prompt="What is 9 + 9?", final_answer="18", steps=STEPS, meta=META)
    [made] = read_back(reader, DatasetFactory(), name, route=route, metadata=metadata)
    document = made.document
    assert (document.prompt, document.final_answer) == (trace.prompt, trace.final_answer)
    contents = [step["content"] for step in document.steps]
    if name == "trace":
        assert contents == [step["content"] for step in STEPS]
        assert document.external_id == str(trace.id)
    else:  # what looks like a second step is one
        assert contents == [" First,\n", "not a step \n2. So it is 18.\n"]
    assert {step["type"] for step in document.steps} == {"reasoning"}
    kept = {"source": "export"} if metadata == "none" else META
    assert document.meta == {**kept, "format": "export"}


@pytest.mark.parametrize(
    ("name", "text", "refusal"),
    [
        ("record", "{", "meta: A text that is no JSON."),
        ("record", "[1]", "meta: Not an object."),
        ("record", '{"a": 1, "a": 2}', "meta: The key 'a' occurs twice."),
        ("record", "[" * 100_000, "meta: A text that is no JSON."),
        ("record", "\ud800", "meta: A lone surrogate is no character."),
        ("export", "no object", "metadata: A text that is no JSON."),
    ],
)
def test_a_text_of_no_metadata_is_refused(name, text, refusal):
    fmt = formats.FORMATS[name]
    record = {**fmt.example, "meta" if name == "record" else "metadata": text}
    with pytest.raises(Unreadable) as refused:
        fmt.read(record)
    assert str(refused.value) == refusal


def test_several_turns_come_back_as_messages(reader):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "1+1?"},
        {"role": "assistant", "content": "2"},
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "4"},
    ]
    TraceFactory(messages=messages, final_answer="4", steps=STEPS)
    [made] = read_back(reader, DatasetFactory(), "tunix_sft")
    document = made.document
    assert document.prompt == "User: Be brief.\n\n1+1?\n\nAssistant: 2\n\nUser: 2+2?"
    assert [turn["role"] for turn in document.messages] == ["user", "assistant"] * 2
    assert document.messages[2]["content"] == "2+2?"
    assert document.final_answer == "4"


def test_every_format_of_lines_is_read(reader):
    trace = TraceFactory()
    dataset = DatasetFactory()
    for name in ("trace", "tunix_sft", "training_example", "record"):
        assert name in FORMATS
        [made] = read_back(reader, dataset, name)
        assert [step["content"] for step in made.document.steps] == [
            step["content"] for step in trace.steps
        ]
