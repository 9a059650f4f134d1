"""GET /metrics: what is counted, by what, and for whom."""

import os
import re
import signal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tunix_site.serving import metrics
from tunix_site.tests.live import url_of_database, wait_until, web_server

URL = "/metrics"


def samples(text: str, name: str = "tunix_requests_total") -> dict[tuple[str, ...], float]:
    """Read a metric's values by the values of its labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def counted(client) -> dict[tuple[str, ...], float]:
    response = client.get(URL)
    assert response.status_code == 200
    return samples(response.content.decode())


@pytest.mark.django_db
def test_requests_are_counted_and_timed_by_route(reader):
    before = counted(reader)
    for _ in range(3):
        reader.get("/api/traces")
    reader.get("/api/traces?limit=0")
    text = reader.get(URL).content.decode()
    grown = {key: value - before.get(key, 0) for key, value in samples(text).items()}
    assert grown["GET", "api/traces/?$", "200"] == 3
    assert grown["GET", "api/traces/?$", "400"] == 1
    assert samples(text, "tunix_request_seconds_count")["GET", "api/traces/?$"] >= 4
    assert samples(text, "tunix_request_seconds_sum")["GET", "api/traces/?$"] > 0


@pytest.mark.django_db
def test_clients_do_not_grow_the_labels(reader):
    reader.get(URL)
    before = counted(reader)
    for n in range(20):
        reader.get(f"/api/traces/{n}?n={n}")
        reader.get(f"/nowhere/{n}")
        reader.generic(f"METHOD{n}", "/api/traces")
    new = set(counted(reader)) - set(before)
    assert {key[:2] for key in new} <= {
        ("GET", "api/traces/(?P<pk>[^/]+)/?$"),
        ("GET", "unknown"),
        ("other", "api/traces/?$"),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "accept", ["*/*", "text/plain", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"]
)
def test_it_is_prometheus_text(reader, accept):
    response = reader.get(URL, headers={"Accept": accept})
    assert response["Content-Type"].startswith("text/plain; version=")
    assert b"# TYPE tunix_requests_total counter" in response.content


@pytest.mark.django_db
def test_it_needs_a_reader(client, reader):
    assert client.get(URL).status_code == 401
    assert reader.get(URL).status_code == 200
    assert reader.get(f"{URL}/").status_code == 200
    assert reader.get(f"{URL}?x=1").json() == {"x": ["Unknown parameter. None is known."]}
    assert reader.post(URL).status_code == 405


@pytest.mark.live
def test_several_web_processes_count_together(live_key, tmp_path):
    with web_server(
        database_url=url_of_database(), var_dir=tmp_path, TUNIX_WEB_PROCESSES="2"
    ) as pair:
        wait_until(lambda: len(pair.worker_pids()) == 2)

        def count() -> float:
            with pair.client(live_key) as client:
                return counted(client).get(("GET", "^api/health/?$", "200"), 0)

        before = count()
        assert [pair.health() for _ in range(30)] == [200] * 30
        assert {count() for _ in range(10)} == {before + 30}

        killed = pair.worker_pids()[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(set(pair.worker_pids()) - {killed}) == 2)
        assert count() >= before + 30  # what the one that ended had counted is kept


def test_where_processes_count_into_files_those_are_read(monkeypatch, tmp_path):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    assert metrics.counted() == b""
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR")
    assert re.search(rb"^# HELP tunix_requests_total ", metrics.counted(), re.MULTILINE)
