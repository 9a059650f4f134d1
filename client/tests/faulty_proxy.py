"""A real HTTP server between a client and a site, which does to requests what networks do."""

import contextlib
import threading
from collections import deque
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

Fault = Callable[["Handler"], None]
HOP_BY_HOP = {"host", "connection", "transfer-encoding", "content-length", "keep-alive"}


class FaultyProxy(ThreadingHTTPServer):
    """Passes requests on; those for which there are faults, in order, meet them."""

    daemon_threads = True

    def __init__(self, site: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.site = site
        self.faults: deque[Fault] = deque()
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def headers_of(self, name: str) -> list[str | None]:
        return [headers.get(name) for _, _, headers in self.seen]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: that connections break is what it is for."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyProxy

    def handle_any(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.seen.append((self.command, self.path, headers))
        fault = self.server.faults.popleft() if self.server.faults else pass_on
        fault(self)

    do_GET = do_HEAD = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def ask(self) -> tuple[httpx.Response, bytes]:
        """Have the site do it; give its answer as it came."""
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        url = f"{self.server.site}{self.path}"
        with (
            httpx.Client(trust_env=False, timeout=60) as http,
            http.stream(self.command, url, headers=headers, content=self.body()) as response,
        ):
            return response, b"".join(response.iter_raw())

    def answer(self, response: httpx.Response, body: bytes, length: int | None) -> None:
        self.send_response(response.status_code)
        for name, value in response.headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def pass_on(handler: Handler) -> None:
    response, body = handler.ask()
    handler.answer(response, body, len(body) if body or handler.command != "HEAD" else None)


def with_ranges(handler: Handler) -> None:
    """Pass on a request for all of it, and answer with the part that was asked for."""
    asked, condition = handler.headers.get("Range"), handler.headers.get("If-Range")
    del handler.headers["Range"], handler.headers["If-Range"]
    response, body = handler.ask()
    response.headers["Accept-Ranges"] = "bytes"
    start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
    if not asked or condition != response.headers["ETag"]:
        handler.answer(response, body, len(body))
    elif start >= len(body):
        answer_with(b"{}", 416, Content_Range=f"bytes */{len(body)}")(handler)
    else:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        handler.answer(response, body[start:], len(body) - start)


def hang_up(handler: Handler) -> None:
    """Break off before anything is done."""
    handler.close_connection = True


def hang_up_after(count: int) -> Fault:
    """Read so many bytes of a request's body, then break the connection."""

    def fault(handler: Handler) -> None:
        handler.rfile.read(count)
        handler.close_connection = True

    return fault


def lose_the_answer(handler: Handler) -> None:
    """Have it done, and say nothing of it."""
    handler.ask()
    handler.close_connection = True


def stall(handler: Handler) -> None:
    """Say nothing until the proxy ends."""
    handler.server.ended.wait(60)
    handler.close_connection = True


def refuse(status: int, **headers: str) -> Fault:
    return answer_with(b'{"detail": "Not now."}', status, **headers)


def break_off(after: int | float, *, without: tuple[str, ...] = ()) -> Fault:
    """Send the answer's head and so many bytes of its body, or a share, then break off."""

    def fault(handler: Handler) -> None:
        response, body = handler.ask()
        for name in without:
            response.headers.pop(name, None)
        sent = after if isinstance(after, int) else int(after * len(body))
        handler.answer(response, body[:sent], len(body))
        handler.close_connection = True

    return fault


def answer_with(body: bytes, status: int = 200, **headers: str) -> Fault:
    """Answer as a server might that is not ours."""

    def fault(handler: Handler) -> None:
        handler.body()
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return fault


@contextlib.contextmanager
def faulty_proxy(site: str) -> Iterator[FaultyProxy]:
    with FaultyProxy(site) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()
