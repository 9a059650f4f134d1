"""The process that serves a data directory."""

import contextlib
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg

from tunix_site.postgres import postmaster
from tunix_site.postgres.names import PORT, SUPERUSER
from tunix_site.postgres.programs import Programs
from tunix_site.postgres.telling import PostgresError, patience, say

START_SECONDS = 600  # recovery after a crash replays the log, and may take its time
RETRY_SECONDS = 30  # backends of a killed server linger, and hold its memory
STOP_SECONDS = 30  # in its recovery, a server may not hear that it is to stop
HARD_SECONDS = 5
PAUSE_SECONDS = 0.1
CONNECT_SECONDS = 5
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Server:
    """A PostgreSQL over one data directory, reached by a socket of its own."""

    def __init__(self, data: Path, *, socket_dir: Path, log: Path, port: int = PORT) -> None:
        self.data = data
        self.socket_dir = socket_dir
        self.log = log
        self.port = port
        self.pid_file = data / "postmaster.pid"
        self.socket_lock = socket_dir / f".s.PGSQL.{port}.lock"
        self.started: int | None = None  # by us; it writes its number into the file soon after

    def running_pid(self) -> int | None:
        """Give the number of the server's process; it may not answer yet, or no more."""
        for pid in (postmaster.recorded_pid(self.pid_file), self.started):
            if postmaster.is_server(pid, self.data):
                return pid
        return None

    def start(self, programs: Programs, *options: str) -> None:
        """Start it, with options of its own; whether it comes up is not waited for."""
        postmaster.remove_stale((self.pid_file, self.socket_lock), self.data)
        postmaster.end_leftovers(self.data)
        command = programs.command("postgres", "-D", str(self.data), *options)
        # in the background of a shell that ends, it is nobody's child, and its number is told
        shell = ["sh", "-c", '"$@" </dev/null >>"$LOG" 2>&1 & echo $!', "sh", *command]
        environment = programs.environment(LOG=str(self.log))
        with _uninterrupted():
            started = programs.call("postgres", shell, env=environment, start_new_session=True)
            self.started = int(started.stdout)
            postmaster.wait_for_lock(self.started, self.data, self.pid_file)

    def stop(self) -> None:
        """Stop it where it runs; hard where it does not hear, since it recovers from that."""
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

    @contextlib.contextmanager
    def running(self, programs: Programs, *options: str) -> Iterator[None]:
        """Have it answer while the block runs; PostgresError where it does not come up."""

        def start() -> None:
            self.start(programs, "-p", str(self.port), *options)

        start()
        try:
            self.wait_until_it_answers(lambda: self.connect().close(), start)
            yield
        finally:
            self.stop()

    def wait_until_it_answers(self, ask: Callable[[], None], start: Callable[[], None]) -> None:
        """Ask until there is an answer, and start it once more where it did not come up.

        PostgresError past the time for either.
        """
        began = time.monotonic()
        with patience("Waiting for PostgreSQL to start; after a crash it replays its log..."):
            while True:
                try:
                    return ask()
                except psycopg.OperationalError as error:
                    self._go_on_waiting(time.monotonic() - began, error, start)
                time.sleep(PAUSE_SECONDS)

    def _go_on_waiting(
        self, waited: float, error: psycopg.OperationalError, start: Callable[[], None]
    ) -> None:
        if self.running_pid() is not None:
            if waited > START_SECONDS:
                raise PostgresError(f"PostgreSQL runs but does not answer: {error}")
        elif waited > RETRY_SECONDS:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-10:])
            raise PostgresError(f"PostgreSQL did not start; {self.log} ends:\n{tail}")
        elif self.started is None or not postmaster.command(self.started)[0]:
            start()

    def named(self) -> list[str]:
        """Name it as an option of PostgreSQL's programs."""
        return [f"--host={self.socket_dir}", f"--port={self.port}", f"--username={SUPERUSER}"]

    def connect(self, database: str = "postgres") -> psycopg.Connection:
        """Connect as the superuser; psycopg.OperationalError where it does not answer."""
        return psycopg.connect(
            host=str(self.socket_dir),
            port=self.port,
            user=SUPERUSER,
            dbname=database,
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
        )


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let interruptions wait: what is started meanwhile must be known to whoever stops it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, INTERRUPTIONS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
