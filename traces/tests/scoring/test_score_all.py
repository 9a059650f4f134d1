"""POST /api/traces/score-all."""

import pytest

from events.models import Event
from events.tests.acting import acting
from jobs.errors import JobCancelled
from jobs.models import Job
from jobs.tests.working import work_off
from traces.models import Score, Trace
from traces.scorers import known
from traces.scorers.scorer import Scored, Scorer
from traces.services import walking
from traces.services.scoring.request import Scoring
from traces.services.scoring.score_all import score_all
from traces.services.walking import newest_trace
from traces.tests.factories import ScoreFactory, TraceFactory

pytestmark = pytest.mark.django_db

URL = "/api/traces/score-all"


def post(client, where, criteria="arithmetic", **more):
    body = {"where": where, "criteria": criteria, **more}
    return client.post(URL, body, format="json")


def scored(client, where, criteria="arithmetic", **more) -> dict:
    """Ask for scores, have them computed; give the job's result."""
    response = post(client, where, criteria, **more)
    assert response.status_code == 202, response.json()
    work_off("scoring")
    job = client.get(response.headers["Location"]).json()
    assert job["state"] == "succeeded", job
    return job["result"]


def saying(text: str, **fields) -> Trace:
    return TraceFactory(steps=[{"i": 3, "type": "reasoning", "content": text}], **fields)


@pytest.fixture
def slow(monkeypatch):
    """Have the traces that are to be scored take a minute to be found."""
    found = Trace.objects.extra(where=["(SELECT pg_sleep(60)::text) IS NOT NULL"])
    monkeypatch.setattr(walking, "COUNT_SECONDS", 0.05)
    monkeypatch.setattr(Scoring, "to_score", lambda self: found)


def values(criteria="arithmetic") -> dict:
    return dict(Score.objects.filter(criteria=criteria).values_list("trace", "value"))


def test_all_that_match_are_scored(curator):
    right, wrong, none = saying("2 + 2 = 4"), saying("2 + 2 = 5"), saying("It is four.")
    other = saying("1 + 1 = 2", meta={"source": "other"})
    result = scored(curator, {"source": "made_up"})
    assert result == {"scorer_version": "tunix-1", "scored_count": 3, "undecided_count": 1}
    assert values() == {right.pk: 1.0, wrong.pk: 0.0, none.pk: None}
    assert not other.scores.exists()
    details = wrong.scores.get().details
    assert details.pop("scored_at")
    assert details == {
        "equations": 1,
        "wrong": 1,
        "first_wrong_step": 3,
        "step_labels": {"3": -1},
        "wrong_equations": [{"i": 3, "equation": "2 + 2 = 5"}],
        "criteria": "arithmetic",
    }


def test_the_scores_are_those_of_one_at_a_time(curator):
    traces = TraceFactory.create_batch(3)
    scored(curator, {}, "baseline")
    for trace in traces:
        body = {"criteria": "baseline"}
        one = curator.post(f"/api/traces/{trace.pk}/score", body, format="json").json()
        stored = trace.scores.get()
        assert (stored.value, stored.scorer_version) == (one["score"], "1")


def test_the_answer_is_a_job_with_progress(curator):
    TraceFactory.create_batch(2)
    response = post(curator, {}, "baseline")
    job = response.json()
    assert response.headers["Location"].endswith(f"/api/jobs/{job['id']}")
    assert (job["kind"], job["state"], job["total"]) == ("score", "queued", 2)
    work_off("scoring")
    job = curator.get(f"/api/jobs/{job['id']}").json()
    assert (job["state"], job["done"], job["total"]) == ("succeeded", 2, 2)


def test_more_than_one_batch_is_scored_with_an_event_each(curator, monkeypatch):
    monkeypatch.setattr("traces.services.scoring.contents.SCORED_AT_ONCE", 2)
    monkeypatch.setattr("traces.services.scoring.contents.READ_AT_ONCE", 1)
    TraceFactory.create_batch(5)
    assert scored(curator, {}, "baseline")["scored_count"] == 5
    assert len(values("baseline")) == 5
    events = Event.objects.filter(action="score", object_type="trace").order_by("id")
    told = {"criteria": "baseline", "version": "1", "job": str(Job.objects.get().pk)}
    assert [(event.count, event.after) for event in events] == [(2, told), (2, told), (1, told)]
    assert {(event.actor_name, event.through) for event in events} == {("a curator", "worker")}


