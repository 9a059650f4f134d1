"""A client's connection, as the event loop sees it: one step for each time that bytes can move."""

import socket
from typing import Any

from gunicorn.http.errors import NoMoreData, ParseException

from tunix_site.serving.connections.bodies import Framing, HeldRequest, Inbox, framing_of
from tunix_site.serving.connections.heads import HEAD_BYTES, begins_as_head, head_has_come
from tunix_site.serving.connections.pace import Pace, TooSlow
from tunix_site.serving.connections.refusals import (
    BAD_LINE,
    BROKEN,
    BUSY,
    HEAD_TOO_LARGE,
    SLOW_BODY,
    SLOW_HEAD,
    UNKNOWN_CODING,
    Refusal,
    refusal_of,
)
from tunix_site.serving.connections.sockets import ClientSocket
from tunix_site.serving.connections.states import Outcome, State

FIRST_BODY_BYTES = 1024**2  # that come before a thread is taken
THREAD_SECONDS = 30.0  # that a request waits for a thread
LINGER_SECONDS = 2.0
DRAIN_SECONDS = 10.0  # in which what is still being sent is thrown away, so that an answer is seen
DRAIN_BYTES = 128 * 1024**2
SCRAP = bytearray(64 * 1024)  # what is thrown away


class Connection:
    """Reads a request as far as it must have come, and sees an answer off; it never waits.

    Outside of WORKING it belongs to the event loop, inside to the thread. `deadline` is when
    `expire` is due, `last` when bytes moved last.
    """

    def __init__(
        self, cfg: Any, sock: ClientSocket, client: Any, server: Any, *, seconds: float, now: float
    ) -> None:
        self.cfg, self.sock, self.client, self.server = cfg, sock, client, server
        self.seconds = seconds
        self.inbox = Inbox()
        self.state = State.READING
        self.placed: State | None = None  # the state that the worker has seen to
        self.aborted = False
        self.deadline = now + seconds
        self.last = now
        self.requests = 0
        self.searched = 0
        self.request: HeldRequest | None = None
        self.framing: Framing | None = None
        self.pace_in = Pace(seconds)
        self.ended = False  # the client sends no more
        self.closing = False  # nothing follows the answer
        self.drained = 0
        self.counted = 0  # of `held`, in the worker's sum
        self.has_slot = False
        self.refused: Refusal | None = None

    @property
    def held(self) -> int:
        """Count the bytes that wait in the event loop."""
        if self.state in (State.WORKING, State.CLOSED):
            return 0
        return len(self.inbox.data) + len(self.sock.unsent)

    @property
    def path(self) -> str:
        return (self.request.path if self.request else None) or ""

    @property
    def is_idle(self) -> bool:
        """Whether it is between two requests."""
        return self.state is State.READING and not self.inbox.data and self.request is None

    @property
    def still_comes(self) -> bool:
        """Whether a thread would have to wait for the rest of the request."""
        return not (self.ended or self.request is None or self.request.whole)

    def step(self, now: float) -> None:
        """Move what can be moved; OSError where the client is gone."""
        if self.state is State.READING:
            self._read(now)
        elif self.state is State.SENDING:
            self._send(now)
        elif self.state is State.LINGERING:
            self._linger()

    def start_work(self) -> None:
        """Be a thread's until `go_on`; it may wait for the rest of the request."""
        self.state = State.WORKING
        if self.still_comes:
            self.inbox.more = lambda size: self.sock.receive(size, self.pace_in)

    def go_on(self, outcome: Outcome, now: float) -> None:
        """Go on after a thread."""
        self.inbox.more = None
        self.closing = outcome is not Outcome.KEEP or self.ended
        self.sock.pace_out = Pace(self.seconds)
        self.last = now
        if outcome is Outcome.GONE:
            self.abort()
        elif outcome is Outcome.BROKEN:
            self.refuse(BROKEN, now)
        else:
            self._send(now)

    def refuse(self, refusal: Refusal, now: float) -> None:
        """Answer in the place of a thread, and close."""
        without_body = (
            self.request.method == "HEAD" if self.request else begins_as_head(self.inbox.data)
        )
        self.refused = refusal
        self.last = now
        self.sock.pace_out = Pace(self.seconds)
        self.sock.unsent += refusal.to_bytes(body=not without_body)
        self.closing = True
        self.inbox.data.clear()
        self._send(now)

    def expire(self, now: float) -> None:
        """Give up waiting."""
        if self.state is State.READY:
            self.refuse(BUSY, now)
        elif self.state is State.READING and not self.is_idle:
            self.refuse(SLOW_BODY if self.request else SLOW_HEAD, now)
        elif self.state is State.SENDING:
            self.abort()
        else:
            self.close()

    def close(self) -> None:
        self.state = State.CLOSED

    def abort(self) -> None:
        """Close so that the client notices that something is missing."""
        self.state = State.CLOSED
        self.aborted = True

    def dispose(self) -> None:
        """Let go of the socket, when nothing watches it any more."""
        if self.aborted:
            self.sock.abort()
        else:
            self.sock.close()

    def _read(self, now: float) -> None:
        wanted = 8 * 1024 if self.request is None else FIRST_BODY_BYTES - len(self.inbox.data)
        try:
            data = self.sock.recv(wanted)
        except BlockingIOError:
            return
        waited, self.last = now - self.last, now
        if not data:
            self._end(now)
        elif self.request is None:
            if not self.inbox.data and self.requests:
                self.deadline = now + self.seconds
            self.inbox.data += data
            self._look_for_head(now)
        else:
            self.inbox.data += data
            try:
                self.pace_in.note(waited, len(data))
            except TooSlow:
                self.refuse(SLOW_BODY, now)
                return
            self.deadline = now + self.pace_in.patience()
            self._look_at_body(now)

    def _end(self, now: float) -> None:
        """The client sends no more: what it has sent counts, unless that is no request."""
        self.ended = True
        if self.request is not None:
            self._be_ready(now)
        elif self.inbox.data:
            self._parse_head(now)
        else:
            self.close()

    def _look_for_head(self, now: float) -> None:
        searched, self.searched = self.searched, len(self.inbox.data)
        if head_has_come(self.inbox.data, searched):
            self._parse_head(now)

    def _parse_head(self, now: float) -> None:
        started_as_head = begins_as_head(self.inbox.data)
        size = len(self.inbox.data)
        try:
            request = HeldRequest(self.cfg, self.inbox, self.client, self.requests + 1)
        except NoMoreData:
            if self.ended:
                self.close()
                return
            refusal = HEAD_TOO_LARGE if size >= HEAD_BYTES else BAD_LINE
        except ParseException as error:
            refusal = refusal_of(error)
        else:
            self.request = request
            self.requests += 1
            codings = [value for name, value in request.headers if name == "TRANSFER-ENCODING"]
            if codings and codings[0].lower() != "chunked":
                self.refuse(UNKNOWN_CODING, now)
                return
            self._start_body(now)
            return
        self.inbox.data[:] = b"HEAD " if started_as_head else b""
        self.refuse(refusal, now)

    def _start_body(self, now: float) -> None:
        request = self.request
        assert request is not None  # noqa: S101
        self.framing = framing_of(request)
        self.pace_in = Pace(self.seconds)
        self.deadline = now + self.seconds
        self._look_at_body(now)
        if request._expected_100_continue:
            request._expected_100_continue = False  # or the thread would say it again
            if self.state is State.READING:
                self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _look_at_body(self, now: float) -> None:
        request, framing = self.request, self.framing
        assert request is not None  # noqa: S101
        assert framing is not None  # noqa: S101
        request.whole = framing.is_whole(self.inbox.data)
        if request.whole or framing.is_lost() or len(self.inbox.data) >= FIRST_BODY_BYTES:
            self._be_ready(now)

    def _be_ready(self, now: float) -> None:
        self.state = State.READY
        self.deadline = now + THREAD_SECONDS

    def _send(self, now: float) -> None:
        self.state = State.SENDING
        waited, self.last = now - self.last, now
        try:
            self.sock.pace_out.note(waited, self.sock.push())
        except TooSlow:
            self.abort()
            return
        if self.sock.unsent:
            self.deadline = now + self.sock.pace_out.patience()
        elif self.closing:
            self._say_good_bye(now)
        else:
            self._start_over(now)

    def _start_over(self, now: float) -> None:
        """Wait for the next request, which may have come already."""
        self.state = State.READING
        self.request = self.framing = None
        self.searched = 0
        self.deadline = now + (self.seconds if self.inbox.data else self.cfg.keepalive)
        if self.inbox.data:
            self._look_for_head(now)

    def _say_good_bye(self, now: float) -> None:
        """Have the client see the answer: closed while it sends, the connection would break."""
        still_comes = self.still_comes or self.refused is not None
        self.state = State.LINGERING
        self.deadline = now + (DRAIN_SECONDS if still_comes else LINGER_SECONDS)
        self.inbox.data.clear()
        self.sock.shutdown(socket.SHUT_WR)

    def _linger(self) -> None:
        try:
            received = self.sock.recv_into(SCRAP)
        except BlockingIOError:
            return
        self.drained += received
        if not received or self.drained > DRAIN_BYTES:
            self.close()
