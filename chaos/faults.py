"""Killing processes of the site at random."""

import contextlib
import os
import random
import signal
import threading
from collections.abc import Callable

from chaos.journal import Journal
from chaos.threads import Part
from tunix_site.postgres.cluster import Cluster
from tunix_site.postgres.postmaster import leftovers
from tunix_site.serving.processes import descendants
from tunix_site.serving.server_process import RunningServer

PAUSES = (0.5, 5.0)  # seconds between two faults
WEIGHTS = {"web process": 3, "worker": 3, "backend": 3, "postmaster": 1}


class Killer(Part):
    """Kills one process after another."""

    def __init__(
        self,
        *,
        seed: int,
        server: RunningServer,
        cluster: Cluster,
        journal: Journal,
        ended: threading.Event,
    ) -> None:
        super().__init__("killer", ended)
        self.dice = random.Random(f"{seed}/faults")
        self.journal = journal
        self.victims: dict[str, Callable[[], list[int]]] = {
            "web process": server.web_process_ids,
            "worker": lambda: workers(server),
            "backend": lambda: list(leftovers(cluster.data)),
            "postmaster": lambda: [pid for pid in [cluster.running_pid()] if pid],
        }

    def work(self) -> None:
        while not self.ended.wait(self.dice.uniform(*PAUSES)):
            [what] = self.dice.choices(list(WEIGHTS), list(WEIGHTS.values()))
            if pids := self.victims[what]():
                self.kill(what, self.dice.choice(sorted(pids)))

    def kill(self, what: str, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(pid, signal.SIGKILL)
            self.journal.fault(what, pid)


def workers(server: RunningServer) -> list[int]:
    """Name the workers and the process that keeps them: all that is below but the web processes."""
    web = set(server.web_process_ids())
    return list(descendants(server.pid) - {server.pid}.union(*map(descendants, web)))
