"""Any records written into any container, packed in any way, are read as they were."""

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from traces.tests.sources.containers import (
    PACKED,
    csv_file,
    in_pieces,
    json_array,
    json_lines,
    numbered,
    parquet_file,
    read,
    rows_of,
)
from traces.tests.strategies import objects, quickly, scalars, some_text, text

few = hypothesis_settings(quickly, max_examples=30)
KINDS = pytest.mark.parametrize("kind", PACKED)
sizes = st.sampled_from([1, 3, 50, 10_000])
# a cell of white space alone would be a blank line's
cells = some_text.filter(str.strip)
rows = st.fixed_dictionaries({"prompt": cells, "answer": cells}, optional={"more": cells})
SCHEMA = pa.schema(
    {
        "prompt": pa.string(),
        "answer": pa.large_string(),
        "count": pa.int64(),
        "share": pa.float64(),
        "is_right": pa.bool_(),
        "kind": pa.dictionary(pa.int32(), pa.string()),
        "messages": pa.list_(pa.struct({"role": pa.string(), "content": pa.string()})),
        "tags": pa.list_(pa.list_(pa.string())),
    }
)
wide_rows = st.fixed_dictionaries(
    {"prompt": text},
    optional={
        "answer": text,
        "count": st.integers(-(2**63), 2**63 - 1),
        "share": st.floats(allow_nan=False, allow_infinity=False),
        "is_right": st.booleans(),
        "kind": st.sampled_from(["a", "b"]),
        "messages": st.lists(
            st.none() | st.fixed_dictionaries({"role": text, "content": st.none() | text})
        ),
        "tags": st.lists(st.none() | st.lists(st.none() | text)),
    },
)


@KINDS
@few
@given(st.lists(objects), sizes)
def test_json_lines(kind, records, size):
    assert read(in_pieces(PACKED[kind](json_lines(records)), size)) == numbered(records)


@KINDS
@few
@given(st.lists(objects), sizes)
def test_a_json_array(kind, records, size):
    assert read(in_pieces(PACKED[kind](json_array(records)), size)) == numbered(records)


@KINDS
@few
@given(st.lists(rows, min_size=1), sizes, st.sampled_from(",;\t"))
def test_csv(kind, records, size, delimiter):
    data = PACKED[kind](csv_file(records, delimiter))
    assert [value for _, value in read(in_pieces(data, size))] == records


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-8-sig"])
@few
@given(st.lists(objects), sizes)
def test_text_with_its_mark(encoding, records, size):
    mark = "\ufeff" if encoding == "utf-16-be" else ""
    for data in (json_lines(records), json_array(records)):
        text = mark + data.decode()
        assert read(in_pieces(text.encode(encoding), size)) == numbered(records)


@few
@given(st.lists(objects, min_size=1), st.dictionaries(text, scalars), sizes)
def test_records_under_a_key(records, others, size):
    value = {"first": others, **others, "data": records, "last": others}
    data = json.dumps(value, ensure_ascii=False).encode()
    assert read(in_pieces(data, size)) == numbered(records)


@few
@given(st.lists(objects.filter(bool), min_size=1), sizes)
def test_objects_over_several_lines(records, size):
    data = "\n".join(json.dumps(record, indent=1, ensure_ascii=False) for record in records)
    assert read(in_pieces(data.encode(), size)) == numbered(records)


@few
@given(st.lists(wide_rows), st.integers(1, 5))
def test_parquet(records, group):
    assert rows_of(parquet_file(records, SCHEMA, row_group_size=group)) == numbered(records)


@KINDS
def test_packed_parquet(kind):
    data = PACKED[kind](parquet_file([{"a": "ü"}, {"a": None}]))
    assert read(in_pieces(data, 100)) == read(data) == numbered([{"a": "ü"}, {}])
