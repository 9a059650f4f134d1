"""Clients that stall: many sockets at once, and the health check asked beside them."""

import contextlib
import json
import select
import socket
import time
from collections.abc import Iterator

HEAD_OF_POST = (
    b"POST /api/traces HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n"
)
ANSWER_SECONDS = 20  # the latest: a hundred stalled clients that held threads would take longer
HEALTH = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


@contextlib.contextmanager
def crowd(port: int, count: int, *pieces: bytes, buffer: int = 0) -> Iterator[list[socket.socket]]:
    """Open so many connections and send the same on each; `buffer` is what each takes unread."""
    with contextlib.ExitStack() as held:
        sockets = []
        for _ in range(count):
            one = held.enter_context(socket.socket())
            if buffer:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
            one.settimeout(30)
            one.connect(("127.0.0.1", port))
            with contextlib.suppress(ConnectionError):  # it may be refused meanwhile
                for piece in pieces:
                    one.sendall(piece)
            sockets.append(one)
        yield sockets


def check_health(port: int) -> None:
    """Have the health check answer, on a connection of its own."""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as asking:
        asking.sendall(HEALTH)
        answer = read_all(asking)
    assert answer.startswith(b"HTTP/1.1 200 "), answer


def listens(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def read_all(one: socket.socket) -> bytes:
    """Give all that is answered until the connection ends."""
    answer = bytearray()
    with contextlib.suppress(ConnectionError):
        while piece := one.recv(65536):
            answer += piece
    return bytes(answer)


def answers_of(sockets: list[socket.socket], seconds: float) -> list[bytes]:
    """Give what each connection has been answered when it ends, or when the time is over."""
    answers = {one: bytearray() for one in sockets}
    open_ones = set(sockets)
    deadline = time.monotonic() + seconds
    while open_ones and time.monotonic() < deadline:
        readable, _, _ = select.select(list(open_ones), [], [], 0.5)
        for one in readable:
            try:
                piece = one.recv(65536)
            except ConnectionError:
                piece = b""
            answers[one] += piece
            if not piece:
                open_ones.discard(one)
    return [bytes(answers[one]) for one in sockets]


def status_of(answer: bytes) -> int:
    return int(answer[9:12]) if answer else 0


def detail_of(answer: bytes) -> str:
    """Give the sentence of an answer, whose head must be that of a refusal in JSON."""
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = [line.lower() for line in head.split(b"\r\n")[1:]]
    assert b"content-type: application/json" in lines
    assert b"content-length: %d" % len(body) in lines
    document = json.loads(body)
    assert list(document) == ["detail"]
    return document["detail"]
