"""The filters of traces by what people say of them, and by datasets."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from traces.models import Review
from traces.querysets import IMPORTED
from traces.services.reviews import Verdict, review_trace, undo_review
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, person, taken

pytestmark = pytest.mark.django_db

URL = "/api/traces"


def said(trace, name, day, status="approved", **fields) -> Review:
    verdict = Verdict(status=status, **fields)
    review = review_trace(trace=trace, verdict=verdict, by=acting(person(name)))
    Review.objects.filter(pk=review.pk).update(created_at=datetime(2026, 1, day, tzinfo=UTC))
    return review


@pytest.fixture
def traces():
    """Traces named a to e by their version: reviewed by one, by two, undone, long ago, never."""
    one, two, undone, early, never = (TraceFactory(trace_version=name) for name in "abcde")
    said(one, "ada", 5, reasons=["odd"], note="So odd.")
    said(two, "ada", 5, step_labels={"0": 1})
    said(two, "bob", 8, reasons=["odd", "long"])
    back = said(undone, "ada", 5, reasons=["odd"], note="No.", step_labels={"0": 1})
    undo_review(review=back, by=acting(person("ada")))
    said(early, "bob", 2)
    return [one, two, undone, early, never]


def names(reader, query) -> str:
    rows = reader.get(f"{URL}?{query}").json()["results"]
    return "".join(sorted(row["trace_version"] for row in rows))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("reviewer=ada", "ab"),
        ("reviewer=bob", "bd"),
        ("reviewer=nobody", ""),
        ("reviewed_after=2026-01-05T00:00:00Z", "ab"),
        ("reviewed_before=2026-01-05T00:00:00Z", "d"),
        ("reviewed_after=2026-01-02T00:00:00Z&reviewed_before=2026-01-06T00:00:00Z", "abd"),
        ("reviewer=bob&reviewed_after=2026-01-06T00:00:00Z", "b"),
        ("reviewer=ada&reviewed_after=2026-01-06T00:00:00Z", ""),
        ("reason=odd", "ab"),
        ("reason=long", "b"),
        ("reason=od", ""),
        ("reason=odd&reviewer=ada", "a"),
        ("labelled=true", "b"),
        ("labelled=false", "acde"),
        ("labelled=true&reviewer=bob", ""),
        ("labelled=false&reviewer=ada", "a"),
        ("has_note=true", "a"),
        ("has_note=false", "bcde"),
        ("has_note=true&labelled=true", ""),
        ("has_note=true&reason=odd&reviewer=ada&status=approved", "a"),
        ("reviewed_by_hand=true", "abd"),
        ("reviewed_by_hand=false", "ce"),
        ("reviewed_by_hand=true&reviewer=bob&labelled=false", "d"),
        ("disputed=true", ""),
        ("disputed=false", "abcde"),
    ],
)
def test_a_filter_finds_what_people_say(reader, traces, query, found):
    for _ in range(2):  # by SQL that was kept
        rows = reader.get(f"{URL}?{query}&count=true").json()
        assert "".join(sorted(row["trace_version"] for row in rows["results"])) == found
        assert rows["count"] == len(found)


def test_what_was_given_to_many_or_came_with_a_trace_is_not_by_hand(reader, traces):
    said(traces[4], "ada", 6, note=IMPORTED)
    one, early = traces[0], traces[3]
    Review.objects.filter(trace__in=[one, early]).update(job=uuid4())
    both = said(early, "ada", 7)  # of many, and then one by one
    assert names(reader, "reviewed_by_hand=true") == "bd"
    assert names(reader, "reviewed_by_hand=false") == "ace"
    assert names(reader, "reviewed_by_hand=true&reviewer=bob") == "b"
    undo_review(review=both, by=acting(person("ada")))
    assert names(reader, "reviewed_by_hand=true") == "b"


def test_the_pages_of_a_filter_go_both_ways(reader, traces):
    first = reader.get(f"{URL}?reviewer=ada&labelled=false&limit=1").json()
    assert (first["results"][0]["trace_version"], first["next"]) == ("a", None)
    first = reader.get(f"{URL}?labelled=false&limit=2").json()
    second = reader.get(first["next"]).json()
    names = [row["trace_version"] for page in (first, second) for row in page["results"]]
    assert names == ["e", "d", "c", "a"]
    assert reader.get(second["previous"]).json()["results"] == first["results"]


def test_those_that_differ_are_disputed_until_somebody_decides(reader):
    trace, _ = TraceFactory.create_batch(2)
    queue = filled(overlap=1)

    def disputed(query="true") -> list[str]:
        return [row["id"] for row in reader.get(f"{URL}?disputed={query}").json()["results"]]

    judged(taken(queue, "ada"), "approved")
    assert disputed() == []
    judged(taken(queue, "bob"), "rejected")
    assert disputed() == [str(trace.pk)]
    assert str(trace.pk) not in disputed("false")
    decided = Review.objects.latest("id").trace
    assert decided == trace
    review_trace(trace=trace, verdict=Verdict(status="approved"), by=acting(person("eve")))
    assert disputed() == []


def test_those_of_a_dataset_are_found_by_its_key(reader):
    one, two = TraceFactory.create_batch(2)
    dataset = DatasetFactory(name="sums")
    TraceFactory()
    rows = reader.get(f"{URL}?dataset={dataset.key}&count=true").json()
    assert [row["id"] for row in rows["results"]] == [str(two.pk), str(one.pk)]
    assert rows["count"] == 2
    assert reader.get(f"{URL}?dataset=sums-9").json()["results"] == []


def test_they_choose_what_is_changed_and_what_a_dataset_is_made_of(curator, traces):
    where = {"reviewer": "ada", "labelled": True, "reviewed_after": "2026-01-01T00:00:00Z"}
    change = {"where": where, "set": {"add_tags": ["seen"]}, "expected_count": 1}
    assert curator.post(f"{URL}/bulk", change, format="json").status_code == 202
    body = {"dataset_name": "seen", "dataset_version": "1", "where": where}
    built = curator.post("/api/datasets/build", body, format="json")
    assert (built.status_code, built.json()["trace_count"]) == (201, 1)
    kept = curator.get("/api/datasets/seen-1").json()["where"]
    assert (kept["reviewer"], kept["labelled"]) == ("ada", True)


@pytest.mark.parametrize("name", ["labelled", "has_note", "reviewed_by_hand", "disputed"])
def test_true_and_false_are_written_out(curator, name):
    assert list(curator.get(f"{URL}?{name}=1").json()) == [name]
    change = {"where": {name: "true"}, "set": {"add_tags": ["seen"]}}
    answer = curator.post(f"{URL}/bulk", change, format="json")
    assert list(answer.json()["where"]) == [name]
