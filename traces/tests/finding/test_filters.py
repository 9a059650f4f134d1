"""The filters of GET /api/traces."""

from datetime import UTC, datetime

import pytest

from traces.models import Status
from traces.tests.bodies import labels, step
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces"


@pytest.fixture
def traces():
    """Traces named a to d by their version, each with something of its own."""
    return [
        TraceFactory(
            trace_version="a",
            meta={"source": "gsm8k"},
            steps=[step()],
            tags=["sums", "easy"],
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
        TraceFactory(
            trace_version="b",
            meta={"source": "math"},
            steps=[step(i=n) for n in range(3)],
            tags=["easy"],
            status=Status.APPROVED,
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
        ),
        TraceFactory(
            trace_version="c",
            meta={"source": "math"},
            steps=[step(i=n) for n in range(5)],
            tags=["EASY", "as, written"],
            status=Status.REJECTED,
            created_at=datetime(2026, 1, 3, tzinfo=UTC),
        ),
        TraceFactory(
            trace_version="d",
            meta=None,
            steps=[step(i=n) for n in range(3)],
            status=Status.FLAGGED,
            created_at=datetime(2026, 1, 4, tzinfo=UTC),
        ),
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "abcd"),
        ("source=math", "bc"),
        ("source=MATH", ""),
        ("source=", "d"),
        ("status=unreviewed", "a"),
        ("status=approved", "b"),
        ("status=rejected", "c"),
        ("status=flagged", "d"),
        ("tag=easy", "ab"),
        ("tag=eas", ""),
        ("tag=as, written", "c"),
        ("trace_version=c", "c"),
        ("trace_version=%25", ""),
        ("created_after=2026-01-03T00:00:00Z", "cd"),
        ("created_after=2026-01-03T00:00:00.000001Z", "d"),
        ("created_after=2026-01-03T02:00:00%2B02:00", "cd"),
        ("created_after=2026-01-04", "d"),
        ("created_before=2026-01-03T00:00:00Z", "ab"),
        ("created_before=2026-01-03T00:00:00.000001Z", "abc"),
        ("created_after=2026-01-02T00:00:00Z&created_before=2026-01-04T00:00:00Z", "bc"),
        ("min_steps=3", "bcd"),
        ("min_steps=0&max_steps=1000", "abcd"),
        ("max_steps=3", "abd"),
        ("min_steps=2&max_steps=4", "bd"),
        ("min_steps=4&max_steps=2", ""),
        ("source=math&status=approved&tag=easy&min_steps=3", "b"),
        ("source=math&tag=sums", ""),
    ],
)
def test_columns_are_filtered_on(reader, traces, query, found):
    assert labels(reader, query) == found


@pytest.mark.parametrize("name", ["prompt_hash", "content_hash"])
def test_a_hash_finds_what_has_it(reader, traces, name):
    assert labels(reader, {name: str(getattr(traces[1], name))}) == "b"
    assert labels(reader, {name: getattr(traces[2], name).hex.upper()}) == "c"
    assert labels(reader, {name: str(traces[1].id)}) == ""


