"""Leaky buckets: so many at once, then one after another."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tunix_site.access import buckets
from tunix_site.access.buckets import Buckets, Leak
from tunix_site.tests.clock import Clock


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(buckets, "time", clock)
    return clock


def test_so_many_at_once_then_one_after_so_many_seconds(clock):
    bucket = Buckets(Leak(capacity=3, seconds=10))
    assert [bucket.take("a") for _ in range(5)] == [0, 0, 0, 10, 10]
    assert bucket.take("b") == 0
    clock.now += 4
    assert bucket.take("a") == pytest.approx(6)
    clock.now += 6
    assert [bucket.take("a") > 0 for _ in range(2)] == [False, True]
    clock.now += 1000
    assert [bucket.take("a") > 0 for _ in range(4)] == [False, False, False, True]


def test_no_more_than_so_many_keys_are_held_the_latest_ones(clock):
    bucket = Buckets(Leak(capacity=1, seconds=10), max_keys=2)
    for key in "abac":
        bucket.take(key)
    assert bucket.take("a") > 0
    assert bucket.take("b") == 0  # was dropped


def test_of_threads_at_once_no_more_get_in(clock):
    bucket = Buckets(Leak(capacity=10, seconds=1))
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: bucket.take("a"), range(200)))
    assert waits.count(0) == 10
