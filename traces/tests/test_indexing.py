"""Filling the search index behind ingest: services.indexing and the command that runs it."""

import signal
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from threading import Barrier

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models.functions import Now

from events.tests.acting import acting
from traces.indexes import Pending, SearchDocument
from traces.models import Trace
from traces.services import indexing
from traces.services.curation import delete_trace
from traces.tests.bodies import step
from traces.tests.concurrency import (
    PATIENCE_SECONDS,
    at_once,
    elsewhere,
    wait_for_a_lock_past_its_deadlock_check,
)
from traces.tests.factories import TraceFactory
from traces.tests.searching import index_all, searchable
from tunix_site.tests.live import MANAGE, environment_for, url_of_database, wait_until

pytestmark = pytest.mark.django_db

KIND = Pending.Kind.SEARCH
concurrent = pytest.mark.django_db(transaction=True)


def store(count: int) -> list[Trace]:
    """Store traces in one statement."""
    return Trace.objects.bulk_create(TraceFactory.build_batch(count))


def indexed() -> set:
    return set(SearchDocument.objects.values_list("trace", flat=True))


def ids(traces) -> set:
    return {trace.pk for trace in traces}


def pending() -> int:
    return indexing.pending_count(kind=KIND)


def index_traces(*arguments: str) -> str:
    out = StringIO()
    call_command("index_traces", "--kind", "search", *arguments, stdout=out)
    return out.getvalue()


def test_what_is_pending_is_indexed_and_then_no_longer_pending():
    traces = store(3)
    assert pending() == 3
    assert indexing.index_some(kind=KIND) == 3
    assert indexed() == ids(traces)
    assert pending() == 0
    assert indexing.index_some(kind=KIND) == 0
    assert Pending.objects.filter(kind=Pending.Kind.SIMILAR).exists()


def test_the_newest_are_indexed_first():
    older, newer = store(15), store(15)
    indexing.index_some(kind=KIND)
    assert indexed() == ids(newer)
    indexing.index_some(kind=KIND)
    assert indexed() == ids(older + newer)


def test_many_noted_one_by_one_are_indexed_together():
    large = store(15)
    small = [TraceFactory() for _ in range(30)]
    assert indexing.index_some(kind=KIND) == 30
    assert indexed() == ids(small)
    assert indexing.index_some(kind=KIND) == len(large)


def test_those_that_came_by_few_can_be_indexed_alone():
    batch, alone = store(15), TraceFactory()
    assert indexing.index_some(kind=KIND, few_alone=True) == 1
    assert indexed() == {alone.pk}
    assert indexing.index_some(kind=KIND, few_alone=True) == 0
    assert indexing.index_some(kind=KIND) == len(batch)


def test_what_waits_is_seen(monkeypatch):
    monkeypatch.setattr(indexing, "QUIET", "600 s")
    assert indexing.waiting(kind=KIND) == indexing.Waiting(0, 0, coming_in=False)
    store(15)
    store(20)
    TraceFactory()
    assert indexing.waiting(kind=KIND) == indexing.Waiting(1, 35, coming_in=True)
    Pending.objects.update(created_at=Now() - timedelta(hours=1))
    TraceFactory()
    assert indexing.waiting(kind=KIND) == indexing.Waiting(2, 35, coming_in=False)


def test_what_is_deleted_meanwhile_is_passed_over():
    traces = store(3)
    traces[1].delete()
    assert indexing.index_some(kind=KIND) == 3
    assert indexed() == {traces[0].pk, traces[2].pk}
    for trace in traces:
        Trace.objects.filter(pk=trace.pk).delete()
    assert indexed() == set()


def test_a_trace_that_is_noted_again_is_indexed_anew():
    (trace,) = store(1)
    index_all()
    SearchDocument.objects.update(document="")
    Pending.objects.create(kind=KIND, trace_ids=[trace.pk])
    index_all()
    assert SearchDocument.objects.exclude(document="").count() == 1


def numbers(first: int, count: int) -> str:
    return " ".join(f"{n:x}" for n in range(first, first + count))


def too_many_words(version: str) -> Trace:
    """Store a trace of more different words than PostgreSQL takes in a document."""
    texts = [numbers(100_000 + 3_000 * n, 3_000)[:20_000] for n in range(50)]
    steps = [step(i=n, content=text) for n, text in enumerate(texts)]
    return searchable(version, "huge apples", steps=steps)


def test_a_document_that_is_too_large_is_cut_and_costs_no_other_its_own(reader, caplog):
    other, huge, another = (
        searchable("a", "small apples"),
        too_many_words("b"),
        searchable("c", "little apples"),
    )
    index_all()
    assert indexed() == ids([other, huge, another])
    found = reader.get("/api/traces?q=apples").json()["results"]
    assert {row["trace_version"] for row in found} == {"a", "b", "c"}
    beginning = f"{100_000:x}"
    assert reader.get(f"/api/traces?q={beginning}&count=true").json()["count"] == 1
    assert f"{huge.pk}: the first" in caplog.text


