"""manage.py serve: the first start and later ones, and what is left when it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.core.management import CommandError, call_command

from jobs.workers.processes import worker_commands
from tunix_site.management.commands import serve
from tunix_site.postgres.cluster import Cluster
from tunix_site.serving.processes import children, descendants
from tunix_site.serving.server_process import RunningServer, free_port
from tunix_site.tests.live import MANAGE, environment_for, is_alive, wait_until
from tunix_site.tests.samples import trace

BUILD = {"dataset_name": "kept", "dataset_version": "1"}
MAKE = ("MAKELEVEL", "DATABASE_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")
MAKE += ("DATABASE_URL_FILE", "SECRET_KEY_FILE")


class Run:
    """A `manage.py serve` that was started, and what it has printed."""

    def __init__(self, var_dir: Path, **variables: str) -> None:
        self.port = free_port()
        self.printed = var_dir / "printed"
        kept = {name: value for name, value in os.environ.items() if name not in MAKE}
        with self.printed.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(MANAGE), "serve", "--port", str(self.port)],
                env={**kept, "TUNIX_VAR": str(var_dir), **variables},
                stdout=output,
                stderr=output,
                start_new_session=True,  # signals reach it as from a terminal of its own
            )
        wait_until(lambda: self.get("/api/health") == 200 or self.process.poll() is not None)
        assert self.process.poll() is None, self.text
        if "TUNIX_WORKERS" not in variables:
            wait_until(lambda: len(descendants(self.process.pid)) >= 3 + len(worker_commands()))
        self.pids = descendants(self.process.pid)
        self.pids.add(int((Cluster(var_dir).data / "postmaster.pid").read_text().split()[0]))

    def get(self, path: str, key: str = "") -> int | None:
        try:
            return self.answer(path, key).status_code
        except httpx.TransportError:
            return None

    def answer(self, path: str, key: str, method: str = "GET", **sent) -> httpx.Response:
        headers = {"Authorization": f"Token {key}"} if key else {}
        headers |= sent.pop("headers", {})
        url = f"http://127.0.0.1:{self.port}{path}"
        return httpx.request(
            method, url, headers=headers, trust_env=False, verify=False, timeout=60, **sent
        )

    def post(self, path: str, key: str, body, **headers: str) -> httpx.Response:
        return self.answer(path, key, "POST", json=body, headers=headers)

    @property
    def text(self) -> str:
        return self.printed.read_text()

    def end(self, number: int, *, group: bool = False) -> int:
        (os.killpg if group else os.kill)(self.process.pid, number)
        return self.process.wait(60)


@pytest.fixture(scope="module")
def var_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("serve")


@pytest.fixture(scope="module")
def first(var_dir) -> Iterator[str]:
    """Give what the first run printed; it has ended."""
    run = Run(var_dir)
    key = re.search(r"API key +(\S+)", run.text)[1]
    answers = [run.get("/api/traces", key), run.get("/admin/login/"), run.get("/api/traces")]
    code = run.end(signal.SIGTERM)
    assert answers == [200, 200, 401]
    assert code == 0
    assert not [pid for pid in run.pids if is_alive(pid)]
    return run.text


@pytest.mark.live
def test_the_first_run_shows_the_administrator_once(first):
    assert re.search(
        r"^The first administrator, shown this once:\n"
        r"  user +admin\n"
        r"  password +[\w-]{16,}\n"
        r"  API key +tunix_[\w-]{43}\n"
        r"Programs send a key as the header: Authorization: Bearer KEY\n"
        r"Serving on http://127.0.0.1:\d+/api/$",
        first,
        re.MULTILINE,
    )
    assert first.count("tunix_") == 1 + first.count("tunix_site")
    assert "Traceback" not in first


@pytest.mark.live
@pytest.mark.parametrize(
    ("number", "group"), [(signal.SIGINT, True), (signal.SIGINT, False), (signal.SIGTERM, True)]
)
def test_a_later_run_shows_no_secret_and_ends_whole(first, var_dir, number, group):
    run = Run(var_dir)
    assert run.end(number, group=group) == 0
    assert not [pid for pid in run.pids if is_alive(pid)]
    assert "password" not in run.text
    assert "API key" not in run.text
    assert "Traceback" not in run.text


@pytest.mark.live
def test_the_workers_are_kept_running_beside_the_web_processes(first, var_dir):
    run = Run(var_dir)
    [web] = RunningServer("", run.process.pid).web_process_ids()
    [keeper] = children(run.process.pid) - {web}
    assert children(keeper) <= run.pids
    os.kill(keeper, signal.SIGKILL)
    wait_until(lambda: len(children(run.process.pid) - {web, keeper}) == 1)
    [keeper] = children(run.process.pid) - {web}
    wait_until(lambda: len(children(keeper)) == len(worker_commands()))
    pids = descendants(run.process.pid) | run.pids
    assert run.end(signal.SIGTERM) == 0
    assert not [pid for pid in pids if is_alive(pid)]


@pytest.mark.live
def test_a_killed_database_is_started_again_and_nothing_is_lost(first, var_dir):
    run = Run(var_dir)
    key = create_key(var_dir)
    kept = run.post("/api/traces", key, trace(external_id="kept"))
    cluster, killed = Cluster(var_dir), set()
    for _ in range(2):
        killed.add(pid := cluster.running_pid())
        os.kill(pid, signal.SIGKILL)
        answers = [run.answer("/api/traces", key)]
        while answers[-1].status_code != 200:
            answers.append(run.answer("/api/traces", key))
        for answer in answers[:-1]:
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
            assert answer.json().keys() == {"detail"}
    assert cluster.running_pid() not in killed
    assert run.get(f"/api/traces/{kept.json()['id']}", key) == 200
    job = run.post("/api/datasets/build", key, BUILD, Prefer="respond-async").json()
    state = f"/api/jobs/{job['id']}"
    wait_until(lambda: run.answer(state, key).json()["state"] == "succeeded")  # workers go on
    pids = descendants(run.process.pid) | {cluster.running_pid()}
    assert run.end(signal.SIGINT, group=True) == 0
    assert not [pid for pid in pids if is_alive(pid)]
    assert "PostgreSQL ended: starting it again" in run.text
    assert "Traceback" not in run.text


@pytest.mark.live
@pytest.mark.parametrize("same_port", [True, False])
def test_a_second_one_over_the_same_directory_is_refused_at_once(first, var_dir, same_port):
    run = Run(var_dir)
    port = run.port if same_port else free_port()
    second = manage(var_dir, "serve", "--port", str(port))
    assert second.returncode == 1
    assert second.stdout == ""
    assert second.stderr == (
        f"CommandError: Process {run.process.pid} (http://127.0.0.1:{run.port}) serves from "
        f"{var_dir} already. Stop that one, or set TUNIX_VAR (and PORT) to serve something else.\n"
    )
    assert manage(var_dir, "list_api_keys").returncode == 0
    assert run.get("/api/health") == 200
    run.process.kill()  # its lock goes with it
    run.process.wait()
    wait_until(lambda: not any(map(is_alive, run.pids - {Cluster(var_dir).running_pid()})))
    assert Run(var_dir).end(signal.SIGTERM) == 0


def manage(var_dir: Path, *arguments: str) -> subprocess.CompletedProcess:
    kept = {name: value for name, value in os.environ.items() if name not in MAKE}
    return subprocess.run(
        [sys.executable, str(MANAGE), *arguments],
        env={**kept, "TUNIX_VAR": str(var_dir)},
        capture_output=True,
        text=True,
        check=False,
    )


def create_key(var_dir: Path) -> str:
    return manage(var_dir, "create_api_key", "somebody", "--role", "curator").stdout.split()[-1]


@pytest.mark.live
def test_without_workers_there_are_web_processes_alone(first, var_dir):
    run = Run(var_dir, TUNIX_WORKERS="0")
    assert children(run.process.pid) == set(RunningServer("", run.process.pid).web_process_ids())
    assert run.end(signal.SIGTERM) == 0


@pytest.mark.live
def test_under_make_it_ends_when_make_is_killed(first, var_dir):
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import subprocess, sys; print(subprocess.Popen(sys.argv[1:], "
            "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).pid, flush=True); input()",
            *[sys.executable, str(MANAGE), "serve", "--port", str(port := free_port())],
        ],
        env={**os.environ, "MAKELEVEL": "1", "TUNIX_VAR": str(var_dir), "DATABASE_URL": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with starter:
        pid = int(starter.stdout.readline())
        wait_until(lambda: answers(port))
        wait_until(lambda: len(descendants(pid)) >= 3 + len(worker_commands()))
        pids = descendants(pid)
        pids.add(int((Cluster(var_dir).data / "postmaster.pid").read_text().split()[0]))
        starter.kill()
    wait_until(lambda: not any(map(is_alive, pids)))


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("host", "port", "reason"),
    [
        ("127.0.0.1", None, "Address already in use"),
        ("192.0.2.1", 8000, "Cannot assign requested address"),
        ("2001:db8::1", 8000, "Cannot assign requested address"),
        ("no.such.host.invalid", 8000, ""),
        ("\u00e9..b", 8000, "that is no host name"),
        ("", 8000, "that is no host name"),
    ],
)
def test_an_address_that_cannot_be_served_is_said_at_once(host, port, reason):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = port or other.getsockname()[1]
        with pytest.raises(CommandError) as refused:
            call_command("serve", "--host", host, "--port", str(port))
    assert str(refused.value).startswith(f"Cannot serve on {host}, port {port}: {reason}")
    assert "while" not in str(refused.value)
    assert str(refused.value).endswith("Name another with HOST or PORT, or with --host or --port.")


def test_an_ipv6_address_for_all_is_refused_where_one_of_ipv4_has_the_port():
    with socket.create_server(("0.0.0.0", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CommandError, match=f"Cannot serve on ::, port {port}: Address already"):
            call_command("serve", "--host", "[::]", "--port", str(port))


@pytest.mark.parametrize("port", ["0", "-1", "65536"])
def test_what_is_no_port_is_said(port):
    with pytest.raises(CommandError, match=f"from 1 to 65535, not {port}"):
        call_command("serve", "--port", port)


@pytest.fixture
def served(monkeypatch, settings, tmp_path) -> list[dict]:
    """Note what would be served in place of serving it; the database is held up already."""
    settings.VAR_DIR, settings.EMBEDDED_POSTGRES = tmp_path, False
    calls = []

    class Server:
        def __init__(self, **options) -> None:
            calls.append(options)

        def run(self) -> None:
            calls.append({})

    monkeypatch.setattr(serve, "Server", Server)
    monkeypatch.setattr(serve.connections, "close_all", lambda: None)
    return calls


@pytest.mark.django_db
def test_it_migrates_makes_the_administrator_and_serves(served, capsys):
    port = free_port()
    call_command("serve", "--port", str(port))
    call_command("serve", "--port", str(port))
    assert [call.get("port") for call in served] == [port, None] * 2
    assert capsys.readouterr().out.count("shown this once") == 1


@pytest.mark.django_db
def test_without_set_up_and_workers_it_serves_alone(served, capsys):
    port = free_port()
    call_command("serve", "--no-setup", "--no-workers", "--host", "::1", "--port", str(port))
    assert served == [{"host": "::1", "port": port, "beside": []}, {}]
    assert "shown this once" not in capsys.readouterr().out


@pytest.mark.django_db
def test_counts_of_an_earlier_run_are_cleared(served, settings, tmp_path):
    settings.METRICS_DIR = tmp_path / "metrics"
    settings.METRICS_DIR.mkdir()
    (settings.METRICS_DIR / "counter_1.db").write_bytes(b"old")
    call_command("serve", "--no-setup", "--port", str(free_port()))
    assert list(settings.METRICS_DIR.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_command_ends_without_a_traceback(number, code):
    process = subprocess.Popen(
        [sys.executable, str(MANAGE), "shell", "--no-imports", "--command",
         "import time; print('begun', flush=True); time.sleep(600)"],
        env=environment_for("postgresql://nowhere/x"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "begun\n"
    process.send_signal(number)
    assert process.communicate()[1] == ""
    assert process.returncode == code


def test_a_command_interrupted_while_it_loads_ends_without_a_traceback(tmp_path):
    loaded = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
    (tmp_path / "psycopg.py").write_text(loaded)  # instead of the real one
    ended = subprocess.run(
        [sys.executable, str(MANAGE), "version"],
        env=environment_for("postgresql://nowhere/x") | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 130
    assert ended.stderr == ""
