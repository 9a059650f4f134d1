"""What happens around every request: draining, and a database that is away."""

import io
import socket
from types import SimpleNamespace

import pytest
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse

from tunix_site import middleware
from tunix_site.middleware import DatabaseTroubleMiddleware, DrainMiddleware

MIB = 1024**2


class Body(io.BytesIO):
    """A body that breaks off after so many bytes."""

    def __init__(self, data: bytes, breaks_after: int | None = None) -> None:
        super().__init__(data)
        self.breaks_after = breaks_after

    def read(self, size: int = -1) -> bytes:
        if self.breaks_after is not None and self.tell() >= self.breaks_after:
            raise OSError("gone")
        return super().read(size)


def left_over(body: Body, *, code: int, length: str | None = "1") -> int:
    """Pass a request through, and count the bytes that nobody has read."""
    request = SimpleNamespace(read=body.read, META={"CONTENT_LENGTH": length})
    response = DrainMiddleware(lambda request: HttpResponse(status=code))(request)
    assert response.status_code == code
    return len(body.getvalue()) - body.tell()


@pytest.mark.parametrize("code", [400, 401, 413, 500])
def test_a_refused_body_is_read_to_its_end(code):
    assert left_over(Body(b"x" * MIB), code=code) == 0


def test_an_accepted_body_is_left_to_the_view():
    assert left_over(Body(b"x" * MIB), code=201) == MIB


@pytest.mark.parametrize("length", [None, "", "0"])
def test_where_there_is_no_body_nothing_is_read(length):
    assert left_over(Body(b"x"), code=400, length=length) == 1


def test_no_more_than_a_little_is_read(monkeypatch):
    monkeypatch.setattr(middleware, "DRAIN_BYTES", MIB)
    assert left_over(Body(b"x" * 3 * MIB), code=413) == 2 * MIB


def test_a_client_that_is_gone_ends_it():
    assert left_over(Body(b"x" * MIB, breaks_after=MIB // 2), code=400) <= MIB // 2


def test_a_client_that_stalls_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(middleware, "DRAIN_SECONDS", 0.05)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"a little")
        request = SimpleNamespace(
            read=ours.recv, META={"CONTENT_LENGTH": "999", "gunicorn.socket": ours}
        )
        drained = DrainMiddleware(lambda request: HttpResponse(status=401))(request)
    assert drained.status_code == 401


@pytest.mark.parametrize("error", [OperationalError("secret"), InterfaceError("secret")])
def test_pages_answer_503_while_the_database_is_away(rf, error):
    response = DatabaseTroubleMiddleware(HttpResponse).process_exception(rf.get("/admin/"), error)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.content == b'{"detail": "The database is not available."}'


def test_other_errors_break_as_they_are(rf):
    through = DatabaseTroubleMiddleware(lambda request: HttpResponse("fine"))
    assert through.process_exception(rf.get("/admin/"), ValueError()) is None
    assert through(rf.get("/admin/")).content == b"fine"


@pytest.mark.django_db
def test_a_page_of_the_admin_meets_a_database_that_is_away(client, monkeypatch):
    def away(store):
        raise OperationalError("it is away")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    client.cookies["sessionid"] = "a" * 32
    response = client.get("/admin/")
    assert (response.status_code, response["Retry-After"]) == (503, "5")


@pytest.mark.django_db
def test_static_files_are_served_without_a_session(client):
    response = client.get("/static/rest_framework/css/default.css")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/css")
    response.close()
