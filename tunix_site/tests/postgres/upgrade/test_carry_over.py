"""Data of an earlier PostgreSQL is carried over, whole or not at all."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from tunix_site.postgres import cluster as clusters
from tunix_site.postgres.cluster import Cluster, embedded_postgres
from tunix_site.postgres.programs import VERSION, Programs, carried_binaries
from tunix_site.postgres.telling import PostgresError
from tunix_site.postgres.upgrade.carry_over import CarryOver
from tunix_site.tests.live import MANAGE, wait_until
from tunix_site.tests.postgres.upgrade.clusters import (
    ROWS,
    connect,
    copy,
    earlier,
    make,
    one,
    places,
    processes_of,
    version_on_disk,
)

HOLD = """
import sys
from pathlib import Path
from tunix_site.postgres.cluster import embedded_postgres
from tunix_site.postgres.programs import carried_binaries
with embedded_postgres(Path(sys.argv[1]), binaries={binaries}):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(var_dir: Path, binaries: str = "None") -> subprocess.Popen:
    """Begin another process that holds the server up."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD.format(binaries=binaries), str(var_dir)],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def is_as_it_was(var_dir: Path) -> bool:
    """Say whether PostgreSQL 16 has all of it, and nothing else is there."""
    with embedded_postgres(var_dir, binaries=earlier()):
        return one(var_dir, "SELECT count(*) FROM kept") == ROWS and places(var_dir) == {"data"}


def test_all_of_it_is_carried_over_and_the_earlier_data_is_kept(var_dir, capsys):
    with embedded_postgres(var_dir):
        assert one(var_dir, "SHOW server_version").startswith(f"{VERSION}.")
        assert one(var_dir, "SELECT sum(n)::int FROM kept") == ROWS * (ROWS + 1) // 2
        assert one(var_dir, "SELECT nextval('numbers')") == 8
        assert one(var_dir, "SHOW work_mem") == "5MB"  # of the database
        assert one(var_dir, "SHOW deadlock_timeout") == "3s"  # of the whole server
        assert one(var_dir, "SELECT count(*) FROM pg_stats WHERE tablename = 'kept'") == 2
        known = "SELECT rolconnlimit || ' ' || left(rolpassword, 13) FROM pg_authid "
        guest = one(var_dir, known + "WHERE rolname = 'guest'", user="postgres")
        assert guest == "3 SCRAM-SHA-256"[: len(guest)]
        extension = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        assert one(var_dir, extension) == "0.8.5"  # which comes with the server
        assert one(var_dir, "SHOW data_checksums") == "on"
    assert places(var_dir) == {"data", "data-16"}
    assert version_on_disk(var_dir / "postgres" / "data-16") == "16"
    printed = capsys.readouterr().err
    assert "Carrying " in printed
    assert "carrying over: " in printed
    assert f"PostgreSQL {VERSION} holds what 16 held: 1,000 rows, after" in printed
    command = shlex.split(printed.splitlines()[-1].partition("to delete it: ")[2])
    subprocess.run(command, check=True)
    assert places(var_dir) == {"data"}
    with embedded_postgres(var_dir):
        assert one(var_dir, "SELECT count(*) FROM kept") == ROWS
    assert "Carrying" not in capsys.readouterr().err


def test_where_one_goes_back_the_earlier_data_is_as_it_was(var_dir):
    with embedded_postgres(var_dir), connect(var_dir) as connection:
        connection.execute("DELETE FROM kept")
    root = var_dir / "postgres"
    shutil.rmtree(root / "data")
    (root / "data-16").rename(root / "data")
    assert is_as_it_was(var_dir)


def test_encoding_locale_and_missing_checksums_stay(tmp_path):
    make(tmp_path, "--encoding=LATIN1", "--locale=C")
    with embedded_postgres(tmp_path):
        assert one(tmp_path, "SHOW server_encoding") == "LATIN1"
        assert one(tmp_path, "SHOW data_checksums") == "off"
        like = (
            "SELECT datlocprovider::text || datcollate FROM pg_database WHERE datname = 'template0'"
        )
        assert one(tmp_path, like) == "cC"
        assert one(tmp_path, "SELECT count(*) FROM kept") == ROWS


def test_without_pg_upgrade_it_is_dumped_and_restored(var_dir, monkeypatch, capsys):
    monkeypatch.setattr(Programs, "has", lambda programs, program: program != "pg_upgrade")
    with embedded_postgres(var_dir):
        assert one(var_dir, "SHOW server_version").startswith(f"{VERSION}.")
        assert one(var_dir, "SELECT count(*) FROM kept") == ROWS
        assert one(var_dir, "SELECT nextval('numbers')") == 8
        assert one(var_dir, "SELECT count(*) FROM pg_stats WHERE tablename = 'kept'") == 2
    assert places(var_dir) == {"data", "data-16"}
    assert "carrying over: " in capsys.readouterr().err


def test_it_runs_as_an_account_of_less_rights_where_that_may_come(made_by_16):
    with tempfile.TemporaryDirectory() as directory:
        var_dir = copy(made_by_16, Path(directory) / "var")
        for path in (Path(directory), var_dir):
            path.chmod(0o755)
        with embedded_postgres(var_dir):
            assert one(var_dir, "SELECT count(*) FROM kept") == ROWS
            root = var_dir / "postgres"
            owners = {path.stat().st_uid for path in (root / "data").rglob("*")}
            assert owners == {root.stat().st_uid}
            assert 0 not in owners


def test_any_command_does_it(var_dir):
    environment = {**os.environ, "TUNIX_VAR": str(var_dir), "DATABASE_URL": ""}
    environment.pop("MAKELEVEL", None)
    command = [sys.executable, str(MANAGE), "migrate", "-v0"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Carrying " in done.stderr
    assert places(var_dir) == {"data", "data-16"}
    assert processes_of(var_dir) == []


def test_one_does_it_and_the_others_wait(var_dir):
    processes = [holder(var_dir) for _ in range(3)]
    held = [process.stdout.readline() for process in processes]
    printed = [process.communicate()[1] for process in processes]
    assert held == ["held\n"] * 3, printed
    assert sorted("Carrying " in text for text in printed) == [False, False, True]
    waits = "Waiting for another command that starts, stops or carries over PostgreSQL..."
    assert all("Carrying " in text or waits in text for text in printed)


def test_data_in_use_by_an_earlier_version_is_left_to_it(var_dir):
    process = holder(var_dir, "carried_binaries()[16]")
    assert process.stdout.readline() == "held\n"
    pid = Cluster(var_dir).running_pid()
    told = rf"PostgreSQL 16 is in use by a command of an earlier version .* is process {pid}\)"
    with pytest.raises(PostgresError, match=told):
        Cluster(var_dir).enter()
    assert one(var_dir, "SELECT count(*) FROM kept") == ROWS
    process.communicate()
    with embedded_postgres(var_dir):
        assert one(var_dir, "SHOW server_version").startswith(f"{VERSION}.")


@pytest.mark.parametrize("victim", ["holder", "server"])
def test_what_a_killed_command_or_server_left_is_no_hindrance(var_dir, victim):
    process = holder(var_dir, "carried_binaries()[16]")
    assert process.stdout.readline() == "held\n"
    with connect(var_dir) as connection:
        connection.execute("INSERT INTO kept VALUES (0, 'just before')")
    server = Cluster(var_dir).running_pid()
    process.kill()
    process.communicate()
    if victim == "server":
        os.kill(server, signal.SIGKILL)
    with embedded_postgres(var_dir):
        assert one(var_dir, "SHOW server_version").startswith(f"{VERSION}.")
        assert one(var_dir, "SELECT count(*) FROM kept") == ROWS + 1


class TestRefused:
    """Where it cannot be done, the data stays as it was."""

    def test_room_is_asked_for_first(self, var_dir, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100 * 1024**2))
            told = (
                r"(?s)could not be carried over .* MiB are needed beside it, and 100 MiB are free"
            )
            with pytest.raises(PostgresError, match=told):
                Cluster(var_dir).enter()
        assert is_as_it_was(var_dir)

    def test_what_pg_upgrade_refuses_is_said_in_its_words(self, var_dir):
        with embedded_postgres(var_dir, binaries=earlier()), connect(var_dir) as connection:
            connection.execute("CREATE TABLE refused (procedure regproc)")
        with pytest.raises(PostgresError, match=r"(?s)as it was: .*pg_upgrade failed; .*reg\*"):
            Cluster(var_dir).enter()
        assert (var_dir / "postgres" / "pg_upgrade_output.d").exists()
        shutil.rmtree(var_dir / "postgres" / "pg_upgrade_output.d")
        assert is_as_it_was(var_dir)
        assert processes_of(var_dir) == []

    def test_what_psql_refuses_is_said_in_its_words(self, var_dir, monkeypatch):
        monkeypatch.setattr(Programs, "has", lambda programs, program: False)
        function = "CREATE FUNCTION bad() RETURNS int LANGUAGE c AS '$libdir/vector', 'vector_in'"
        away = "UPDATE pg_proc SET probin = '$libdir/away' WHERE proname = 'bad'"
        with (
            embedded_postgres(var_dir, binaries=earlier()),
            connect(var_dir, user="postgres") as connection,
        ):
            connection.execute(function)
            connection.execute(away)
        with pytest.raises(PostgresError, match=r"(?s)as it was: .*psql failed; .*away"):
            Cluster(var_dir).enter()
        assert is_as_it_was(var_dir)

    def test_a_new_server_that_holds_something_else_is_thrown_away(self, var_dir, monkeypatch):
        def fill_and_lose(carrying, held):
            fill(carrying, held)
            with carrying.new.running(carrying.to), carrying.new.connect("tunix") as connection:
                connection.execute("DELETE FROM kept WHERE n = 1")

        fill = CarryOver.fill
        with monkeypatch.context() as patch:
            patch.setattr(CarryOver, "fill", fill_and_lose)
            with pytest.raises(PostgresError, match="not the same: tunix r public kept"):
                Cluster(var_dir).enter()
        assert is_as_it_was(var_dir)

    def test_a_name_that_is_taken_is_said(self, var_dir):
        (var_dir / "postgres" / "data-16").mkdir()
        with pytest.raises(PostgresError, match=r"There is a .*data-16 already: move it away"):
            Cluster(var_dir).enter()
        (var_dir / "postgres" / "data-16").rmdir()
        assert is_as_it_was(var_dir)

    @pytest.mark.parametrize("made_by", ["14", "15", "17", "19", "9.6", "garbage"])
    def test_another_version_is_left_alone_with_advice(self, tmp_path, made_by):
        data = tmp_path / "postgres" / "data"
        data.mkdir(parents=True)
        (data / "PG_VERSION").write_text(f"{made_by}\n")
        with pytest.raises(PostgresError) as refused:
            Cluster(tmp_path).enter()
        told = f"was made by PostgreSQL {made_by} and this is {VERSION}. The packages carry 16 and"
        assert told in str(refused.value)
        assert "make backup FILE=" in str(refused.value)
        assert [path.name for path in data.iterdir()] == ["PG_VERSION"]

    def test_packages_that_carry_one_version_say_what_they_lack(self, var_dir, monkeypatch):
        carried = carried_binaries()
        monkeypatch.setattr(clusters, "carried_binaries", lambda: {VERSION: carried[VERSION]})
        told = rf"made by PostgreSQL 16 and this is {VERSION}\. The packages carry {VERSION}\. With"
        with pytest.raises(PostgresError, match=told):
            Cluster(var_dir).enter()
        assert is_as_it_was(var_dir)


def test_settings_that_ours_does_not_know_are_said_and_left(var_dir, capsys):
    with (var_dir / "postgres" / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("old_snapshot_threshold = 60min\n")  # gone in 17
    with embedded_postgres(var_dir):
        assert one(var_dir, "SHOW deadlock_timeout") == "1s"
    assert "were not taken over: postgres failed: " in capsys.readouterr().err


def test_lines_of_ones_own_are_taken_over(var_dir):
    with (var_dir / "postgres" / "data" / "postgresql.conf").open("a") as configuration:
        configuration.write("vacuum_cost_limit = 123\n")
    with embedded_postgres(var_dir):
        assert one(var_dir, "SHOW vacuum_cost_limit") == "123"
        wait_until(lambda: one(var_dir, "SELECT 1") == 1)
