"""A number in PostgreSQL's lock files is believed only where it is that server's."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tunix_site.postgres import postmaster
from tunix_site.postgres.cluster import Cluster, embedded_postgres
from tunix_site.postgres.names import PORT
from tunix_site.postgres.postmaster import is_server, recorded_pid
from tunix_site.postgres.telling import PostgresError
from tunix_site.tests.live import is_alive, wait_until

NOTES_SIGNALS = """
import signal, sys, time
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(number, lambda caught, _: print("got", caught, flush=True))
print("begun", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory) -> Cluster:
    """A cluster whose server does not run."""
    directory = tmp_path_factory.mktemp("var")
    with embedded_postgres(directory) as cluster:
        pass
    return cluster


@pytest.fixture
def bystander():
    """A process that has nothing to do with it, and prints what signals it gets."""
    process = subprocess.Popen(
        [sys.executable, "-c", NOTES_SIGNALS], stdout=subprocess.PIPE, text=True
    )
    with process:
        assert process.stdout.readline() == "begun\n"
        yield process
        assert process.poll() is None
        process.kill()
        assert process.stdout.read() == ""  # no signal came


def lock_files(cluster: Cluster) -> list[Path]:
    return [cluster.server.pid_file, cluster.server.socket_lock]


def write_locks(cluster: Cluster, first: object, *, paths: list[Path]) -> None:
    for path in paths:
        path.write_text(f"{first}\n{cluster.data}\n1700000000\n{PORT}\n{cluster.socket_dir}\n\n")


@pytest.mark.parametrize("which", [[0], [1], [0, 1]])
def test_a_number_that_is_another_process_by_now_is_removed(cluster, bystander, capsys, which):
    paths = [lock_files(cluster)[index] for index in which]
    write_locks(cluster, bystander.pid, paths=paths)
    with embedded_postgres(cluster.root.parent):
        assert recorded_pid(cluster.server.pid_file) != bystander.pid
        assert cluster.running_pid() == recorded_pid(cluster.server.pid_file)
    printed = capsys.readouterr().err
    for path in paths:
        assert f"Removing {path}: process {bystander.pid} is no PostgreSQL" in printed


def test_our_own_number_is_no_servers(cluster):
    """As in a container, where every start gives the same numbers."""
    write_locks(cluster, os.getpid(), paths=lock_files(cluster))
    with embedded_postgres(cluster.root.parent):
        assert recorded_pid(cluster.server.pid_file) != os.getpid()


@pytest.mark.parametrize("content", ["", "garbage", "0", "-5 x"])
def test_a_lock_file_that_holds_no_number_is_removed(cluster, content):
    for path in lock_files(cluster):
        path.write_text(content)
    with embedded_postgres(cluster.root.parent):
        assert cluster.running_pid() is not None


def test_a_server_of_another_directory_is_another_process(cluster, tmp_path):
    with embedded_postgres(tmp_path) as other:
        pid = other.running_pid()
        assert is_server(pid, other.data)
        assert not is_server(pid, cluster.data)
        write_locks(cluster, pid, paths=lock_files(cluster))
        with embedded_postgres(cluster.root.parent):
            assert cluster.running_pid() != pid
        assert other.running_pid() == pid


def test_its_sessions_are_not_the_server(cluster):
    with embedded_postgres(cluster.root.parent):
        named = {"host": str(cluster.socket_dir), "port": PORT, "user": "tunix"}
        with psycopg.connect(**named, dbname="tunix") as connection:
            session = connection.info.backend_pid
            assert not is_server(session, cluster.data)
            assert session in postmaster.leftovers(cluster.data)
        assert is_server(cluster.running_pid(), cluster.data)


def test_a_session_that_computes_does_not_hold_up_the_next_start(cluster):
    with embedded_postgres(cluster.root.parent):
        named = {"host": str(cluster.socket_dir), "port": PORT, "user": "tunix"}
        connection = psycopg.connect(**named, dbname="tunix")
        session = connection.info.backend_pid
        # it computes, and looks neither at its client nor at its server
        connection.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000)")
        wait_until(lambda: utime(session) > 20)
        os.kill(cluster.running_pid(), signal.SIGKILL)
        wait_until(lambda: cluster.running_pid() is None)
        assert is_alive(session)
        with embedded_postgres(cluster.root.parent):
            assert not is_alive(session)
        connection.close()


def utime(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11])


def test_a_process_that_has_ended_is_no_server(cluster):
    process = subprocess.Popen(["true"])
    process.wait()
    assert postmaster.command(process.pid) == ("", "")
    unwaited = subprocess.Popen(["true"])  # ended, and nobody has taken note yet
    wait_until(lambda: postmaster.command(unwaited.pid) == ("", ""))
    assert not is_server(unwaited.pid, cluster.data)
    unwaited.wait()


@pytest.fixture
def without_proc(monkeypatch, tmp_path):
    """As on systems without /proc, where ps tells."""
    monkeypatch.setattr(postmaster, "PROC", tmp_path / "proc")


def test_without_proc_it_is_asked_of_ps(cluster, bystander, without_proc):
    with embedded_postgres(cluster.root.parent):
        pid = cluster.running_pid()
        assert pid == recorded_pid(cluster.server.pid_file)
        assert not is_server(bystander.pid, cluster.data)
        assert list(postmaster.leftovers(cluster.data)) == []
    assert not is_alive(pid)
    assert postmaster.command(pid) == ("", "")


def test_where_nothing_tells_nothing_is_removed_nor_signalled(
    cluster, bystander, without_proc, monkeypatch
):
    write_locks(cluster, bystander.pid, paths=[cluster.server.pid_file])
    monkeypatch.setenv("PATH", "")
    with pytest.raises(PostgresError, match=f"Whether process {bystander.pid} is a PostgreSQL"):
        cluster.start_unless_running()
    assert recorded_pid(cluster.server.pid_file) == bystander.pid
    cluster.server.pid_file.unlink()
