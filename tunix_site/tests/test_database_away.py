"""The database goes away and comes back, under the real server."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tunix_site.postgres import Cluster, embedded_settings
from tunix_site.server_process import database_url
from tunix_site.tests.live import MANAGE, environment_for, wait_until, web_server
from tunix_site.tests.samples import trace

pytestmark = pytest.mark.live

AWAY = {"detail": "The database is not available."}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    cluster = Cluster(tmp_path_factory.mktemp("away"))
    users = cluster.enter()
    yield cluster
    cluster.leave(users)


@pytest.fixture(scope="module")
def url(cluster):
    named = embedded_settings(cluster.root.parent)
    return database_url({**named, "PASSWORD": "", "OPTIONS": {}})


@pytest.fixture(scope="module")
def key(url):
    """Migrate, and give a key."""
    for command in (["migrate", "-v0"], ["create_api_key", "someone"]):
        done = subprocess.run(
            [sys.executable, str(MANAGE), *command],
            env=environment_for(url),
            capture_output=True,
            text=True,
            check=True,
        )
    return done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def server(url, key, tmp_path_factory):
    with web_server(database_url=url, var_dir=tmp_path_factory.mktemp("server")) as server:
        yield server


def control(cluster: Cluster, *arguments: str) -> None:
    cluster.run("pg_ctl", "-D", str(cluster.data), "-w", *arguments)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_while_it_is_away_all_is_503_and_then_it_works_by_itself(cluster, server, key, mode):
    with server.client(key) as client:

        def answers():
            return [
                client.get("/api/traces"),
                client.get("/api/datasets/x/export.jsonl"),
                client.post("/api/traces", json=trace()),
                client.post("/api/traces", json=trace(), headers={"Idempotency-Key": mode}),
                client.post("/api/traces/batch", json=[trace()]),
                client.get("/admin/", headers={"Cookie": "sessionid=" + "a" * 32}),
            ]

        before = client.get("/api/traces?count=true").json()["count"]
        with ThreadPoolExecutor(8) as pool:  # every thread of the server gets a connection
            list(pool.map(lambda _: client.get("/api/traces"), range(16)))
        assert [answer.status_code for answer in answers()] == [200, 404, 201, 201, 201, 302]

        control(cluster, "stop", "-m", mode)
        for answer in answers() * 3:
            assert (answer.status_code, answer.json()) == (503, AWAY)
            assert int(answer.headers["Retry-After"]) > 0
        health = client.get("/api/health")
        assert (health.status_code, health.headers["Retry-After"]) == (503, "5")
        assert health.json() == {"status": "unhealthy", "database": "away"}
        assert client.get("/static/rest_framework/css/default.css").status_code == 200

        control(cluster, "start", "-l", str(cluster.log))
        wait_until(lambda: server.health() == 200)
        with ThreadPoolExecutor(8) as pool:
            codes = set(pool.map(lambda _: client.get("/api/traces").status_code, range(40)))
        assert codes == {200}
        assert client.get("/api/traces?count=true").json()["count"] == before + 3
    log = server.log.read_text()
    assert "database away" in log
    assert "Internal Server Error" not in log


def test_it_restarts_under_a_server_that_nobody_asked_meanwhile(cluster, server, key):
    with server.client(key) as client:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: client.get("/api/traces"), range(16)))
        control(cluster, "restart", "-m", "fast", "-l", str(cluster.log))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.get("/api/traces"), range(16)))
        assert {answer.status_code for answer in answers} == {200}
        assert client.post("/api/traces", json=trace()).status_code == 201
