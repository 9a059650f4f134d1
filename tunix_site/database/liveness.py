"""Whether a connection still lives, told by its socket.

Django asks by a query, before the first one of every request: a tenth of a small one's time. A
server that ended or was killed has closed its end, which can be seen without asking. What ends
between the look and the query fails either way.
"""

import select
import threading
import time
from typing import Any

from django.db import connections

TRUSTED_SECONDS = 60.0  # a firewall drops what was idle for long without a word to either end

_thread = threading.local()


def look_at_connections(**_: Any) -> None:
    """Spare this thread's connections the query where they live; receives `request_started`."""
    now = time.monotonic()
    before, _thread.asked_at = getattr(_thread, "asked_at", None), now
    if before is None or now - before > TRUSTED_SECONDS:
        return
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None and _is_quiet(connection.connection):
            connection.health_check_done = True  # type: ignore[attr-defined]  # the stubs lack it


def _is_quiet(session: Any) -> bool:
    """Tell that nothing waits to be read: neither a last word of the server's, nor the end."""
    if session.closed:
        return False
    looks = select.poll()
    looks.register(session.fileno(), select.POLLIN)
    return not looks.poll(0)
