"""make backup and make restore: the commands, and what becomes of the data."""

import io
import os
import pty
import shlex
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections

from events.models import Event
from traces.models import Trace
from tunix_site.postgres import dumps
from tunix_site.postgres.cluster import embedded_postgres, embedded_settings
from tunix_site.serving.server_process import database_url
from tunix_site.tests.live import MANAGE, environment_for, url_of_database
from tunix_site.tests.samples import trace

URL = "/api/traces"


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "tunix.dump"


def run(*arguments: str) -> str:
    printed = io.StringIO()
    options = {"force": True} if arguments[0] == "restore" else {}
    call_command(*map(str, arguments), stdout=printed, **options)
    return printed.getvalue()


def everything() -> dict[str, list]:
    """Read every row of every table, with the next number of every sequence."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        rows = {}
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            rows[table] = cursor.fetchall()
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1")
        return {**rows, "sequences": cursor.fetchall()}


def told_of(file: Path, times: int = 1) -> list[str]:
    """Give the ids of the events that tell of restoring a file."""
    events = Event.objects.filter(object_type="database", after={"file": file.name})
    found = [str(event.pk) for event in events.filter(action="restore", through="command")]
    assert len(found) == times
    return found


def everything_but(events: list[str]) -> dict[str, list]:
    rows = everything()
    rows["events_event"] = [row for row in rows["events_event"] if row[0][1:37] not in events]
    return rows


@pytest.mark.django_db(transaction=True)
class TestRoundTrip:
    """On the database in use."""

    def test_a_restored_dump_holds_what_was_dumped(self, file, client_as):
        hostile = trace(prompt="\u00fc\U0001f600 \\N \\. \t\n'\"$$", meta={"large": 1e22})
        client_as("writer").post(URL, hostile, format="json")
        before = everything()
        printed = run("backup", file)
        assert printed == f"Wrote {file} ({file.stat().st_size:,} bytes).\n"
        client_as("writer").post(URL, trace(), format="json")
        User.objects.create_user("later")
        assert everything() != before
        assert run("restore", file) == f"Restored {file}.\n"
        assert everything_but(told_of(file)) == before
        assert client_as("writer").post(URL, trace(), format="json").status_code == 201

    def test_what_a_later_version_added_goes(self, file):
        run("backup", file)
        before = everything()
        try:
            with connection.cursor() as cursor:
                cursor.execute("CREATE TABLE later (trace uuid REFERENCES traces_trace)")
                cursor.execute("CREATE FUNCTION later() RETURNS int LANGUAGE sql AS 'SELECT 1'")
            run("restore", file)
            assert everything_but(told_of(file)) == before
            with connection.cursor() as cursor:
                cursor.execute("SELECT count(*) FROM pg_proc WHERE proname = 'later'")
                assert cursor.fetchone() == (0,)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("DROP TABLE IF EXISTS later; DROP FUNCTION IF EXISTS later")

    @pytest.mark.parametrize("damage", ["garbage", "empty", "cut", "flipped"])
    def test_a_damaged_file_changes_nothing_and_says_so(self, file, client_as, damage):
        for _ in range(3):
            client_as("writer").post(f"{URL}/batch", [trace(prompt=os.urandom(9999).hex())] * 9,
                                     format="json")  # fmt: skip
        run("backup", file)
        whole = file.read_bytes()
        middle = len(whole) // 2
        file.write_bytes(
            {
                "garbage": os.urandom(5000),
                "empty": b"",
                "cut": whole[:middle],
                "flipped": whole[:middle] + b"\xff" * 5000 + whole[middle + 5000 :],
            }[damage]
        )
        before = everything()
        with pytest.raises(CommandError, match=r"^Nothing was changed\. (pg_restore|psql): "):
            run("restore", file)
        assert everything() == before

    def test_a_backup_is_its_owners_alone(self, file):
        run("backup", file)
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0

    def test_a_backup_that_fails_leaves_the_earlier_one(self, file, monkeypatch):
        file.write_bytes(b"the earlier one")
        monkeypatch.setattr(dumps, "_database", lambda: ["--no-such-option"])
        with pytest.raises(CommandError, match=r"^pg_dump: .*no-such-option"):
            run("backup", file)
        assert file.read_bytes() == b"the earlier one"
        assert [path.name for path in file.parent.iterdir()] == [file.name]

    def test_a_restore_that_the_database_refuses_changes_nothing(self, file, monkeypatch):
        run("backup", file)
        before = everything()
        monkeypatch.setattr(dumps, "CLEAR", b"BEGIN;\nDROP TABLE no_such_table;\n")
        with pytest.raises(CommandError, match=r'psql: .*"no_such_table" does not exist'):
            run("restore", file)
        assert everything() == before

    def test_a_password_is_never_on_the_command_line(self, monkeypatch):
        monkeypatch.setitem(connection.settings_dict, "PASSWORD", "s3cret")
        monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"sslmode": "prefer", "pool": {}})
        assert dumps._environment()["PGPASSWORD"] == "s3cret"
        named = " ".join(dumps._database())
        assert "s3cret" not in named
        assert "sslmode=prefer" in named
        assert "pool" not in named

    def test_a_newer_server_needs_its_own_programs(self, file, monkeypatch):
        newer = property(lambda connection: 990_000)
        monkeypatch.setattr(type(connections["default"]), "pg_version", newer)
        monkeypatch.setenv("PATH", str(file.parent))
        with pytest.raises(CommandError, match="The server is PostgreSQL 99"):
            run("backup", file)
        program = file.parent / "pg_dump"
        program.write_text("#!/bin/sh\necho from the path >&2\nexit 1\n")
        program.chmod(0o755)
        with pytest.raises(CommandError, match=r"^pg_dump: from the path$"):
            run("backup", file)

    def test_a_server_that_is_away_is_said(self, file, monkeypatch):
        def away(connection):
            raise OperationalError("connection refused\n")

        monkeypatch.setattr(type(connections["default"]), "pg_version", property(away))
        with pytest.raises(CommandError, match=r"^connection refused$"):
            run("backup", file)


def answer_at_a_terminal(file: Path, answer: str) -> tuple[int, str]:
    """Run the command at a terminal, type an answer; give how it ended and what it showed."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(MANAGE), "restore", str(file)],
        env=environment_for(url_of_database()),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    printed = process.communicate()[0]
    os.close(ours)
    return process.returncode, printed


