"""A client's socket: the event loop never waits for it, and a thread only so long."""

import contextlib
import select
import socket
import struct
import time
from typing import Any

from tunix_site.serving.connections.pace import Pace, TooSlow

UNSENT_BYTES = 2 * 1024**2  # of an answer, which the event loop sends when the thread has gone
SENT_AT_ONCE = 256 * 1024


class ClientSocket(socket.socket):
    """Keeps what the client does not take at once; only past UNSENT_BYTES does `sendall` wait.

    So no thread waits for who is slow to take an answer of ordinary size. OSError as any socket,
    TooSlow for a client that stalls.
    """

    unsent: bytearray
    pace_out: Pace

    @classmethod
    def adopt(cls, accepted: socket.socket, seconds: float) -> "ClientSocket":
        """Take a socket over; without bytes for so many seconds its client stalls."""
        adopted = cls(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        adopted.settimeout(0)
        adopted.unsent = bytearray()
        adopted.pace_out = Pace(seconds)
        return adopted

    def push(self) -> int:
        """Send of what is kept as much as goes without waiting; return how many bytes went."""
        pushed = 0
        with contextlib.suppress(BlockingIOError):  # it takes no more for now
            while self.unsent:
                with memoryview(self.unsent) as kept, kept[:SENT_AT_ONCE] as piece:
                    sent = self.send(piece)
                del self.unsent[:sent]
                pushed += sent
        return pushed

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.push()
        sent = 0
        if not self.unsent:
            with contextlib.suppress(BlockingIOError):
                sent = self.send(data, flags)
            if sent == len(data):
                return
        with memoryview(data) as view:
            self.unsent += view[sent:]
        while len(self.unsent) > UNSENT_BYTES:
            waited = self._wait(select.POLLOUT, self.pace_out.patience())
            self.pace_out.note(waited, self.push())

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Send a file as `sendall` sends bytes."""
        file.seek(offset)
        left = count
        total = 0
        while left is None or left > 0:
            piece = file.read(SENT_AT_ONCE if left is None else min(left, SENT_AT_ONCE))
            if not piece:
                break
            self.sendall(piece)
            total += len(piece)
            left = None if left is None else left - len(piece)
        return total

    def receive(self, size: int, pace: Pace) -> bytes:
        """Wait for bytes, at the client's pace; empty where it has ended."""
        waited = 0.0
        while True:
            try:
                received = self.recv(size)
            except BlockingIOError:
                waited += self._wait(select.POLLIN, pace.patience())
            else:
                pace.note(waited, len(received))
                return received

    def _wait(self, event: int, seconds: float) -> float:
        waiting = select.poll()
        waiting.register(self, event)
        started = time.monotonic()
        if not waiting.poll(max(seconds, 0.0) * 1000):
            raise TooSlow
        return time.monotonic() - started

    def abort(self) -> None:
        """Close so that the client notices, and nothing is kept for it."""
        with contextlib.suppress(OSError):  # it is closed
            self.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()