def test_those_that_have_a_score_are_left_alone_unless_asked(curator):
    there, missing = TraceFactory.create_batch(2)
    ScoreFactory(trace=there, criteria="baseline", value=99.0)
    old = ScoreFactory(trace=missing, criteria="baseline", scorer_version="0", value=98.0)
    assert post(curator, {}, "baseline").json()["total"] == 1
    work_off("scoring")
    assert there.scores.get().value == 99.0
    assert missing.scores.count() == 2
    assert scored(curator, {}, "baseline", missing_only=False)["scored_count"] == 2
    assert there.scores.get().value != 99.0
    old.refresh_from_db()
    assert old.value == 98.0


def test_traces_that_come_in_later_are_left_alone(curator):
    TraceFactory()
    post(curator, {}, "baseline")
    later = TraceFactory()
    work_off("scoring")
    assert not later.scores.exists()


def test_a_trace_that_is_deleted_meanwhile_is_left_out(curator, monkeypatch):
    kept, gone = TraceFactory.create_batch(2)

    def score(content):
        Trace.objects.filter(pk=gone.pk).delete()
        return Scored(1.0, {})

    monkeypatch.setitem(
        known.SCORERS, "baseline", Scorer(criteria="baseline", version="1", score=score)
    )
    assert scored(curator, {}, "baseline")["scored_count"] == 1
    assert list(values("baseline")) == [kept.pk]


def test_work_that_has_to_stop_keeps_whole_batches(monkeypatch):
    monkeypatch.setattr("traces.services.scoring.contents.SCORED_AT_ONCE", 2)
    monkeypatch.setattr("traces.services.scoring.contents.READ_AT_ONCE", 1)
    traces = TraceFactory.create_batch(5)
    scoring = Scoring(where={}, criteria="baseline", missing_only=True, newest=newest_trace())
    checks = iter([None, None, None, JobCancelled()])

    def check():
        if stop := next(checks):
            raise stop

    with pytest.raises(JobCancelled):
        list(score_all(scoring=scoring, by=acting(), check=check))
    assert set(values("baseline")) == {trace.pk for trace in traces[3:]}
    batches = list(score_all(scoring=scoring, by=acting(), check=lambda: None))
    assert [batch.scored_count for batch in batches] == [2, 1]
    assert len(values("baseline")) == 5


def test_a_trace_that_lacks_what_the_scorer_needs_is_left_out(curator):
    judged = TraceFactory(final_answer="7", meta={"reference_answer": "7"})
    TraceFactory(meta={})
    assert scored(curator, {}, "answer_correctness")["scored_count"] == 1
    assert values("answer_correctness") == {judged.pk: 1.0}


def test_the_filters_are_those_of_the_list(curator):
    chosen = TraceFactory(meta={"level": 5}, tags=["x"])
    TraceFactory()
    where = {"meta.level": 5, "tag": "x", "created_after": "2026-01-01T00:00:00Z"}
    assert scored(curator, where, "baseline")["scored_count"] == 1
    assert list(values("baseline")) == [chosen.pk]


def test_nothing_that_matches_is_no_error(curator):
    assert scored(curator, {"source": "nobody"})["scored_count"] == 0
    assert not Event.objects.filter(action="score").exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "where"),
        ({"where": {}}, "criteria"),
        ({"where": {}, "criteria": "quality"}, "criteria"),
        ({"where": {}, "criteria": 1}, "criteria"),
        ({"where": {"a": 1}, "criteria": "baseline"}, "where"),
        ({"where": [], "criteria": "baseline"}, "where"),
        ({"where": {}, "criteria": "baseline", "missing_only": "no"}, "missing_only"),
        ({"where": {}, "criteria": "baseline", "newest": "x"}, "newest"),
    ],
)
def test_bad_requests_are_refused(curator, body, field):
    response = curator.post(URL, body, format="json")
    assert response.status_code == 400
    assert field in response.json()
    assert not Job.objects.exists()


@pytest.mark.usefixtures("slow")
def test_what_takes_long_to_count_is_scored_by_a_job_that_counts_it(curator):
    TraceFactory()
    assert post(curator, {}).status_code == 202
    assert Job.objects.get().total is None


@pytest.mark.usefixtures("slow")
def test_what_takes_long_to_count_is_refused_where_it_has_to_be_as_many(curator):
    TraceFactory()
    response = post(curator, {}, expected_count=1)
    assert response.status_code == 503
    assert "narrow the filter" in response.json()["detail"]
    assert not Job.objects.exists()


def test_a_writer_may_not(writer):
    assert post(writer, {}).status_code == 403