@pytest.mark.django_db(transaction=True)
class TestAsking:
    """Before everything is replaced."""

    def test_who_agrees_is_served(self, file, client_as):
        run("backup", file)
        client_as("writer").post(URL, trace(), format="json")
        code, printed = answer_at_a_terminal(file, "yes\n")
        assert code == 0, printed
        asked = f"This replaces everything in the database {connection.settings_dict['NAME']} on "
        assert printed.startswith(asked)
        assert printed.endswith(f" by {file}. Type yes to go on: Restored {file}.\n")
        assert not Trace.objects.exists()

    @pytest.mark.parametrize("answer", ["no\n", "\n", "y\n", "\x04"])
    def test_who_does_not_agree_loses_nothing(self, file, client_as, answer):
        run("backup", file)
        client_as("writer").post(URL, trace(), format="json")
        code, printed = answer_at_a_terminal(file, answer)
        assert (code, printed.rpartition(": ")[2]) == (1, "Nothing was changed.\n")
        assert Trace.objects.count() == 1

    def test_where_nobody_sits_it_is_refused(self, file, client_as):
        run("backup", file)
        client_as("writer").post(URL, trace(), format="json")
        done = manage("restore", str(file))
        assert done.returncode == 1
        assert "say so with --force (make restore: FORCE=1)." in done.stderr
        assert Trace.objects.count() == 1
        assert manage("restore", str(file), "--force").returncode == 0
        assert not Trace.objects.exists()

    def test_what_an_earlier_version_made_is_migrated_by_what_is_printed(self, file):
        call_command("migrate", "jobs", "zero", verbosity=0)
        try:
            run("backup", file)
        finally:
            call_command("migrate", verbosity=0)
        printed = run("restore", file)
        assert printed.startswith(f"Restored {file}.\nAn earlier version made it. Migrate it: ")
        command = shlex.split(printed.rpartition(": ")[2])
        subprocess.run(
            command,
            env=environment_for(url_of_database()),
            cwd="/",
            check=True,
            capture_output=True,
        )
        assert run("restore", file) != f"Restored {file}.\n"
        call_command("migrate", verbosity=0)


def manage(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(MANAGE), *arguments],
        env=environment_for(url_of_database()),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_place_that_is_not_there_is_said(command, tmp_path):
    with pytest.raises(CommandError, match="There is no"):
        run(command, tmp_path / "nowhere" / "tunix.dump")


def test_a_setting_that_earlier_servers_do_not_know_is_left_out():
    head = b"SET lock_timeout = 0;\nSET transaction_timeout = 0;\nSET xmloption = content;\n"
    script, sql = io.BytesIO(head + b"x" * 10_000), io.BytesIO()
    dumps._copy(script, sql)
    kept = b"SET lock_timeout = 0;\nSET xmloption = content;\n"
    assert sql.getvalue() == kept + b"x" * 10_000


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_a_site_that_is_served_goes_on_with_what_was_restored(site_as, file):
    writer = site_as("writer")
    kept = writer.post(URL, json=trace()).json()["id"]
    run("backup", file)
    lost = writer.post(URL, json=trace()).json()["id"]
    run("restore", file)
    assert writer.get(f"{URL}/{kept}").status_code == 200
    assert writer.get(f"{URL}/{lost}").status_code == 404
    assert writer.post(URL, json=trace()).status_code == 201


@pytest.mark.skipif(shutil.which("initdb") is None, reason="there is no other PostgreSQL here")
@pytest.mark.django_db(transaction=True)
def test_a_dump_moves_to_another_server_and_back(tmp_path, file, client_as):
    client_as("writer").post(URL, trace(), format="json")
    run("backup", file)
    before = everything()
    binaries = Path(shutil.which("initdb")).resolve().parent
    with embedded_postgres(tmp_path, binaries=binaries):
        url = database_url({**embedded_settings(tmp_path), "PASSWORD": "", "OPTIONS": {}})
        for command in (["restore", "--force"], ["backup"]):
            done = subprocess.run(
                [sys.executable, str(MANAGE), *command, str(file)],
                env=environment_for(url),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    run("restore", file)
    assert everything_but(told_of(file, times=2)) == before
