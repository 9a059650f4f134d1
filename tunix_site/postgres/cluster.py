"""The embedded PostgreSQL: a cluster of its own under var/, held up by whoever uses it.

Every user holds a shared lock on a file while inside; the kernel lets it go when a user is killed.
The last one out stops the server. Nothing listens on the network, and the socket is in a private
directory.
"""

import contextlib
import fcntl
import hashlib
import os
import signal
import time
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any

import psycopg

from tunix_site.env import kept_under
from tunix_site.postgres import data_directory, postmaster
from tunix_site.postgres.account import find_account, own, private_directory
from tunix_site.postgres.names import DATABASE, PORT, ROLE, SUPERUSER
from tunix_site.postgres.programs import Programs, embedded_binaries
from tunix_site.postgres.telling import PostgresError, patience, say

START_SECONDS = 600  # recovery after a crash replays the log, and may take its time
RETRY_SECONDS = 30  # backends of a killed server linger, and hold its memory
STOP_SECONDS = 30  # in its recovery, a server may not hear that it is to stop
HARD_SECONDS = 5
PAUSE_SECONDS = 0.1
CONNECT_SECONDS = 5
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MAX_SOCKET_PATH = 100  # bytes; the system's limit is 107, in places 103


def embedded_settings(var_dir: Path) -> dict[str, Any]:
    """Return Django's settings for the cluster under `var_dir`; starts and touches nothing."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": ROLE,
        "HOST": str(Cluster(var_dir).socket_dir),
        "PORT": str(PORT),
    }


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
            with patience("Waiting for another command that starts or stops PostgreSQL..."):
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
        command = self.programs.command("postgres", "-D", str(self.data))
        # in the background of a shell that ends, it is nobody's child, and its number is told
        shell = ["sh", "-c", '"$@" </dev/null >>"$LOG" 2>&1 & echo $!', "sh", *command]
        environment = self.programs.environment(LOG=str(self.log))
        with _uninterrupted():
            started = self.programs.call("postgres", shell, env=environment, start_new_session=True)
            self.started = int(started.stdout)
            postmaster.wait_for_program(self.started, self.data)

    def _wait_until_it_answers(self) -> None:
        began = time.monotonic()
        with patience("Waiting for PostgreSQL to start; after a crash it replays its log..."):
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
        with patience(f"Waiting for PostgreSQL to stop, {STOP_SECONDS} seconds at most..."):
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
    def programs(self) -> Programs:
        binaries = self.given_binaries or embedded_binaries()
        return Programs(binaries, find_account(self.root, binaries))

    def _prepare(self) -> None:
        """Make whatever the server needs on disk, or put right what it finds."""
        account = self.programs.account
        private_directory(self.socket_dir, account.owner)
        self._give_to_account()
        if not (self.data / "PG_VERSION").exists():
            data_directory.create(self.data, self.programs)
        data_directory.check_version(self.data, self.programs.major_version)
        data_directory.configure(self.data, self.socket_dir, account)
        self._give_to_account()

    def _give_to_account(self) -> None:
        owner = self.programs.account.owner
        self.log.touch()
        self.root.chmod(0o700)
        for path in (self.root, self.log):
            own(path, owner)
        data_directory.give(self.data, owner)

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


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let interruptions wait: what is started meanwhile must be known to whoever stops it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
