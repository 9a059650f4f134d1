"""What is done to the traces that were ticked, or to all that match."""

import pytest

from events.tests.acting import acting
from jobs.models import Job
from jobs.tests.working import work_off
from traces.models import Review, Score, Status, Trace
from traces.services.scores import score_trace
from traces.tests.admin.pages import LIST, act, delete, told
from traces.tests.concurrency import just_before
from traces.tests.factories import ApprovedTraceFactory, TraceFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("action", "status", "done"),
    [
        ("approve", Status.APPROVED, "Approved"),
        ("reject", Status.REJECTED, "Rejected"),
        ("flag", Status.FLAGGED, "Flagged"),
    ],
)
def test_selected_traces_get_a_verdict(page, action, status, done):
    first, second, other = TraceFactory.create_batch(3)
    response = act(page, action, [first, second])
    assert told(response) == [f"{done}: 2 traces."]
    first.refresh_from_db()
    other.refresh_from_db()
    assert (first.status, other.status) == (status, Status.UNREVIEWED)
    reviews = Review.objects.values_list("verdict", "reviewer__username")
    assert list(reviews) == [(status, "the curator")] * 2


def test_a_verdict_that_stands_is_not_given_again(page):
    act(page, "approve", [ApprovedTraceFactory()])
    assert not Review.objects.exists()


def test_selected_traces_are_scored(page):
    traces = TraceFactory.create_batch(2)
    assert told(act(page, "score_baseline", traces)) == ["Scored: 2 traces."]
    assert told(act(page, "score_baseline", traces[:1])) == ["Scored: 1 trace."]
    scores = Score.objects.order_by("trace_id")
    assert [score.trace for score in scores] == traces
    assert {score.criteria for score in scores} == {"baseline"}
    assert scores[0].value == pytest.approx(
        score_trace(trace=traces[0], criteria="baseline", by=acting()).value
    )


def test_what_a_selected_trace_lacks_to_be_scored_is_told(page):
    judged, lacking = TraceFactory(meta={"reference_answer": "1"}), TraceFactory(meta={})
    first, last = told(act(page, "score_answer_correctness", [judged, lacking]))
    assert "`answer_correctness`" in first
    assert last == "Scored: 1 trace."


def test_all_that_match_are_scored_by_a_job(page):
    chosen, _ = TraceFactory(meta={"source": "mine"}), TraceFactory()
    assert 'href="/admin/traces/trace/score-all/"' in page.get(LIST).content.decode()
    assert "Score all traces that match" in page.get(f"{LIST}score-all/").content.decode()
    form = {"criteria": "baseline", "where.source": "mine", "where.min_steps": "1"}
    response = page.post(f"{LIST}score-all/", form)
    job = Job.objects.get()
    assert response.url == f"/admin/jobs/job/{job.pk}/change/"
    assert job.parameters["where"] == {"source": "mine", "min_steps": 1}
    work_off("scoring")
    assert list(Score.objects.values_list("trace", "criteria")) == [(chosen.pk, "baseline")]


def test_what_is_wrong_with_a_job_to_score_is_told(page):
    for form, said in (
        ({"criteria": "quality"}, "criteria: "),
        ({"criteria": "baseline", "where.created_after": "soon"}, "created_after: "),
    ):
        response = page.post(f"{LIST}score-all/", form)
        assert said in told(response)[0]
    assert not Job.objects.exists()


def test_a_trace_deleted_under_an_action_is_told(page):
    kept, gone = TraceFactory.create_batch(2)
    with just_before("FOR NO KEY UPDATE", lambda: Trace.objects.filter(pk=gone.pk).delete()):
        response = act(page, "approve", [kept, gone])
    assert told(response) == [f"Trace {gone.pk} not found.", "Approved: 1 trace."]


def test_actions_reach_no_further_than_the_ticked_rows(page):
    traces = TraceFactory.create_batch(2)
    response = act(page, "approve", [], select_across="1")
    assert "Items must be selected" in told(response)[0]
    act(page, "approve", traces[:1], select_across="1")
    assert Trace.objects.filter(status=Status.APPROVED).count() == 1


def test_superusers_delete_selected_traces_after_asking(admin_client):
    page, traces = admin_client, TraceFactory.create_batch(3)
    score_trace(trace=traces[0], criteria="baseline", by=acting())
    asked = act(page, "delete_selected", traces[:2])
    assert "Are you sure" in asked.content.decode()
    assert Trace.objects.count() == 3
    assert told(act(page, "delete_selected", traces[:2], post="yes")) == ["Deleted 2."]
    assert Trace.objects.get() == traces[2]


def test_curators_delete_no_selected_traces(page):
    trace = TraceFactory()
    assert 'value="approve"' in page.get(LIST).content.decode()
    assert 'value="delete_selected"' not in page.get(LIST).content.decode()
    assert told(act(page, "delete_selected", [trace], post="yes")) == ["No action selected."]
    assert Trace.objects.get() == trace
    page.post(delete(trace), {"post": "yes"})  # one by one they do
    assert not Trace.objects.exists()


def test_the_queries_of_an_action_are_a_few_for_each_row(page, django_assert_max_num_queries):
    traces = TraceFactory.create_batch(10)
    form = {"action": "approve", "_selected_action": [trace.pk for trace in traces]}
    with django_assert_max_num_queries(15 + 10 * 7):
        page.post(LIST, {**form, "index": "0"})
