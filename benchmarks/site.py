"""What is measured: a scratch database with the real web server on it, and ways to ask it."""

import contextlib
import http.client
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path

from django.contrib.auth import get_user_model
from django.db import connection
from django.utils import timezone

from tunix_rt import Client
from tunix_site.models import ApiKey, Role
from tunix_site.serving.server_process import RunningServer, environment_of_a_server, running_server

DATABASE = "tunix_bench"
KEY_LIFE = timedelta(hours=1)
TIMEOUT_SECONDS = 120
PIECE_BYTES = 128 * 1024


class BenchmarkFailed(Exception):
    """Something that is measured did not work; the message says what."""


@contextlib.contextmanager
def scratch_database() -> Iterator[None]:
    """Make an empty, migrated database on the configured server, and drop it afterwards."""
    users_own = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = DATABASE
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(users_own, verbosity=0)


@dataclass(frozen=True)
class Site:
    """A running server of one web process, and a key to it."""

    server: RunningServer
    key: str
    environment: Mapping[str, str]  # of programs that use the same database

    @property
    def kept_exports(self) -> Path:
        """Where the server keeps exports as files."""
        return Path(self.environment["TUNIX_VAR"]) / "exports"

    def client(self) -> Client:
        """Give a client for what is asked beside the measured requests."""
        return Client(self.server.url, self.key, trust_env=False)

    @contextlib.contextmanager
    def connection(self) -> Iterator["Connection"]:
        connection = Connection(self.server.url, self.key)
        try:
            yield connection
        finally:
            connection.close()


@contextlib.contextmanager
def running_site(directory: Path, *, with_workers: bool) -> Iterator[Site]:
    """Serve the current database while the block runs; the log goes to `directory`."""
    user = get_user_model().objects.create_superuser(username="benchmarks")
    _, key = ApiKey.objects.issue(
        user=user, name="benchmarks", role=Role.CURATOR, expires_at=timezone.now() + KEY_LIFE
    )
    environment = {**environment_of_a_server(directory), "DEBUG": "0"}
    log_path = directory / "server.log"
    with running_server(
        environment=environment, log_path=log_path, with_workers=with_workers
    ) as server:
        yield Site(server, key, environment)


class Connection:
    """One connection that is kept alive and costs next to nothing, for requests that are measured.

    The client's own part would be measured with them: half a millisecond of a GET, the writing of
    JSON of a batch, an Idempotency-Key of a single trace.
    """

    def __init__(self, url: str, key: str) -> None:
        address = url.removeprefix("http://")
        self._connection = http.client.HTTPConnection(
            address, timeout=TIMEOUT_SECONDS, blocksize=PIECE_BYTES
        )
        self._headers = {"Authorization": f"Token {key}"}

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str) -> bytes:
        self._connection.request("GET", path, headers=self._headers)
        return self._answer().read()

    def ask(self, path: str) -> int:
        """Get what may not be there; give the answer's status."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status

    def post(self, path: str, body: bytes) -> bytes:
        headers = {**self._headers, "Content-Type": "application/json"}
        self._connection.request("POST", path, body=body, headers=headers)
        return self._answer().read()

    def stream(self, path: str) -> Iterator[bytes]:
        """Yield the answer's body as it comes."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._answer()
        while piece := answer.read1(PIECE_BYTES):
            yield piece

    def _answer(self) -> http.client.HTTPResponse:
        answer = self._connection.getresponse()
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise BenchmarkFailed(f"The site answered {answer.status}: {answer.read()[:500]!r}")
        return answer