def test_a_refusal_of_another_kind_leaves_all_pending(monkeypatch):
    store(2)
    monkeypatch.setitem(indexing.INDEXERS, KIND, lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        indexing.index_some(kind=KIND)
    assert pending() == 2


@concurrent
def test_two_processes_share_the_work(monkeypatch):
    batches = [store(15), store(15)]
    both_at_work = Barrier(2)
    index = indexing.INDEXERS[KIND]

    def meet_and_index(trace_ids):
        both_at_work.wait(PATIENCE_SECONDS)
        index(trace_ids)

    monkeypatch.setitem(indexing.INDEXERS, KIND, meet_and_index)
    assert at_once([lambda: indexing.index_some(kind=KIND)] * 2) == [15, 15]
    assert indexed() == ids(batches[0] + batches[1])
    assert pending() == 0


@concurrent
def test_where_it_is_asked_for_one_process_at_a_time_is_at_work(monkeypatch):
    store(15)
    store(15)
    index = indexing.INDEXERS[KIND]

    def index_while_another_tries(trace_ids):
        monkeypatch.setitem(indexing.INDEXERS, KIND, index)
        another = elsewhere(lambda: indexing.index_some(kind=KIND, one_at_a_time=True))
        unasked = elsewhere(lambda: indexing.index_some(kind=KIND))
        assert (another, unasked) == (0, 15)
        index(trace_ids)

    monkeypatch.setitem(indexing.INDEXERS, KIND, index_while_another_tries)
    assert indexing.index_some(kind=KIND, one_at_a_time=True) == 15
    assert pending() == 0


@concurrent
def test_a_trace_that_is_deleted_while_it_is_indexed_takes_its_document_along(monkeypatch):
    kept, going = store(2)
    index = indexing.INDEXERS[KIND]
    at_work = Barrier(2)

    def index_while_somebody_deletes(trace_ids):
        at_work.wait(PATIENCE_SECONDS)
        wait_for_a_lock_past_its_deadlock_check()
        index(trace_ids)

    def delete():
        at_work.wait(PATIENCE_SECONDS)
        delete_trace(trace=going, by=acting())

    monkeypatch.setitem(indexing.INDEXERS, KIND, index_while_somebody_deletes)
    at_once([lambda: indexing.index_some(kind=KIND), delete])
    assert set(Trace.objects.values_list("pk", flat=True)) == {kept.pk}
    assert indexed() == {kept.pk}


def test_the_command_ends_when_nothing_is_pending():
    traces = store(12) + store(12)
    assert index_traces("--until-empty") == "Indexed 24 traces.\n"
    assert indexed() == ids(traces)
    assert index_traces("--until-empty") == "Indexed 0 traces.\n"


def test_the_command_fills_all_kinds_that_it_is_asked_for():
    store(12)
    assert index_traces("--kind", "similar", "--until-empty") == "Indexed 12 traces.\n" * 2
    assert not Pending.objects.exists()


def test_the_planner_learns_of_much_that_was_added(monkeypatch):
    monkeypatch.setattr("traces.management.commands.index_traces.ANALYZE_AFTER", 9)
    store(10)
    index_traces("--until-empty")
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE relname = 'traces_searchdocument'")
        assert cursor.fetchone() == (10,)


@pytest.mark.parametrize("arguments", [[], ["--kind", "other"]])
def test_the_kind_is_asked_for(arguments):
    with pytest.raises(CommandError):
        call_command("index_traces", *arguments)


@pytest.fixture
def follower(transactional_db, tmp_path):
    """Give the running command, which goes on until it is asked to stop."""
    process = subprocess.Popen(
        [sys.executable, str(MANAGE), "index_traces", "--kind", "search"],
        env=environment_for(url_of_database()),
        stderr=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.communicate()


def all_indexed() -> bool:
    return indexed() == set(Trace.objects.values_list("pk", flat=True)) and pending() == 0


@pytest.mark.live
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_follows_what_comes_in_until_it_is_asked_to_stop(follower, number):
    for _ in range(2):
        store(3)
        wait_until(all_indexed)
    follower.send_signal(number)
    assert follower.communicate(timeout=PATIENCE_SECONDS) == (None, "")
    assert follower.returncode == 0


@pytest.mark.live
def test_the_command_survives_a_connection_that_is_lost(follower):
    store(3)
    wait_until(all_indexed)
    with connection.cursor() as cursor:  # the last that connected is the command
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE"
            " backend_type = 'client backend' AND datname = current_database()"
            " ORDER BY backend_start DESC LIMIT 1"
        )
    store(3)
    wait_until(all_indexed)
    follower.terminate()
    assert "Trying again" in follower.communicate(timeout=PATIENCE_SECONDS)[1]
    assert follower.returncode == 0


@pytest.mark.live
def test_a_command_that_is_killed_in_the_middle_loses_nothing_and_doubles_nothing(
    transactional_db, request
):
    traces = store(15)
    with transaction.atomic():
        list(
            Trace.objects.select_for_update().filter(pk=traces[7].pk)
        )  # it waits here, in the middle
        process = request.getfixturevalue("follower")
        wait_for_a_lock_past_its_deadlock_check()
        process.kill()
        process.wait(PATIENCE_SECONDS)
    assert pending() == 15
    assert indexed() == set()
    wait_until(lambda: indexing.index_some(kind=KIND) == 15)  # its server process lets go
    assert all_indexed()


def test_what_is_pending_is_measured(reader):
    store(3)
    TraceFactory()
    text = reader.get("/metrics").content.decode()
    assert 'tunix_pending_traces{kind="search"} 4.0' in text
    assert 'tunix_pending_traces{kind="similar"} 4.0' in text
    index_all()
    text = reader.get("/metrics").content.decode()
    assert 'tunix_pending_traces{kind="search"} 0.0' in text
    assert 'tunix_pending_seconds{kind="search"} 0.0' in text
