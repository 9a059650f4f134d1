"""The embedded server is started again where it has ended while it is held."""

import contextlib
import logging
import threading
import time
from collections.abc import Iterator

from tunix_site.postgres.cluster import Cluster
from tunix_site.postgres.telling import PostgresError

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
PAUSE_SECONDS = 3.0  # between two starts of a server that does not come up


class KeptPostgres:
    """The server of a cluster that its caller holds; `keep` is to be called every second."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.not_before = 0.0

    def keep(self) -> None:
        """Start the server where it has ended; whether it comes up is not waited for.

        Where another process decides about it at this moment, it is left to that.
        """
        if time.monotonic() < self.not_before or self.cluster.running_pid() is not None:
            return
        self.not_before = time.monotonic() + PAUSE_SECONDS
        try:
            with self.cluster.starting(wait=False):
                if self.cluster.running_pid() is None:
                    log.error("PostgreSQL ended: starting it again")
                    self.cluster.start_unless_running()
        except BlockingIOError:
            return
        except (PostgresError, OSError) as error:
            log.error("PostgreSQL cannot be started: %s", error)

    def stop(self) -> None:
        """Leave the server running: whoever holds it lets go of it."""


@contextlib.contextmanager
def looked_after(cluster: Cluster) -> Iterator[None]:
    """Keep a held server running during the block, from a thread: let the block not fork."""
    kept, ended = KeptPostgres(cluster), threading.Event()

    def look() -> None:
        while not ended.wait(LOOK_SECONDS):
            kept.keep()

    thread = threading.Thread(target=look, name="postgres keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
