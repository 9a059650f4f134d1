"""A site of the version before, used as people use it: by commands and over HTTP."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from tests.before.asking import Answer

MANAGE = [sys.executable, "manage.py"]
PASSWORD = "for the test that carries it over"
SECONDS = 60


class Site:
    """A running site, and keys to it by role."""

    def __init__(self, directory: Path, port: int) -> None:
        self.directory = directory
        self.environment = {
            **os.environ,
            "TUNIX_VAR": str(directory),
            "TUNIX_WEB_PROCESSES": "1",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
        }
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            timeout=SECONDS,
            transport=httpx.HTTPTransport(retries=8),  # until it listens
        )
        self.keys: dict[str, str] = {}

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [*MANAGE, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return done.stdout

    @contextlib.contextmanager
    def program(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command of manage.py while the block runs."""
        process = subprocess.Popen(
            [*MANAGE, *arguments],
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait()

    def make_key(self, user: str, role: str, *options: str) -> str:
        printed = self.manage("create_api_key", user, "--role", role, *options)
        return printed.splitlines()[-1]

    def send(self, method: str, path: str, role: str = "curator", **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.keys[role]}", **options.pop("headers", {})}
        return self.http.request(method, path, headers=headers, **options)

    def done(self, method: str, path: str, role: str = "curator", **options: Any) -> Any:
        """Send what has to be taken; give what it is answered."""
        answer = self.send(method, path, role, **options)
        if not answer.is_success:
            sent = str(options)[:300]
            raise SystemExit(f"{method} {path}: {answer.status_code} {answer.text[:500]} {sent}")
        return answer.json() if answer.content else None

    def __call__(self, path: str) -> Answer:
        answer = self.send("GET", path, "reader", headers={"Accept-Encoding": "identity"})
        return Answer(answer.status_code, answer.headers, answer.content)

    def json(self, path: str) -> Any:
        return self.done("GET", path, "reader")
