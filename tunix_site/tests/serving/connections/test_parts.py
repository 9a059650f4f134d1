"""The parts of the web process by themselves: pace, sockets, bodies and slots."""

import io
import socket
import threading

import pytest

from tunix_site import wsgi
from tunix_site.api.streams import StreamSlots
from tunix_site.errors import Unavailable
from tunix_site.serving.connections.bodies import MAX_CHUNKS, READ_AT_ONCE, Chunked, Inbox, Sized
from tunix_site.serving.connections.pace import WINDOW_BYTES, WINDOW_SECONDS, Pace, TooSlow
from tunix_site.serving.connections.sockets import UNSENT_BYTES, ClientSocket

MIB = 1024**2


def test_a_client_may_be_quiet_for_some_seconds_and_slow_for_a_minute():
    pace = Pace(10)
    assert pace.patience() == 10
    for _ in range(6):
        pace.note(9.5, 1)
    assert pace.patience() == WINDOW_SECONDS - 57
    with pytest.raises(TooSlow):
        pace.note(3, 1)


def test_who_keeps_the_floor_may_go_on():
    pace = Pace(10)
    for _ in range(100):
        pace.note(7, WINDOW_BYTES // 8)
    assert pace.patience() > 0


def test_after_a_burst_the_floor_holds_again():
    pace = Pace(10)
    pace.note(0, 100 * MIB)
    pace.note(WINDOW_SECONDS, 1)
    with pytest.raises(TooSlow):
        pace.note(WINDOW_SECONDS, 1)


@pytest.fixture
def pair():
    """Give our side and the client's of a connection; a stalled client is given up at once."""
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.settimeout(10)
        ours = ClientSocket.adopt(ours, 0.05)
        with ours:
            yield ours, theirs


def read_all(theirs: socket.socket) -> bytes:
    return b"".join(iter(lambda: theirs.recv(MIB), b""))


def test_what_the_client_does_not_take_is_kept_and_nobody_waits(pair):
    ours, theirs = pair
    ours.sendall(b"a" * UNSENT_BYTES)
    ours.sendall(b"b")
    assert 0 < len(ours.unsent) <= UNSENT_BYTES
    reader = threading.Thread(target=lambda: read.append(read_all(theirs)))
    read = []
    reader.start()
    while ours.unsent:
        ours.push()
    ours.close()
    reader.join()
    assert read == [b"a" * UNSENT_BYTES + b"b"]


def test_more_than_is_kept_waits_for_the_client_and_gives_up(pair):
    ours, theirs = pair
    with pytest.raises(TooSlow):
        ours.sendall(b"a" * (UNSENT_BYTES + 2 * MIB))
    assert theirs.recv(1) == b"a"


def test_a_file_is_sent_from_where_it_is_asked_for(pair, tmp_path):
    ours, theirs = pair
    with io.BytesIO(b"0123456789" * 100_000) as file:
        assert ours.sendfile(file, offset=3, count=500_000) == 500_000
        assert ours.sendfile(file, offset=999_998) == 2
    while ours.unsent:
        theirs.recv(100_000)
        ours.push()


def test_who_sends_nothing_is_given_up(pair):
    ours, theirs = pair
    with pytest.raises(TooSlow):
        ours.receive(10, Pace(0.05))
    theirs.sendall(b"abc")
    assert ours.receive(10, Pace(0.05)) == b"abc"
    theirs.close()
    assert ours.receive(10, Pace(0.05)) == b""


def test_an_inbox_gives_what_has_come_and_waits_only_where_it_may():
    inbox = Inbox()
    inbox.data += b"a" * 3 * READ_AT_ONCE
    assert len(inbox.read()) == READ_AT_ONCE
    assert len(inbox.read(None, READ_AT_ONCE + 1)) == READ_AT_ONCE + 1
    assert len(inbox.read(100 * MIB)) == READ_AT_ONCE - 1
    assert inbox.read() == inbox.read(5) == b""
    pieces = iter([b"bcd", b"efgh", b""])
    inbox.more = lambda size: next(pieces)
    assert inbox.read(5) == b"bcdef"
    inbox.unread(b"x")
    assert inbox.read(10) == b"xgh"


def test_a_sized_body_is_whole_with_its_last_byte():
    assert [Sized(3).is_whole(bytearray(n)) for n in range(5)] == [False, False, False, True, True]


@pytest.mark.parametrize(
    "body",
    [
        b"0\r\n\r\n",
        b"3\r\nabc\r\n0\r\n\r\n",
        b"3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
        b"4\r\n\r\n\r\n\r\n0\r\n\r\n",
    ],
)
def test_the_end_of_a_chunked_body_is_found_however_it_comes(body):
    framing = Chunked()
    whole = [framing.is_whole(bytearray(body[:n])) for n in range(len(body) + 1)]
    assert whole == [False] * len(body) + [True]


@pytest.mark.parametrize("body", [b"zz\r\n", b"\r\n", b"-5\r\n\r\n\r\n", b"f" * 9000])
def test_what_is_no_chunk_is_left_to_who_reads_it(body):
    assert Chunked().is_whole(bytearray(body))


def test_many_tiny_chunks_are_not_counted_to_the_end():
    framing = Chunked()
    assert not framing.is_whole(bytearray(b"1\r\na\r\n" * 2 * MAX_CHUNKS))
    assert framing.is_lost()
    assert framing.chunks == MAX_CHUNKS + 1


def test_slots_leave_two_threads_and_a_thread_holds_one():
    slots = StreamSlots(4)
    slots.hold()
    slots.hold()
    assert slots.take()
    assert not slots.take()
    refused = []

    def other() -> None:
        try:
            slots.hold()
        except Unavailable as error:
            refused.append(error.wait)

    thread = threading.Thread(target=other)
    thread.start()
    thread.join()
    assert refused == [5]
    slots.release()
    slots.release()
    assert slots.take()
    assert not slots.take()


@pytest.mark.parametrize(("threads", "streams"), [(1, 1), (2, 1), (3, 1), (8, 6)])
def test_there_is_always_a_slot(threads, streams):
    assert StreamSlots(threads).free == streams


def test_a_head_closes_what_it_does_not_send(monkeypatch):
    closed = []

    class Response(list):
        def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr(wsgi, "_django", lambda environ, start_response: Response([b"body"]))
    assert list(wsgi.application({"REQUEST_METHOD": "GET"}, None)) == [b"body"]
    assert not closed
    assert list(wsgi.application({"REQUEST_METHOD": "HEAD"}, None)) == []
    assert closed
