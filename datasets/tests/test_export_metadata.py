"""Exports with their metadata as an object, as text, or without them."""

import json

import pytest

from datasets.tests.exporting import EVERY_EXPORT, LINES, asked, export, rows, table, url_of
from datasets.tests.factories import DatasetFactory
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

TEMPLATED = ["trace", "tunix_sft", "training_example"]
META = {"source": "s", "level": 3, "deep": {"a": [None, 1.5]}, "": "naïve \u2028"}


@pytest.mark.parametrize("fmt", TEMPLATED)
def test_metadata_are_an_object_a_text_of_it_or_nothing(reader, fmt):
    TraceFactory(meta=META)
    dataset = DatasetFactory()
    (plain,) = rows(export(reader, dataset, fmt))
    assert isinstance(plain["metadata"], dict)
    assert META.items() <= plain["metadata"].items()
    assert export(reader, dataset, fmt, metadata="object") == export(reader, dataset, fmt)
    (text,) = rows(export(reader, dataset, fmt, metadata="json"))
    assert list(text) == list(plain)
    assert list(json.loads(text["metadata"]).items()) == list(plain["metadata"].items())
    (bare,) = rows(export(reader, dataset, fmt, metadata="none"))
    assert bare == {name: value for name, value in plain.items() if name != "metadata"}


def test_the_text_of_metadata_comes_byte_by_byte(reader):
    trace = TraceFactory(meta={"b": 'ü"', "a": 1})
    line = export(reader, DatasetFactory(), metadata="json").decode()
    created_at = trace.created_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert line.endswith(
        f',"metadata":"{{\\"created_at\\":\\"{created_at}\\",\\"trace_version\\":\\"1.0\\",'
        '\\"a\\":1,\\"b\\":\\"ü\\\\\\"\\"}"}\n'
    )


def test_a_record_of_texts_has_all_keys(reader):
    full = TraceFactory(
        meta=META,
        tags=["b", "a"],
        external_id="e/1",
        messages=[{"role": "user", "content": "hi"}],
        original={"text": "ü", "levels": [1, 2.5, None]},
    )
    ScoreFactory(trace=full, value=0.5)
    bare = TraceFactory(meta={}, external_id=None)
    dataset = DatasetFactory()
    found = {row["id"]: row for row in rows(export(reader, dataset, "record", metadata="json"))}
    assert list(found[str(full.id)]) == list(found[str(bare.id)])
    assert {type(row[name]) for row in found.values() for name in row if name != "steps"} == {str}
    plain = {row["id"]: row for row in rows(export(reader, dataset, "record"))}
    for row in found.values():
        for name in ("meta", "messages", "tags", "scores", "original"):
            row[name] = json.loads(row[name])
    assert found[str(full.id)] == plain[str(full.id)]
    absent = {"external_id": "", "messages": None}
    assert found[str(bare.id)]["original"] is None
    assert found[str(bare.id)] == {**plain[str(bare.id)], **absent}


@pytest.mark.parametrize(
    ("fmt", "metadata", "refusal"),
    [
        ("record", "none", "Those of record come as object or json."),
        ("parquet", "object", "Those of table come as json."),
        ("parquet", "none", "Those of table come as json."),
        ("trace", "text", '"text" is not a valid choice. Known ones: object, json, none.'),
    ],
)
def test_what_a_format_does_not_have_is_refused(reader, fmt, metadata, refusal):
    TraceFactory()
    url = f"/api/datasets/{DatasetFactory().key}/export.jsonl?format={fmt}&metadata={metadata}"
    for method in (reader.get, reader.head):
        assert method(url).status_code == 400
    assert reader.get(url).json() == {"metadata": [refusal]}


@pytest.mark.parametrize(("route", "fmt"), [one for one in EVERY_EXPORT if one[1] != "record"])
def test_an_etag_names_the_choice(reader, route, fmt):
    TraceFactory()
    dataset = DatasetFactory()
    url = url_of(dataset, fmt, route=route)
    known = asked(dataset, fmt, route=route).known_metadata
    etags = [reader.get(f"{url}&metadata={choice}")["ETag"] for choice in known]
    assert len(set(etags)) == len(known)
    assert reader.get(url)["ETag"] == etags[0]


@pytest.mark.parametrize("fmt", LINES)
@pytest.mark.parametrize("metadata", ["object", "json"])
def test_the_source_record_is_in_records_alone(reader, fmt, metadata):
    TraceFactory(meta={"source": "s", "record": {"solution": "the whole text"}})
    body = export(reader, DatasetFactory(), fmt, metadata=metadata)
    assert (b"the whole text" in body) == (fmt == "record")


def test_the_source_record_is_in_the_table(reader):
    TraceFactory(meta={"record": {"solution": "the whole text"}})
    (text,) = table(export(reader, DatasetFactory(), "parquet"))["metadata"].to_pylist()
    assert json.loads(text) == {"record": {"solution": "the whole text"}}
