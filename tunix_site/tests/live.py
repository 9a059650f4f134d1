"""The real web server, started as a process on a database that is given."""

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
from django.conf import settings
from django.db import connection

from tunix_site.serving.server_process import RunningServer, running_server
from tunix_site.serving.server_process import database_url as url_of

MANAGE = settings.BASE_DIR / "manage.py"
WAIT_SECONDS = 60
SECRET_KEY = "a-key-for-tests-that-is-long-enough-to-be-taken-0123456789"


class WebServer:
    """A running server: where it answers, its process and what it has logged."""

    def __init__(self, url: str, pid: int, log: Path) -> None:
        self.url = url
        self.port = int(url.rpartition(":")[2])
        self.pid = pid
        self.log = log

    def client(self, key: str = "") -> httpx.Client:
        headers = {"Authorization": f"Token {key}"} if key else {}
        # without verify=False, each client would read all certificates first, and use none
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=60, trust_env=False, verify=False
        )

    def health(self) -> int | None:
        """Return the status of the health check, None where nobody answers."""
        try:
            with self.client() as client:
                return client.get("/api/health").status_code
        except httpx.TransportError:
            return None

    def worker_pids(self) -> list[int]:
        return RunningServer(self.url, self.pid).web_process_ids()

    def peak_memory(self) -> int:
        """Return the most bytes that a web process has held so far."""
        peaks = []
        for pid in self.worker_pids():
            status = Path(f"/proc/{pid}/status").read_text()
            peaks.append(int(status.split("VmHWM:")[1].split()[0]) * 1024)
        return max(peaks)


@contextlib.contextmanager
def web_server(*, database_url: str, var_dir: Path, **variables: str) -> Iterator[WebServer]:
    """Serve a migrated database while the block runs; further variables go to the environment."""
    log = var_dir / "server.log"
    environment = environment_for(database_url, TUNIX_VAR=str(var_dir), **variables)
    with running_server(environment=environment, log_path=log) as running:
        yield WebServer(running.url, running.pid, log)


def environment_for(database_url: str, **variables: str) -> dict[str, str]:
    """Give the environment of a program of ours that works on the database."""
    return {**os.environ, "DATABASE_URL": database_url, "SECRET_KEY": SECRET_KEY, **variables}


def url_of_database() -> str:
    """Name the database that the tests run on."""
    return url_of(connection.settings_dict)


def wait_until(condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    """Poll a condition until it holds; AssertionError past the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.05)


def wait_until_idle() -> None:
    """Wait until nobody else is in a transaction in the tests' database."""
    busy = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend'
        AND pid <> pg_backend_pid() AND state <> 'idle'
    """

    def is_idle() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(busy)
            return bool(cursor.fetchone() == (0,))

    wait_until(is_idle)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def exchange(port: int, *pieces: bytes) -> bytes:
    """Send bytes as they are, say that no more will come, and give all that is answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as stream:
        # who refuses early may hang up on us: what was answered until then counts
        with contextlib.suppress(OSError):
            for piece in pieces:
                stream.sendall(piece)
            stream.shutdown(socket.SHUT_WR)
        answer = bytearray()
        with contextlib.suppress(OSError):
            while piece := stream.recv(65536):
                answer += piece
        return bytes(answer)
