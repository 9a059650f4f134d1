"""The database goes away and comes back, under the real server."""

import contextlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tunix_site import __version__
from tunix_site.postgres.cluster import Cluster, embedded_settings
from tunix_site.serving.server_process import database_url
from tunix_site.tests.live import MANAGE, environment_for, wait_until, web_server
from tunix_site.tests.samples import trace

pytestmark = pytest.mark.live

SECRET = "what-must-not-be-logged"
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
    cluster.programs.run("pg_ctl", "-D", str(cluster.data), "-w", *arguments)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_while_it_is_away_all_is_503_and_then_it_works_by_itself(cluster, server, key, mode):
    with server.client(key) as client:

        def answers():
            return [
                client.get("/api/traces", params={"q": SECRET}),
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
        assert health.json() == in_health("unhealthy", "away")
        assert client.get("/static/rest_framework/css/default.css").status_code == 200

        control(cluster, "start", "-l", str(cluster.log))
        wait_until(lambda: server.health() == 200)
        with ThreadPoolExecutor(8) as pool:
            codes = set(pool.map(lambda _: client.get("/api/traces").status_code, range(40)))
        assert codes == {200}
        assert client.get("/api/traces?count=true").json()["count"] == before + 3
    log = server.log.read_text()
    assert "the database is away (SQLSTATE none)" in log
    assert "Internal Server Error" not in log
    assert SECRET not in log
    entries = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert [entry for entry in entries if entry["levelname"] == "ERROR"]
    assert all(entry["request_id"] for entry in entries if entry.get("status") == 503)


def test_it_restarts_under_a_server_that_nobody_asked_meanwhile(cluster, server, key):
    with server.client(key) as client:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: client.get("/api/traces"), range(16)))
        control(cluster, "restart", "-m", "fast", "-l", str(cluster.log))
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: client.get("/api/traces"), range(16)))
        assert {answer.status_code for answer in answers} == {200}
        assert client.post("/api/traces", json=trace()).status_code == 201


def superuser(cluster: Cluster) -> psycopg.Connection:
    named = {"host": str(cluster.socket_dir), "user": "postgres", "dbname": "postgres"}
    return psycopg.connect(**named, autocommit=True)


def end_sessions(database: psycopg.Connection) -> None:
    database.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = 'tunix'"
    )


def in_health(status: str, database: str) -> dict[str, str]:
    return {"status": status, "database": database, "version": __version__}


def health(client) -> tuple[int, dict]:
    answer = client.get("/api/health")
    return answer.status_code, answer.json()


READ_ONLY = {"detail": "The database is read-only: nothing was stored."}


def test_a_database_that_is_read_only_is_read_and_says_why_it_is_not_written(cluster, server, key):
    """As a standby is."""
    with superuser(cluster) as database, server.client(key) as client:
        try:
            database.execute("ALTER ROLE tunix SET default_transaction_read_only = on")
            end_sessions(database)
            assert client.get("/api/traces").status_code == 200
            for answer in (
                client.post("/api/traces", json=trace()),
                client.post("/api/traces/batch", json=[trace()]),
                client.post("/api/traces/import", content=b"{}"),
            ):
                assert (answer.status_code, answer.json()) == (503, READ_ONLY)
                assert answer.headers["Retry-After"] == "5"
            degraded = (200, in_health("degraded", "read-only"))
            wait_until(lambda: health(client) == degraded)
        finally:
            database.execute("ALTER ROLE tunix RESET default_transaction_read_only")
            end_sessions(database)
        assert client.post("/api/traces", json=trace()).status_code == 201
        wait_until(lambda: health(client) == (200, in_health("healthy", "ok")))
    assert "the database is read-only (SQLSTATE 25006)" in server.log.read_text()


FULL = {"detail": "The database's disk is full: nothing was stored."}


@pytest.fixture
def small_disk(cluster, tmp_path):
    """The database is moved to a disk of its own, of 64 MiB; give where that is."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounts a disk, as root can")
    directory = place / "data"
    directory.mkdir()
    os.chown(directory, cluster.programs.account.owner, -1)
    try:
        with superuser(cluster) as database:
            database.execute(f"CREATE TABLESPACE small LOCATION '{directory}'")
            move = "ALTER DATABASE tunix SET TABLESPACE {}"
            for tablespace in ("small", "pg_default"):
                database.execute("ALTER DATABASE tunix ALLOW_CONNECTIONS false")
                end_sessions(database)
                database.execute(move.format(tablespace))
                database.execute("ALTER DATABASE tunix ALLOW_CONNECTIONS true")
                if tablespace == "small":
                    yield place
            database.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(["umount", str(place)], check=True)


def fill(place) -> None:
    left = os.statvfs(place)
    place.joinpath("filler").write_bytes(bytes(left.f_bavail * left.f_frsize))


def test_a_full_disk_is_507_and_then_it_works_by_itself(small_disk, server, key):
    with server.client(key) as client:
        wait_until(lambda: client.get("/api/traces").status_code == 200)
        before = client.get("/api/traces?count=true").json()["count"]
        fill(small_disk)
        large = [trace(prompt=os.urandom(20_000).hex()) for _ in range(100)]
        for answer in (
            client.post("/api/traces/batch", json=large),
            client.post("/api/traces/batch", json=large, headers={"Idempotency-Key": "full"}),
        ):
            assert (answer.status_code, answer.json()) == (507, FULL)
        degraded = (200, {"status": "degraded", "database": "full", "version": __version__})
        wait_until(lambda: health(client) == degraded)
        assert client.get("/api/traces?count=true").json()["count"] == before  # read all the same
        small_disk.joinpath("filler").unlink()
        again = client.post("/api/traces/batch", json=large[:10], headers={"Idempotency-Key": "f"})
        assert again.status_code == 201
        wait_until(lambda: health(client) == (200, in_health("healthy", "ok")))
        assert client.get("/api/traces?count=true").json()["count"] == before + 10
    assert "the database is full (SQLSTATE 53100)" in server.log.read_text()


def test_a_server_without_connections_left_says_so(cluster, server, key):
    named = {"host": str(cluster.socket_dir), "user": "tunix", "dbname": "tunix"}
    crowd = []
    with server.client(key) as client, superuser(cluster) as database:
        end_sessions(database)
        try:
            with contextlib.suppress(psycopg.OperationalError):
                crowd.extend(iter(lambda: psycopg.connect(**named), None))
            assert len(crowd) > 50
            answer = client.get("/api/traces")
        finally:
            for connection in crowd:
                connection.close()
        assert answer.status_code == 503
        assert answer.json() == {"detail": "The database has no connection left."}
        wait_until(lambda: client.get("/api/traces").status_code == 200)
