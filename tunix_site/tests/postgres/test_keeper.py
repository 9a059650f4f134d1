"""A server that is killed while it is held is started again."""

import os
import signal
import subprocess
import sys

import psycopg
import pytest

from tunix_site.postgres import keeper
from tunix_site.postgres.cluster import Cluster, embedded_postgres
from tunix_site.postgres.keeper import KeptPostgres, looked_after
from tunix_site.postgres.names import DATABASE, PORT, ROLE
from tunix_site.postgres.telling import PostgresError
from tunix_site.tests.live import MANAGE, wait_until


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with embedded_postgres(tmp_path_factory.mktemp("kept")) as cluster:
        yield cluster


def answers(cluster: Cluster) -> bool:
    named = {"host": str(cluster.socket_dir), "port": PORT, "user": ROLE, "dbname": DATABASE}
    try:
        with psycopg.connect(**named) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def kill(cluster: Cluster) -> int:
    pid = cluster.running_pid()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: cluster.running_pid() != pid)
    return pid


def test_a_killed_server_is_started_again(cluster):
    kept = KeptPostgres(cluster)
    killed = kill(cluster)
    kept.keep()
    assert cluster.running_pid() not in (None, killed)
    wait_until(lambda: answers(cluster))


def test_one_that_runs_is_left_alone(cluster):
    pid = cluster.running_pid()
    KeptPostgres(cluster).keep()
    assert cluster.running_pid() == pid


def test_while_another_process_decides_it_is_left_to_that(cluster):
    kept = KeptPostgres(cluster)
    with cluster.starting():
        kill(cluster)
        kept.keep()  # does not wait
        assert cluster.running_pid() is None
    kept.not_before = 0.0
    kept.keep()
    assert cluster.running_pid() is not None
    wait_until(lambda: answers(cluster))


def test_it_is_not_tried_over_and_over(cluster, monkeypatch, caplog):
    def refuse():
        raise PostgresError("no room")

    kept = KeptPostgres(cluster)
    kill(cluster)
    with monkeypatch.context() as patch:
        patch.setattr(cluster, "start_unless_running", refuse)
        kept.keep()
        kept.keep()
    assert caplog.messages.count("PostgreSQL cannot be started: no room") == 1
    kept.not_before = 0.0
    kept.keep()
    wait_until(lambda: answers(cluster))


def test_during_a_block_a_thread_looks_after_it(cluster, monkeypatch):
    monkeypatch.setattr(keeper, "LOOK_SECONDS", 0.05)
    with looked_after(cluster):
        killed = kill(cluster)
        wait_until(lambda: answers(cluster))
    assert cluster.running_pid() != killed


@pytest.mark.live
@pytest.mark.parametrize("command", [["work"], ["index_traces", "--kind", "search"]])
def test_a_command_keeps_the_server_that_it_holds(tmp_path_factory, command):
    var_dir = tmp_path_factory.mktemp("command")
    environment = {**os.environ, "TUNIX_VAR": str(var_dir), "DATABASE_URL": ""}
    environment.pop("MAKELEVEL", None)
    manage = [sys.executable, str(MANAGE)]
    subprocess.run([*manage, "migrate", "-v0"], env=environment, check=True)
    with (var_dir / "printed").open("w") as printed:
        process = subprocess.Popen(
            [*manage, *command], env=environment, stdout=printed, stderr=printed
        )
    cluster = Cluster(var_dir)
    with process:
        wait_until(lambda: cluster.data.exists() and answers(cluster))
        wait_until(lambda: sessions(cluster) > 1)
        kill(cluster)
        wait_until(lambda: answers(cluster))
        process.send_signal(signal.SIGINT)
        process.wait(60)
    assert cluster.running_pid() is None, (var_dir / "printed").read_text()
    assert "Traceback" not in (var_dir / "printed").read_text()


def sessions(cluster: Cluster) -> int:
    named = {"host": str(cluster.socket_dir), "port": PORT, "user": ROLE, "dbname": DATABASE}
    with psycopg.connect(**named) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user"
        return connection.execute(query).fetchone()[0]
