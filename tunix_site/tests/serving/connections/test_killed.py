"""A server that is killed leaves nothing behind: neither its port nor its processes."""

import os
import signal

import pytest

from jobs.workers.processes import worker_commands
from tunix_site.serving.processes import descendants
from tunix_site.serving.server import Server
from tunix_site.serving.server_process import running_server
from tunix_site.tests.live import (
    environment_for,
    is_alive,
    url_of_database,
    wait_until,
)
from tunix_site.tests.serving.connections.clients import HEAD_OF_POST, crowd, listens

pytestmark = [pytest.mark.live, pytest.mark.django_db]


def test_the_port_is_free_and_the_processes_end_at_once(
    django_db_setup, django_db_blocker, tmp_path
):
    with django_db_blocker.unblock():
        url = url_of_database()
    environment = environment_for(url, TUNIX_VAR=str(tmp_path))
    with running_server(
        environment=environment, log_path=tmp_path / "log", with_workers=True
    ) as server:
        port = int(server.url.rpartition(":")[2])
        wait_until(lambda: len(descendants(server.pid)) >= 3 + len(worker_commands()))
        [web] = server.web_process_ids()
        processes = descendants(server.pid)
        with crowd(port, 5, HEAD_OF_POST % 9000), crowd(port, 5):  # under way
            os.kill(server.pid, signal.SIGKILL)
            graceful = Server(host="127.0.0.1", port=port).cfg.graceful_timeout
            wait_until(lambda: not listens(port) and not is_alive(web), graceful / 2)
        wait_until(lambda: not any(map(is_alive, processes)))
