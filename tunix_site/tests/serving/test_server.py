"""The web server's configuration, and the server as a process of its own."""

import gc
import os
import sys
from pathlib import Path

import pytest

from tunix_site.serving import server_process
from tunix_site.serving.connections.worker import IntakeWorker
from tunix_site.serving.server import Server, ServerLogger
from tunix_site.serving.server_process import ServerNotStarted, database_url, running_server
from tunix_site.wsgi import application


@pytest.mark.parametrize(
    ("host", "bound"), [("127.0.0.1", "127.0.0.1:8000"), ("::1", "[::1]:8000"), ("a.b", "a.b:8000")]
)
def test_it_is_bound_to_an_address(host, bound):
    configuration = Server(host=host, port=8000).cfg
    assert configuration.bind == [bound]
    assert configuration.address[0][1] == 8000


def test_processes_and_threads_are_settings(settings):
    settings.WEB_PROCESSES, settings.WEB_THREADS = 3, 5
    configuration = Server(host="127.0.0.1", port=8000).cfg
    assert (configuration.workers, configuration.threads) == (3, 5)
    assert configuration.worker_class is IntakeWorker
    assert configuration.logger_class is ServerLogger


def test_the_program_is_loaded_before_the_web_processes_are_forked(monkeypatch):
    done = []
    for name in ("collect", "freeze", "set_threshold"):
        monkeypatch.setattr(gc, name, lambda *arguments, name=name: done.append(name))
    assert Server(host="127.0.0.1", port=8000).load() is application
    assert done == ["collect", "freeze", "set_threshold"]


@pytest.mark.parametrize(
    ("changes", "url"),
    [
        ({}, "postgresql://tunix@db.example:5432/tunix"),
        ({"PORT": ""}, "postgresql://tunix@db.example/tunix"),
        ({"HOST": "/var/a b"}, "postgresql://tunix@%2Fvar%2Fa%20b:5432/tunix"),
        ({"PASSWORD": "a/b@c:d"}, "postgresql://tunix:a%2Fb%40c%3Ad@db.example:5432/tunix"),
        (
            {"NAME": "a/b", "OPTIONS": {"sslmode": "require"}},
            "postgresql://tunix@db.example:5432/a%2Fb?sslmode=require",
        ),
    ],
)
def test_a_database_is_named_by_a_url(changes, url):
    database = {"HOST": "db.example", "PORT": 5432, "USER": "tunix", "NAME": "tunix"}
    assert database_url({**database, "PASSWORD": "", "OPTIONS": {}, **changes}) == url


@pytest.mark.live
def test_a_server_that_is_running_names_its_processes(site):
    running = server_process.RunningServer(site.url, site.pid)
    children = Path(f"/proc/{site.pid}/task/{site.pid}/children").read_text()
    assert running.web_process_ids() == [int(pid) for pid in children.split()]
    assert len(running.web_process_ids()) == 1


@pytest.mark.parametrize("seconds", [60, 0])
def test_a_server_that_does_not_start_names_its_log(tmp_path, monkeypatch, seconds):
    monkeypatch.setattr(server_process, "START_SECONDS", seconds)
    log = tmp_path / "log"
    environment = {**os.environ, "DATABASE_URL": "mysql://x", "SECRET_KEY": "x" * 50}
    with (
        pytest.raises(ServerNotStarted, match=f"did not start: see {log}"),
        running_server(environment=environment, log_path=log),
    ):
        sys.exit("it started")
