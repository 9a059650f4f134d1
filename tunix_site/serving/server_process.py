"""The web server as a process of its own, for programs that use the site as its users do."""

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
from django.conf import settings
from django.db import connection

from tunix_site.serving.processes import child_process, children

START_SECONDS = 60
# A server for one program on this machine, whatever the site itself is set to.
LOCAL = {"ALLOWED_HOSTS": "127.0.0.1", "TUNIX_HTTPS": "0", "TUNIX_WEB_PROCESSES": "1"}


def environment_of_a_server(var_dir: Path) -> dict[str, str]:
    """Give the environment of a server over the current database that makes its files in `var_dir`.

    It can run beside another over the same database, which has a directory of its own.
    """
    return {
        **os.environ,
        **LOCAL,
        "DATABASE_URL": database_url(connection.settings_dict),
        "SECRET_KEY": settings.SECRET_KEY,
        "TUNIX_VAR": str(var_dir),
    }


class ServerNotStarted(Exception):
    """The web server did not come up; the message names its log."""


@dataclass(frozen=True)
class RunningServer:
    """Where a server answers, and its process; web processes and workers are children of that."""

    url: str
    pid: int

    def web_process_ids(self) -> list[int]:
        """Name the web processes: forked, and so called like their parent. Linux alone."""
        return [pid for pid in children(self.pid) if _called(pid) == _called(self.pid)]


@contextlib.contextmanager
def running_server(
    *, environment: Mapping[str, str], log_path: Path, with_workers: bool = False
) -> Iterator[RunningServer]:
    """Serve a migrated database on a free port while the block runs.

    `environment` is all that the process gets; it names the database.
    """
    port = free_port()
    command = [sys.executable, "manage.py", "serve", "--no-setup"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    command += [] if with_workers else ["--no-workers"]
    with (
        log_path.open("wb") as log,
        child_process(
            command,
            cwd=settings.BASE_DIR,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        url = f"http://127.0.0.1:{port}"
        _wait_for_health(process, url, log_path)
        yield RunningServer(url, process.pid)


def _called(pid: int | str) -> bytes:
    """Give the command line that a process goes by; empty where it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # before it was opened, or after
        return b""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_for_health(process: subprocess.Popen[Any], url: str, log_path: Path) -> None:
    stop = time.monotonic() + START_SECONDS
    while time.monotonic() < stop and process.poll() is None:
        try:
            if httpx.get(f"{url}/api/health", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise ServerNotStarted(f"The server did not start: see {log_path}.")


def database_url(database: Mapping[str, Any]) -> str:
    """Give the URL of a database as Django's settings have it."""
    password = f":{quote(database['PASSWORD'], safe='')}" if database["PASSWORD"] else ""
    host = quote(database["HOST"], safe="")
    port = f":{database['PORT']}" if database["PORT"] else ""
    user = quote(database["USER"], safe="")
    name = quote(database["NAME"], safe="")
    options = f"?{urlencode(database['OPTIONS'])}" if database["OPTIONS"] else ""
    return f"postgresql://{user}{password}@{host}{port}/{name}{options}"
