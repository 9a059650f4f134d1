"""Traces by the client, on the real web server."""

import pytest

from jobs.tests.working import work_off
from traces.models import Score, Status, Trace
from traces.tests.factories import BodyFactory, ScoreFactory, TraceFactory
from tunix_rt import Conflict, Forbidden, NotFound

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def test_a_trace_is_stored_and_read(client):
    body = BodyFactory(meta={"source": "here"}, external_id="one")
    created = client.traces.create(body)
    assert Trace.objects.get().pk.hex == created["id"].replace("-", "")
    got = client.traces.get(created["id"])
    assert got == created
    assert got["payload"]["prompt"] == body["prompt"]
    assert client.traces.create(body)["id"] == created["id"]


def test_other_content_under_the_same_id_is_a_conflict(client):
    client.traces.create(BodyFactory(external_id="one"))
    with pytest.raises(Conflict, match=r"POST /api/traces: 409 An external_id is taken"):
        client.traces.create(BodyFactory(external_id="one"))


def test_what_is_sent_twice_on_purpose_is_stored_twice(client):
    body = BodyFactory()
    assert client.traces.create(body)["id"] != client.traces.create(body)["id"]


def test_a_list_goes_over_all_pages(client):
    traces = [TraceFactory(meta={"source": "pages", "n": n}) for n in range(103)]
    TraceFactory(meta={"source": "others"})
    rows = list(client.traces.list(source="pages"))
    assert [row["id"] for row in rows] == [str(trace.pk) for trace in reversed(traces)]
    assert client.traces.count(source="pages") == 103


@pytest.mark.parametrize(("limit", "count"), [(0, 0), (1, 1), (100, 100), (101, 101), (200, 103)])
def test_a_list_ends_at_its_limit(client, limit, count):
    TraceFactory.create_batch(103)
    assert len(list(client.traces.list(limit=limit))) == count


def test_a_list_is_filtered(client):
    TraceFactory(meta={"level": {"digits": 1}})
    two = TraceFactory(meta={"level": {"digits": 2}}, status=Status.APPROVED)
    by_meta = client.traces.list(meta={"level.digits": 2})
    by_status = client.traces.list(status="approved", created_after=two.created_at)
    assert [row["id"] for row in by_meta] == [row["id"] for row in by_status] == [str(two.pk)]


def test_status_and_tags_are_changed(client):
    trace = TraceFactory()
    changed = client.traces.update(str(trace.pk), status="approved", tags=["sums"])
    assert (changed["status"], changed["tags"]) == ("approved", ["sums"])
    with pytest.raises(Conflict, match="by now, not none"):
        client.traces.update(str(trace.pk), tags=["other"], expected_tags=[])
    assert client.traces.update(str(trace.pk), tags=[])["status"] == "approved"
    trace.refresh_from_db()
    assert (trace.status, trace.tags) == ("approved", [])


def test_all_that_match_are_changed_by_a_job(client):
    TraceFactory.create_batch(2)
    with pytest.raises(Conflict):
        client.traces.update_all({}, {"status": "approved"}, expected_count=3)
    job = client.traces.update_all({}, {"status": "approved"}, expected_count=2)
    assert (job["kind"], job["state"]) == ("bulk", "queued")
    work_off("bulk")
    undo = client.jobs.undo(job["id"])
    assert undo["kind"] == "undo"
    work_off("bulk")
    assert client.jobs.wait(undo["id"])["result"]["restored_count"] == 2


def test_all_that_match_are_deleted_by_a_superuser(client_of, django_user_model):
    client = client_of("trainer")
    TraceFactory.create_batch(2)
    with pytest.raises(Forbidden, match="superusers"):
        client.traces.delete_all({}, expected_count=2)
    for user in django_user_model.objects.all():
        user.is_superuser = True
        user.save()
    with pytest.raises(Conflict):
        client.traces.delete_all({}, expected_count=3)
    job = client.traces.delete_all({}, expected_count=2)
    work_off("bulk")
    assert client.jobs.wait(job["id"])["result"]["deleted_count"] == 2


def test_a_trace_is_deleted(client):
    trace = TraceFactory()
    client.traces.delete(str(trace.pk))
    with pytest.raises(NotFound):
        client.traces.get(str(trace.pk))


def test_a_trace_is_scored_here_and_elsewhere(client):
    trace = TraceFactory()
    scored = client.traces.score(str(trace.pk))
    assert scored["score"] == Score.objects.get().value > 0
    sent = [{"trace": str(trace.pk), "criteria": f"judge {n}", "value": n} for n in range(3)]
    assert client.traces.add_scores(sent) == 3
    assert {score["criteria"] for score in client.traces.scores(str(trace.pk))} == {
        "baseline",
        *(one["criteria"] for one in sent),
    }


def test_two_are_compared_and_similar_ones_found(client):
    one, other = TraceFactory(), TraceFactory()
    compared = client.traces.compare(str(one.pk), str(other.pk))
    assert [side["id"] for side in compared.values()] == [str(one.pk), str(other.pk)]
    assert "results" in client.traces.similar(str(one.pk), limit=3)


def test_prompts_are_listed_with_their_attempts(client):
    TraceFactory.create_batch(2, prompt="What is 1+1?")
    ScoreFactory(trace=TraceFactory())
    [group] = client.traces.prompts(min_count=2)
    assert group["trace_count"] == 2


def test_the_formats_of_imports_are_told(client):
    formats = client.traces.formats()
    assert {"gsm8k", "messages"} <= {one["name"] for one in formats}


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_what_is_no_id_leads_nowhere(client, name):
    with pytest.raises(ValueError, match="no id or key"):
        client.traces.delete(name)
