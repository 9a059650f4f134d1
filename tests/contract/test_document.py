"""The document of the routes names all that there are, and what they refuse."""

import re

import pytest
from django.urls import get_resolver

from tests.routes import BODIES, DOCUMENT, KEYED, PAGES, ROUTES, STREAMS

pytestmark = pytest.mark.django_db


def test_every_route_is_in_the_document():
    served = {
        re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", prefix + pattern)
        for prefix, pattern in _patterns(get_resolver().url_patterns)
        if (prefix + pattern).startswith(("api/", "metrics"))
    }
    documented = {path.strip("/").replace("{id}", "{pk}") for path in DOCUMENT["paths"]}
    pages = {page.strip("/") for page in PAGES}
    assert served - pages == documented


def _patterns(entries, prefix=""):
    for entry in entries:
        pattern = str(entry.pattern).lstrip("^").removesuffix("$").removesuffix("/?")
        if hasattr(entry, "url_patterns"):
            yield from _patterns(entry.url_patterns, prefix + pattern)
        else:
            yield prefix, pattern.replace("\\.", ".")


def test_every_route_with_a_body_is_tried_here():
    with_a_body = {
        (method, path)
        for method, path in ROUTES
        if "requestBody" in DOCUMENT["paths"][path][method]
    }
    assert {*BODIES, *STREAMS} == with_a_body


def test_the_document_says_what_is_refused():
    for route in KEYED:
        method, path = route
        responses = DOCUMENT["paths"][path][method]["responses"]
        assert {"400", "401", "403", "406", "503"} <= set(responses), route
        if "{" in path:
            assert "404" in responses
        if route in BODIES:
            assert {"413", "415"} <= set(responses), route
    assert DOCUMENT["openapi"].startswith("3.1")
    for name in _closed_bodies():
        assert DOCUMENT["components"]["schemas"][name]["additionalProperties"] is False


def _closed_bodies():
    for method, path in BODIES:
        request = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]
        schema = request["schema"].get("items", request["schema"])
        yield schema["$ref"].rpartition("/")[2]
    yield from ("StepRequest", "TraceFiltersRequest")
