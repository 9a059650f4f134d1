"""The embedded PostgreSQL: a cluster of its own under var/, held up by whoever uses it.

Every user holds a shared lock on a file while inside; the kernel lets it go when a user is killed.
The last one out stops the server. Nothing listens on the network, and the socket is in a private
directory.
"""

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from tunix_site.env import kept_under
from tunix_site.postgres import data_directory
from tunix_site.postgres.account import find_account, own, private_directory
from tunix_site.postgres.names import DATABASE, PORT, ROLE
from tunix_site.postgres.programs import (
    VERSION,
    Programs,
    carried_binaries,
    embedded_binaries,
    listed,
    version_of,
)
from tunix_site.postgres.server import Server
from tunix_site.postgres.telling import PostgresError, patience
from tunix_site.postgres.upgrade import carry_over

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
        self.root = var_dir.absolute() / "postgres"
        self.data = self.root / "data"
        self.log = self.root / "log"
        self.given_binaries = binaries
        self.socket_dir = self._socket_dir()
        self.server = Server(self.data, socket_dir=self.socket_dir, log=self.log)

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
                self._carry_over_where_needed(users)
                fcntl.flock(users, fcntl.LOCK_SH)
                self.start_unless_running()
            self.server.wait_until_it_answers(self._ask, self._start_again)
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
            self.server.stop()

    @contextlib.contextmanager
    def starting(self, *, wait: bool = True) -> Iterator[None]:
        """Let one process at a time decide about starting and stopping.

        None does for long, but the one that carries the data over to a new version.
        BlockingIOError where another does and `wait` is False.
        """
        waits = "Waiting for another command that starts, stops or carries over PostgreSQL..."
        with (self.root / "start.lock").open("ab") as lock:
            with patience(waits):
                fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield

    def running_pid(self) -> int | None:
        """Give the number of the server's process; it may not answer yet, or no more."""
        return self.server.running_pid()

    def start_unless_running(self) -> None:
        """Start the server; whether it comes up is not waited for."""
        if self.running_pid() is None:
            self._prepare()
            self.server.start(self.programs)

    def _ask(self) -> None:
        with self.starting():
            self._ensure_database()

    def _start_again(self) -> None:
        with self.starting():
            self.start_unless_running()

    @property
    def version(self) -> int:
        return version_of(self.given_binaries) if self.given_binaries else VERSION

    @cached_property
    def programs(self) -> Programs:
        return self._programs(self.given_binaries or embedded_binaries())

    def _programs(self, binaries: Path) -> Programs:
        return Programs(binaries, find_account(self.root, binaries))

    def _carry_over_where_needed(self, users: IO[bytes]) -> None:
        """Bring the data of an earlier version to ours; PostgresError where that cannot be."""
        carry_over.finish(self.data)
        made_by = data_directory.version(self.data)
        if made_by is None or made_by == str(self.version):
            return
        binaries = self._binaries_of(made_by)
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PostgresError(
                f"PostgreSQL {made_by} is in use by a command of an earlier version of the site "
                f"(the server is process {self.running_pid()}). End that command, then start "
                f"again: the data will be carried over to {self.version}."
            ) from None
        self.server.stop()
        self._give_to_account()
        carry_over.CarryOver(
            self.data,
            from_=self._programs(binaries),
            to=self.programs,
            socket_dir=self.socket_dir,
            log=self.log,
        ).run()

    def _binaries_of(self, made_by: str) -> Path:
        """Find the programs that read the data of an earlier version."""
        carried = {} if self.given_binaries else carried_binaries()
        known = {str(version): path for version, path in carried.items() if version < self.version}
        if made_by in known:
            return known[made_by]
        also = f" The packages carry {listed(carried)}." if carried else ""
        raise PostgresError(
            f"{self.data} was made by PostgreSQL {made_by} and this is {self.version}.{also} With "
            "the version of the site that made it: make backup FILE=tunix.dump; then mv "
            f"{self.root} {self.root}-{made_by} and make restore FILE=tunix.dump FORCE=1"
        )

    def _prepare(self) -> None:
        """Make whatever the server needs on disk, or put right what it finds."""
        self._give_to_account()
        if data_directory.version(self.data) is None:
            data_directory.create(self.data, self.programs)
        data_directory.configure(self.data, self.socket_dir, self.programs)
        self._give_to_account()

    def _give_to_account(self) -> None:
        owner = self.programs.account.owner
        private_directory(self.socket_dir, owner)
        self.log.touch()
        self.root.chmod(0o700)
        for path in (self.root, self.log):
            own(path, owner)
        data_directory.give(self.data, owner)

    def _ensure_database(self) -> None:
        """Make our role, which may create databases and nothing more, and its database."""
        with contextlib.closing(self.server.connect()) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [ROLE]).rowcount:
                connection.execute(f"CREATE ROLE {ROLE} LOGIN CREATEDB")
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
            if not known.rowcount:
                connection.execute(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")
