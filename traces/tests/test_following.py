"""Who goes first, ingest or its indexes: services.following."""

from datetime import timedelta

import pytest
from django.db.models.functions import Now

from traces.indexes import Pending, SearchDocument, Signature
from traces.models import Trace
from traces.services import indexing
from traces.services.following import (
    FEW_AT_ONCE,
    LONG_PATIENCE_SECONDS,
    MANY,
    PATIENCE_SECONDS,
    PAUSE_SECONDS,
    SHORT_PAUSE_SECONDS,
    Follower,
)
from traces.tests.concurrency import elsewhere
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

SEARCH, SIMILAR = Pending.Kind.SEARCH, Pending.Kind.SIMILAR


class Clock:
    """A time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def slow_motion(monkeypatch):
    """Have a batch be new for long, so that a slow machine makes no difference."""
    monkeypatch.setattr(indexing, "QUIET", "600 s")


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def follower(clock):
    return Follower([SEARCH], clock)


def store(count: int) -> list[Trace]:
    return Trace.objects.bulk_create(TraceFactory.build_batch(count))


def end_ingest() -> None:
    Pending.objects.update(created_at=Now() - timedelta(hours=1))


def indexed() -> int:
    return SearchDocument.objects.count()


def test_batches_are_left_while_more_keep_coming_in(follower):
    store(15)
    assert follower.turn() == ({SEARCH: 0}, SHORT_PAUSE_SECONDS)
    end_ingest()
    assert follower.turn() == ({SEARCH: 15}, 0)
    assert follower.turn() == ({SEARCH: 0}, PAUSE_SECONDS)


def test_traces_that_come_one_by_one_are_never_left(follower):
    store(15)
    alone = TraceFactory()
    assert follower.turn() == ({SEARCH: 1}, SHORT_PAUSE_SECONDS)
    assert SearchDocument.objects.get().pk == alone.pk


def test_after_many_that_came_by_few_there_is_no_pause(follower):
    for _ in range(FEW_AT_ONCE):
        TraceFactory()
    assert follower.turn() == ({SEARCH: FEW_AT_ONCE}, 0)


@pytest.mark.parametrize(
    ("many", "patience"), [(MANY, PATIENCE_SECONDS), (10, LONG_PATIENCE_SECONDS)]
)
def test_nobody_waits_for_longer_than_makes_a_difference(
    follower, clock, monkeypatch, many, patience
):
    monkeypatch.setattr("traces.services.following.MANY", many)
    for _ in range(4):
        store(15)
    assert follower.turn() == ({SEARCH: 0}, SHORT_PAUSE_SECONDS)
    clock.now += patience - 0.1
    assert follower.turn() == ({SEARCH: 0}, SHORT_PAUSE_SECONDS)
    clock.now += 0.1
    assert follower.turn() == ({SEARCH: 15}, 0)


def test_then_it_has_as_long_as_it_gave(follower, clock):
    for _ in range(4):
        store(15)
    follower.turn()
    clock.now += PATIENCE_SECONDS
    follower.turn()
    clock.now += PATIENCE_SECONDS - 0.1
    assert follower.turn() == ({SEARCH: 15}, 0)
    clock.now += 0.1
    assert follower.turn() == ({SEARCH: 0}, SHORT_PAUSE_SECONDS)
    assert indexed() == 30


def test_the_patience_is_for_all_kinds_together(clock):
    follower = Follower([SEARCH, SIMILAR], clock)
    store(15)
    while indexing.index_some(kind=SEARCH):
        pass
    nothing = {SEARCH: 0, SIMILAR: 0}
    assert follower.turn() == (nothing, SHORT_PAUSE_SECONDS)
    clock.now += PATIENCE_SECONDS
    assert follower.turn() == ({SEARCH: 0, SIMILAR: 15}, 0)
    assert follower.turn() == (nothing, PAUSE_SECONDS)


def test_after_an_end_its_patience_is_whole_again(follower, clock):
    store(15)
    follower.turn()
    end_ingest()
    follower.turn()
    clock.now += PATIENCE_SECONDS
    store(15)
    assert follower.turn() == ({SEARCH: 0}, SHORT_PAUSE_SECONDS)


def test_a_backlog_is_left_when_an_import_begins(follower):
    store(15)
    end_ingest()
    store(20)
    assert follower.turn() == ({SEARCH: 0}, SHORT_PAUSE_SECONDS)


@pytest.mark.django_db(transaction=True)
def test_while_few_come_in_one_process_at_a_time_indexes_batches(follower, monkeypatch):
    asked = []
    index = indexing.INDEXERS[SEARCH]

    def index_while_another_has_its_turn(trace_ids):
        if len(trace_ids) == 15:
            monkeypatch.setitem(indexing.INDEXERS, SEARCH, index)
            elsewhere(TraceFactory)
            asked.append(elsewhere(Follower([SEARCH]).turn))
        index(trace_ids)

    store(15)
    store(15)
    TraceFactory()
    end_ingest()
    monkeypatch.setitem(indexing.INDEXERS, SEARCH, index_while_another_has_its_turn)
    assert follower.turn() == ({SEARCH: 16}, 0)
    assert asked == [({SEARCH: 1}, PAUSE_SECONDS)]


def test_the_second_kind_is_filled_where_the_first_lacks_nothing():
    store(15)
    end_ingest()
    follower = Follower([SIMILAR, SEARCH])
    assert follower.turn() == ({SIMILAR: 15}, 0)
    assert follower.turn() == ({SIMILAR: 0, SEARCH: 15}, 0)
    assert follower.turn() == ({SIMILAR: 0, SEARCH: 0}, PAUSE_SECONDS)
    assert Signature.objects.count() == SearchDocument.objects.count() == 15


def test_few_of_each_kind_are_indexed_in_one_turn():
    TraceFactory()
    assert Follower([SIMILAR, SEARCH]).turn() == ({SIMILAR: 1, SEARCH: 1}, PAUSE_SECONDS)
