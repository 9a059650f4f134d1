"""The filters of GET /api/traces by what is in meta, and those of datasets, which are typed."""

import pytest

from traces.finding.filters import TraceFilters, matching
from traces.tests.bodies import labels
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db


METAS = {
    "a": {"k": "5", "nest": {"in": {"x": "y"}}, "dotted.key": 1},
    "b": {"k": 5, "nest": {"in": "x"}, "": {"": 1}},
    "c": {"k": True, "nest": {"in": ["y"]}},
    "d": {"k": None, "nest": {}},
    "e": {"k": "true", "word": "é😀 & more"},
    "f": {"k": 5.5, "word": "null"},
    "g": {"k": "", "word": '"'},
    "h": {"k": [5], "big": 2**63 - 1},
    "i": {"nest": "in", "big": 1e300},
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"meta.k": "5"}, "ab"),
        ({"meta.k": "5.0"}, "b"),
        ({"meta.k": "5.5"}, "f"),
        ({"meta.k": "true"}, "ce"),
        ({"meta.k": "True"}, ""),
        ({"meta.k": "null"}, "d"),
        ({"meta.k": ""}, "g"),
        ({"meta.k": "[5]"}, ""),
        ({"meta.k": "1e400"}, ""),
        ({"meta.k": "[" * 5_000}, ""),
        ({"meta.word": "null"}, "f"),
        ({"meta.word": "é😀 & more"}, "e"),
        ({"meta.word": '"'}, "g"),
        ({"meta.big": str(2**63 - 1)}, "h"),
        ({"meta.big": "1e300"}, "i"),
        ({"meta.absent": "null"}, ""),
        ({"meta.nest.in": "x"}, "b"),
        ({"meta.nest.in": "y"}, ""),
        ({"meta.nest.in.x": "y"}, "a"),
        ({"meta.nest": "in"}, "i"),
        ({"meta.dotted.key": "1"}, ""),
        ({"meta..": "1"}, "b"),
        ({"meta.k": "5", "meta.nest.in": "x"}, "b"),
        ({"meta.a.b.c.d.e.f.g.h.i.j": "deep"}, ""),
    ],
)
def test_meta_is_filtered_on_as_text_or_as_the_scalar_spelled(reader, query, found):
    for version, meta in METAS.items():
        TraceFactory(trace_version=version, meta=meta)
    assert labels(reader, query) == found


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"meta.k": 5}, "b"),
        ({"meta.k": "5"}, "ab"),
        ({"meta.k": True}, "c"),
        ({"meta.k": None}, "d"),
        ({"meta.k": 5.5, "trace_version": "f"}, "f"),
        ({"meta.k": 5, "max_steps": 1}, ""),
        ({"min_steps": 2, "source": "", "meta.word": '"'}, "g"),
    ],
)
def test_filters_may_be_typed_as_those_of_a_dataset_are(filters, found):
    for version, meta in METAS.items():
        TraceFactory(trace_version=version, meta=meta)
    serializer = TraceFilters(data=filters)
    assert serializer.is_valid()
    matched = matching(serializer.validated_data).order_by("id")
    assert "".join(trace.trace_version for trace in matched) == found


@pytest.mark.parametrize(
    "filters",
    [
        {"meta.k": [5]},
        {"meta.k": {"a": 5}},
        {"meta.k": "\ud800"},
        {"meta.k": 2**64},
        {"meta.\udfff": 5},
        {"min_steps": "2"},
        {"min_score": 1},
        {"limit": 1},
        {"created_after": 5},
    ],
)
def test_typed_filters_are_strict(filters):
    assert not TraceFilters(data=filters).is_valid()