def test_a_prompt_is_found_however_it_is_spaced_and_cased(reader):
    TraceFactory(trace_version="a", prompt="what is 2+2?")
    other = TraceFactory(trace_version="b", prompt=" What IS\n2+2? ")
    assert labels(reader, {"prompt_hash": str(other.prompt_hash)}) == "ab"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("criteria=baseline", "abc"),
        ("criteria=judge", "d"),
        ("criteria=nobody", ""),
        ("criteria=baseline&min_score=50", "bc"),
        ("criteria=baseline&min_score=50.01", "c"),
        ("criteria=baseline&max_score=50", "ab"),
        ("criteria=baseline&min_score=-1&max_score=49.5", "a"),
        ("criteria=baseline&min_score=60&max_score=50", ""),
        ("criteria=judge&min_score=-0.5&max_score=-0.25", "d"),
    ],
)
def test_scores_are_filtered_on(reader, traces, query, found):
    for trace, value in zip(traces, (10, 50, 90), strict=False):
        ScoreFactory(trace=trace, value=value)
    ScoreFactory(trace=traces[3], criteria="judge", value=-0.5)
    assert labels(reader, query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("criteria=judge", "abcd"),
        ("criteria=judge&outcome=right", "a"),
        ("criteria=judge&outcome=wrong", "b"),
        ("criteria=judge&outcome=undecided", "c"),
        ("criteria=judge&min_score=0", "abd"),
        ("criteria=judge&max_score=1", "abd"),
        ("criteria=judge&outcome=undecided&min_score=0", ""),
        ("criteria=baseline&outcome=right", ""),
    ],
)
def test_scores_are_filtered_on_by_their_outcome(reader, traces, query, found):
    for trace, value in zip(traces, (1, 0, None, 0.5), strict=False):
        details = {"outcome": "undecided"} if value is None else {}
        ScoreFactory(trace=trace, criteria="judge", value=value, details=details)
    assert labels(reader, query) == found


def test_one_score_must_be_within_both_bounds(reader, traces):
    for value, version in ((10, "1"), (90, "2")):
        ScoreFactory(trace=traces[0], value=value, scorer_version=version)
    assert labels(reader, "criteria=baseline&min_score=40&max_score=60") == ""
    assert labels(reader, "criteria=baseline") == "a"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=good", "status"),
        ("status=", "status"),
        ("status=%00", "status"),
        ("tag=", "tag"),
        ("tag=" + "t" * 65, "tag"),
        ("tag=%00", "tag"),
        ("tag=a&tag=b", "tag"),
        ("source=%00", "source"),
        ("source=" + "s" * 129, "source"),
        ("trace_version=", "trace_version"),
        ("trace_version=" + "v" * 65, "trace_version"),
        ("created_after=yesterday", "created_after"),
        ("created_after=", "created_after"),
        ("created_after=1767225600", "created_after"),
        ("created_before=2026-13-01T00:00:00Z", "created_before"),
        ("created_before=0001-01-01T00:00:00%2B14:00", "created_before"),
        ("created_after=9999-12-31T23:59:59-14:00", "created_after"),
        ("min_steps=-1", "min_steps"),
        ("min_steps=1001", "min_steps"),
        ("max_steps=3.0", "max_steps"),
        ("max_steps=", "max_steps"),
        ("criteria=", "criteria"),
        ("criteria=" + "c" * 65, "criteria"),
        ("min_score=1", "min_score"),
        ("max_score=1", "max_score"),
        ("criteria=baseline&min_score=high", "min_score"),
        ("outcome=right", "outcome"),
        ("criteria=baseline&outcome=", "outcome"),
        ("criteria=baseline&outcome=Right", "outcome"),
        ("criteria=baseline&outcome=null", "outcome"),
        ("criteria=baseline&min_score=NaN", "min_score"),
        ("criteria=baseline&max_score=Infinity", "max_score"),
        ("criteria=baseline&max_score=1e400", "max_score"),
        ("prompt_hash=abc", "prompt_hash"),
        ("content_hash=%00", "content_hash"),
        ("meta.=1", "meta."),
        ("meta=1", "meta"),
        ("meta.a%00=1", r"'meta.a\x00'"),
        ("meta.a=%00", "meta.a"),
        ("meta.a=1&meta.a=2", "meta.a"),
        ("meta." + ".".join("k" * 11) + "=1", "meta." + ".".join("k" * 11)),
        ("external_id=1", "external_id"),
        ("Source=a", "Source"),
    ],
)
def test_a_bad_filter_is_named(reader, query, field):
    response = reader.get(f"{URL}?{query}")
    assert response.status_code == 400
    assert list(response.json()) == [field]


def test_every_bad_filter_is_named(reader):
    response = reader.get(f"{URL}?status=x&min_steps=x&unknown=x&limit=0")
    assert sorted(response.json()) == ["limit", "min_steps", "status", "unknown"]
