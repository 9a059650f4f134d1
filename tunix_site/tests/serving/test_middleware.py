"""What happens around every request: a database that is away."""

import tomllib

import pytest
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse

from tunix_site import __version__
from tunix_site.serving.middleware import RefusalMiddleware


@pytest.mark.parametrize("error", [OperationalError("secret"), InterfaceError("secret")])
def test_pages_answer_503_while_the_database_is_away(rf, error):
    response = RefusalMiddleware(HttpResponse).process_exception(rf.get("/admin/"), error)
    assert (response.status_code, response["Retry-After"]) == (503, "5")
    assert response.content == b'{"detail": "The database is not available."}'


def test_other_errors_break_as_they_are(rf):
    through = RefusalMiddleware(lambda request: HttpResponse("fine"))
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


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/health", "/api/traces", "/admin/login/", "/nowhere"])
def test_each_answer_says_the_version(client, path):
    assert client.get(path)["X-Tunix-Version"] == __version__


@pytest.mark.django_db
def test_the_root_says_the_version(reader):
    assert reader.get("/api").json()["version"] == __version__


def test_the_project_has_the_version_that_the_program_says():
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
