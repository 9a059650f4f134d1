"""The web process: an event loop that reads and writes, and threads that answer."""

import errno
import os
import resource
import selectors
import signal
import socket
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

from django.conf import settings
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import ThreadWorker

from tunix_site.api.streams import slots
from tunix_site.serving import metrics
from tunix_site.serving.connections.bodies import HeldRequest
from tunix_site.serving.connections.connection import Connection
from tunix_site.serving.connections.pace import TooSlow
from tunix_site.serving.connections.refusals import BUSY, FULL
from tunix_site.serving.connections.sockets import ClientSocket
from tunix_site.serving.connections.states import EVENTS, Outcome, State
from tunix_site.serving.processes import die_with_parent

HEALTH_PATHS = ("/api/health", "/api/health/")
ACCEPTED_AT_ONCE = 64
LOOK_SECONDS = 1.0
FILES_KEPT = 100  # of those that the process may open: for the database and for what is sent
STOP_SECONDS = 2.0  # that a client may let us wait when we stop
WAITING = (State.READING, State.SENDING, State.LINGERING)


class IntakeWorker(ThreadWorker):
    """Takes a thread only for requests that have come, and keeps none for who takes an answer.

    Of a body the first FIRST_BODY_BYTES must have come; what comes later a thread waits for, and
    of such requests, imports and exports there are at most as many as `slots` says. The health
    check has a thread of its own. It rests on the inside of gthread and of gunicorn's parser:
    test_gunicorn.py says which parts.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: set[Connection] = set()
        self.ready: deque[Connection] = deque()  # whole requests
        self.coming: deque[Connection] = deque()  # of whose body the beginning has come
        self.busy = 0
        self.held = 0
        self.now = time.monotonic()
        self.next_look = self.now
        self.client_seconds = float(settings.CLIENT_SECONDS)
        self.max_keepalived = self.worker_connections + 1  # we make room by ourselves

    def init_process(self) -> None:
        die_with_parent(signal.SIGKILL)
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        if files != resource.RLIM_INFINITY:
            self.worker_connections = max(1, min(self.worker_connections, files - FILES_KEPT))
        self.health_pool = ThreadPoolExecutor(1)
        super().init_process()

    def run(self) -> None:
        self.poller.register(
            self.method_queue.fileno() or 0, selectors.EVENT_READ, self.method_queue.run_callbacks
        )
        self.set_accept_enabled(True)
        while self.alive:
            self._turn()
        self._stop()

    def _turn(self) -> None:
        """Wait for something that can be moved, and move it."""
        events = self.poller.select(max(0.0, self.next_look - self.now))
        self.now = time.monotonic()
        for key, _ in events:
            if isinstance(key.data, Connection):
                self._step(key.data)
            else:
                key.data(key.fileobj)
        if self.now >= self.next_look:
            self._look_around()

    def _look_around(self) -> None:
        """Do what is due once a second."""
        self.notify()
        if not self.is_parent_alive():
            os._exit(1)  # where the kernel has not seen to it
        self.next_look = self.now + min(LOOK_SECONDS, self.client_seconds / 4)
        for connection in list(self.connections):
            if connection.state is not State.WORKING and connection.deadline <= self.now:
                connection.expire(self.now)
                self._place(connection)
        self._start_threads()
        if self.alive:
            self.set_accept_enabled(True)

    def accept(self, listener: socket.socket) -> None:
        """Take the connections that wait; when there are too many, one that waits longest goes."""
        for _ in range(ACCEPTED_AT_ONCE):
            if self.nr_conns >= self.worker_connections and not self._make_room():
                self.set_accept_enabled(False)
                return
            try:
                accepted, client = listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE) and self._make_room():
                    continue
                self.set_accept_enabled(False)  # for a second
                return
            connection = Connection(
                self.cfg,
                ClientSocket.adopt(accepted, self.client_seconds),
                client,
                listener.getsockname(),
                seconds=self.client_seconds,
                now=self.now,
            )
            self.connections.add(connection)
            self.nr_conns += 1
            self._step(connection)

    def _make_room(self) -> bool:
        """End the connection that has been still for longest; False where all are at work."""
        waiting = [one for one in self.connections if one.state in WAITING]
        if waiting:
            longest = min(waiting, key=lambda one: one.last)
            longest.abort()
            self._place(longest)
        elif newest := next(
            (one for one in reversed(self.ready) if one.state is State.READY), None
        ):
            newest.refuse(BUSY, self.now)
            self._place(newest)
        return bool(waiting)

    def _free_bytes(self) -> None:
        """Refuse who holds most for longest, until no more bytes are held than may be."""
        while self.held > settings.MAX_HELD_BYTES:
            holders = [one for one in self.connections if one.counted]
            largest = max(holders, key=lambda one: one.counted * (self.now - one.last + 0.001))
            if largest.state is State.SENDING:
                largest.abort()
            else:
                largest.refuse(FULL, self.now)
            self._place(largest)

    def _step(self, connection: Connection) -> None:
        """Move what can be moved on a connection; whatever goes wrong there ends it alone."""
        try:
            connection.step(self.now)
        except OSError:
            connection.abort()  # the client is gone
        except Exception:
            self.log.exception("Error on a connection")
            connection.abort()
        self._place(connection)
        self._free_bytes()

    def _place(self, connection: Connection) -> None:
        """Have the state that a connection has come to take effect."""
        self.held += connection.held - connection.counted
        connection.counted = connection.held
        if connection.refused is not None:
            metrics.observe_request("other", "refused", connection.refused.status.value, 0.0)
            connection.refused = None
        state, placed = connection.state, connection.placed
        if state is placed:
            return
        connection.placed = state
        self._watch(connection, EVENTS.get(placed, 0) if placed else 0, EVENTS.get(state, 0))
        if state is State.READY:
            self._queue(connection)
        elif state is State.CLOSED:
            connection.dispose()
            self.connections.discard(connection)
            self.nr_conns -= 1

    def _watch(self, connection: Connection, before: int, events: int) -> None:
        if events == before:
            return
        if not before:
            self.poller.register(connection.sock, events, connection)
        elif not events:
            self.poller.unregister(connection.sock)
        else:
            self.poller.modify(connection.sock, events, connection)

    def _queue(self, connection: Connection) -> None:
        if connection.still_comes:
            self.coming.append(connection)
        elif connection.path in HEALTH_PATHS:
            self._work_on(connection, self.health_pool)
            return
        else:
            self.ready.append(connection)
        self._start_threads()

    def _start_threads(self) -> None:
        """Give the threads that are free to those who wait.

        Bodies that still come are first, since they cannot take all threads.
        """
        while self.busy < self.cfg.threads:
            if _first(self.coming) and slots.take():
                connection = self.coming.popleft()
                connection.has_slot = True
            elif _first(self.ready):
                connection = self.ready.popleft()
            else:
                return
            self.busy += 1
            self._work_on(connection, self.tpool)

    def _work_on(self, connection: Connection, pool: ThreadPoolExecutor) -> None:
        connection.start_work()
        self._place(connection)
        future = pool.submit(self.handle, connection)
        future.add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, connection, done)
        )

    def handle(self, connection: Connection) -> Outcome:  # type: ignore[override]
        """Answer a request, in a thread; say how to go on with its connection."""
        if connection.has_slot:
            slots.hand_over()
        request = cast(HeldRequest, connection.request)
        try:
            # what gunicorn's own kind of connection has, and is asked for, ours has as well
            if self.handle_request(request, cast(Any, connection)) and request.pass_over_body():
                return Outcome.KEEP
            return Outcome.CLOSE
        except (ConnectionError, TooSlow, NoMoreData, StopIteration):
            return Outcome.GONE  # the client, or the rest of an answer that had begun
        except Exception:
            self.log.exception("Error handling request")
            return Outcome.BROKEN
        finally:
            slots.release()

    def finish_request(self, connection: Connection, done: Future[Outcome]) -> None:  # type: ignore[override]
        """Take a connection back from a thread."""
        if connection.path not in HEALTH_PATHS or connection.has_slot:
            self.busy -= 1
        connection.has_slot = False
        try:
            connection.go_on(done.result(), self.now)
        except OSError:
            connection.abort()
        self._place(connection)
        self._start_threads()

    def _stop(self) -> None:
        """Finish what has come and what keeps coming, for as long as the server is given."""
        self.set_accept_enabled(False)
        for listener in self.sockets:
            listener.close()
        until = time.monotonic() + self.cfg.graceful_timeout
        while self.connections and self.now < until:
            for connection in self.connections:
                connection.deadline = min(connection.deadline, self.now + STOP_SECONDS)
            self._turn()
        for pool in (self.tpool, self.health_pool):
            pool.shutdown(wait=False)
        self.poller.close()
        self.method_queue.close()


def _first(queue: deque[Connection]) -> Connection | None:
    while queue and queue[0].state is not State.READY:
        queue.popleft()  # it was refused meanwhile
    return queue[0] if queue else None
