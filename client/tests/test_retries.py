"""What is sent again and what is not, by a proxy that breaks connections to the real site."""

import pytest

from datasets.models import Dataset
from faulty_proxy import answer_with, hang_up, lose_the_answer, refuse, stall
from traces.models import Score, Trace
from traces.tests.factories import BodyFactory, TraceFactory
from tunix_rt import Broken, Client, Disconnected, Moved, Retries, TooMany, Unavailable
from tunix_site.serving.server_process import free_port
from tunix_site.tests.live import wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_asked_again(harmed, proxy, status):
    trace = TraceFactory()
    proxy.faults += [refuse(status), hang_up, refuse(status, Retry_After="0")]
    assert harmed.traces.get(str(trace.pk))["id"] == str(trace.pk)
    assert len(proxy.seen) == 4


@pytest.mark.parametrize("fault", [hang_up, lose_the_answer, refuse(503)])
def test_a_trace_without_an_id_is_stored_once(harmed, proxy, fault):
    proxy.faults.append(fault)
    created = harmed.traces.create(BodyFactory())
    assert str(Trace.objects.get().pk) == created["id"]
    first, second = proxy.headers_of("idempotency-key")
    assert first == second


@pytest.mark.parametrize("fault", [hang_up, lose_the_answer, refuse(503)])
@pytest.mark.parametrize("named", [True, False])
def test_a_batch_is_stored_once(harmed, proxy, fault, named):
    proxy.faults.append(fault)
    ids = {"external_id": "one"} if named else {}
    sent = harmed.traces.batch([BodyFactory(**ids)])
    assert str(Trace.objects.get().pk) == sent.ids[0]
    keys = proxy.headers_of("idempotency-key")
    assert keys == [None, None] if named else len(set(keys)) == 1


def test_each_request_has_a_key_of_its_own(harmed, proxy):
    body = BodyFactory()
    harmed.traces.create(body)
    harmed.traces.create(body)
    first, second = proxy.headers_of("idempotency-key")
    assert first
    assert first != second


def test_a_score_and_a_build_are_done_once(harmed, proxy):
    trace = TraceFactory()
    proxy.faults += [lose_the_answer]
    assert harmed.traces.score(str(trace.pk))["trace_id"] == str(Score.objects.get().trace_id)
    proxy.faults += [lose_the_answer]
    assert harmed.datasets.build("set", "1")["dataset_key"] == Dataset.objects.get().key


def test_a_deletion_and_a_change_are_not_sent_again(harmed, proxy):
    trace = TraceFactory()
    proxy.faults += [lose_the_answer]
    with pytest.raises(Disconnected, match=r"PATCH /api/traces/"):
        harmed.traces.update(str(trace.pk), tags=["a"])
    proxy.faults += [refuse(503)]
    with pytest.raises(Unavailable, match=r"503 Not now\."):
        harmed.traces.delete(str(trace.pk))
    assert len(proxy.seen) == 2
    assert Trace.objects.get().tags == ["a"]


def test_what_does_not_pass_is_not_asked_again(harmed, proxy):
    proxy.faults += [refuse(500), refuse(507)]
    for _ in range(2):
        with pytest.raises(Broken):
            harmed.traces.get("x")
    assert len(proxy.seen) == 2


def test_there_is_an_end_to_attempts(harmed, proxy):
    proxy.faults += [refuse(503)] * 9
    with pytest.raises(Unavailable):
        harmed.traces.get("x")
    assert len(proxy.seen) == 6


def test_who_asks_to_wait_for_too_long_is_not_asked_again(harmed, proxy):
    proxy.faults += [refuse(429, Retry_After="3600")]
    with pytest.raises(TooMany, match=r"429 Not now\. Try again in 3600 s\.") as raised:
        harmed.traces.get("x")
    assert raised.value.retry_after == 3600
    assert len(proxy.seen) == 1


def test_waits_are_as_long_as_the_site_asks_or_grow(client_of, proxy):
    waits = []
    client = client_of(url=proxy.url, retries=Retries(first_wait=1, pause=waits.append))
    proxy.faults += [refuse(503), refuse(503), refuse(503, Retry_After="7"), refuse(503)]
    client.health()
    assert waits[2] == 7
    assert 0.5 <= waits[0] <= 1 <= waits[1] <= 2
    assert 4 <= waits[3] <= 8


def test_a_site_that_says_nothing_is_given_up(client_of, proxy):
    client = client_of(url=proxy.url, timeout=0.2, retries=Retries(times=1, first_wait=0.01))
    proxy.faults += [stall, stall]
    with pytest.raises(Disconnected, match=r"GET /api/health: timed out\. Is the site there\?"):
        client.health()
    wait_until(lambda: len(proxy.seen) == 2)


def test_where_nobody_listens_writes_are_tried_again_too(client_of):
    waits = []
    client = client_of(
        url=f"http://127.0.0.1:{free_port()}", retries=Retries(times=2, pause=waits.append)
    )
    with pytest.raises(Disconnected, match=r"DELETE /api/traces/x: .*refused"):
        client.traces.delete("x")
    assert len(waits) == 2


def test_a_key_is_not_sent_on_to_another_address(harmed, proxy):
    proxy.faults += [answer_with(b"", 301, Location="https://elsewhere.example.org/api/health")]
    with pytest.raises(Moved, match=r"sends on to https://elsewhere.* use that address"):
        harmed.health()
    assert len(proxy.seen) == 1


def test_the_next_page_is_asked_of_the_same_site(harmed, proxy):
    page = b'{"next": "http://elsewhere.example.org/api/jobs?cursor=abc", "results": [{"id": 1}]}'
    proxy.faults += [answer_with(page), answer_with(b'{"next": null, "results": [{"id": 2}]}')]
    assert [row["id"] for row in harmed.jobs.list()] == [1, 2]
    assert proxy.seen[1][1] == "/api/jobs?limit=100&cursor=abc"


def test_a_page_of_a_proxy_is_shown_in_short(harmed, proxy):
    proxy.faults += [answer_with(b"<h1>Bad\n gateway</h1>" + b"x" * 9_000, 500)]
    with pytest.raises(Broken) as raised:
        harmed.traces.get("x")
    assert str(raised.value).startswith("GET /api/traces/x: 500 <h1>Bad gateway</h1>x")
    assert len(str(raised.value)) < 600


def test_a_closed_client_sends_nothing(site):
    with Client(site.url, "key") as client:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        client.health()
