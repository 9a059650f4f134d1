"""Pages of other origins: none by default; those that are named, with a key and no cookie."""

from collections.abc import Iterator

import pytest
from django.conf import settings
from drf_spectacular.generators import SchemaGenerator

from tunix_site.access import cors
from tunix_site.api.idempotency import REPLAYED_HEADER
from tunix_site.tests.live import WebServer, url_of_database, web_server
from tunix_site.tests.samples import trace

ORIGIN = "https://app.example.org"
OTHERS = ["https://evil.example", "http://app.example.org", f"{ORIGIN}.evil.example", "null", "x"]
# Headers of answers that browsers let every page read, by the standard.
SAFE = {"Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Last-Modified"}
ASKS = {"Access-Control-Request-Method": "POST"}


@pytest.fixture
def open_site(transactional_db, tmp_path) -> Iterator[WebServer]:
    """Serve with one origin let in."""
    with web_server(
        database_url=url_of_database(), var_dir=tmp_path, CORS_ALLOWED_ORIGINS=ORIGIN
    ) as server:
        yield server


def permissions(answer) -> dict[str, str]:
    return {
        name: value for name, value in answer.headers.items() if name.startswith("access-control-")
    }


def listed(text: str) -> set[str]:
    return {word.strip() for word in text.split(",")}


@pytest.mark.live
def test_a_page_of_the_origin_may_use_the_api_with_a_key(open_site, key_of):
    with open_site.client() as page:
        asked = page.options("/api/traces", headers={"Origin": ORIGIN, **ASKS})  # without a key
        assert asked.status_code == 200
        allowed = permissions(asked)
        assert allowed["access-control-allow-origin"] == ORIGIN
        assert listed(allowed["access-control-allow-methods"]) >= {"GET", "POST", "PATCH", "DELETE"}
        assert listed(allowed["access-control-allow-headers"]) >= {
            *["authorization", "content-type", "idempotency-key", "if-none-match", "prefer"],
            *["range", "content-encoding"],
        }
        key = {"Authorization": f"Token {key_of('curator')}", "Origin": ORIGIN}
        made = page.post("/api/traces", json=trace(), headers=key)
        assert made.status_code == 201
        assert made.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "origin" in made.headers["Vary"].lower()
        readable = listed(made.headers["Access-Control-Expose-Headers"])
        assert readable >= {"ETag", "X-Row-Count", "X-Rows-Left-Out", "Location", "Retry-After"}
        assert "Content-Disposition" in readable
        refused = page.get("/api/traces", headers={"Origin": ORIGIN})
        assert (refused.status_code, permissions(refused)["access-control-allow-origin"]) == (
            401,
            ORIGIN,
        )
        missing = page.get("/api/nowhere", headers=key)
        assert (missing.status_code, missing.headers["Access-Control-Allow-Origin"]) == (
            404,
            ORIGIN,
        )


@pytest.mark.live
def test_other_origins_and_other_pages_are_let_do_nothing(open_site, key_of):
    with open_site.client(key_of("reader")) as page:
        for origin in OTHERS:
            assert (
                permissions(page.options("/api/traces", headers={"Origin": origin, **ASKS})) == {}
            )
            assert permissions(page.get("/api/traces", headers={"Origin": origin})) == {}
        for path in ("/admin/login/", "/api-auth/login/", "/metrics", "/static/x.css", "/apiary"):
            assert permissions(page.options(path, headers={"Origin": ORIGIN, **ASKS})) == {}
            assert permissions(page.get(path, headers={"Origin": ORIGIN})) == {}
        assert permissions(page.get("/api/traces")) == {}


@pytest.mark.live
def test_no_cookie_counts_for_another_origin(open_site):
    with open_site.client() as page:
        answer = page.get("/api/health", headers={"Origin": ORIGIN})
        assert "access-control-allow-credentials" not in permissions(answer)


@pytest.mark.live
def test_by_default_no_page_is_let_in(site_as):
    page = site_as("reader")
    assert permissions(page.options("/api/traces", headers={"Origin": ORIGIN, **ASKS})) == {}
    answer = page.get("/api/traces", headers={"Origin": ORIGIN})
    assert (answer.status_code, permissions(answer)) == (200, {})
    assert "origin" not in answer.headers.get("Vary", "").lower()


def test_by_default_nothing_of_it_is_loaded():
    assert not [name for name in [*settings.MIDDLEWARE, *settings.INSTALLED_APPS] if "cors" in name]


def test_every_method_that_a_route_is_described_with_can_be_used():
    document = SchemaGenerator().get_schema(request=None, public=True)
    described = {method.upper() for path in document["paths"].values() for method in path}
    assert {"GET", "PUT"} <= described
    assert set(cors.METHODS) == described | {"HEAD", "OPTIONS"}


def test_every_header_that_an_answer_is_described_with_can_be_read():
    document = SchemaGenerator().get_schema(request=None, public=True)
    described = {
        name
        for path in document["paths"].values()
        for operation in path.values()
        for response in operation["responses"].values()
        for name in response.get("headers", {})
    }
    assert {"ETag", "Location"} <= described
    assert described - SAFE <= set(cors.READ)
    assert REPLAYED_HEADER in cors.READ


def test_every_header_that_a_request_is_described_with_can_be_sent():
    document = SchemaGenerator().get_schema(request=None, public=True)
    described = {
        parameter["name"].lower()
        for path in document["paths"].values()
        for operation in path.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "header"
    }
    assert described - set(cors.SENT) == {"accept-encoding"}  # which is the browser's own
