"""How a route is addressed: slashes, parameters and names that are not known."""

import pytest

from datasets.models import Dataset
from tests.routes import DOCUMENT, PAGES, ROUTES, WITH_IDS, is_detail, routes, success
from traces.models import Trace

pytestmark = pytest.mark.django_db


@routes(ROUTES)
@pytest.mark.parametrize("slash", ["", "/"])
def test_paths_work_with_and_without_a_slash(client_as, world, route, slash):
    path, question, query = world.url(route).partition("?")
    response = world.call(client_as("trainer"), route, path + slash + question + query)
    assert response.status_code == success(route)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("slash", ["", "/"])
def test_pages_work_with_and_without_a_slash(reader, path, slash):
    assert reader.get(path + slash).status_code == 200


def parameters(route):
    """Name the query parameters of a route."""
    method, path = route
    found = DOCUMENT["paths"][path][method].get("parameters", [])
    return [one["name"] for one in found if one["in"] == "query"]


@routes(ROUTES)
def test_an_unknown_query_parameter_is_refused(client_as, world, route):
    client, url = client_as("trainer"), world.url(route)
    for query in ("nonsense=1", "Limit=1", "%00=%00", "=", "limit[]=1", "_method=PUT"):
        response = world.call(client, route, f"{url}{'&' if '?' in url else '?'}{query}")
        assert response.status_code == 400
        ((reason,),) = response.json().values()
        assert reason.startswith("Unknown parameter. ")
        for name in parameters(route):
            assert name in reason
    assert Trace.objects.count() == 2


@pytest.mark.parametrize("path", PAGES)
def test_pages_refuse_them_too(reader, path):
    assert reader.get(f"{path}?nonsense=1").status_code == 400


NOBODY = [
    "00000000-0000-7000-8000-000000000000",
    "nobody-1",
    "%00",
    "a%00b",
    "%ff",
    "%F0%9F",
    "%0a",
    "..",
    "%2e%2e%2f",
    "a" * 5_000,
    "{}",
    "'; --",
]


@routes(WITH_IDS)
def test_an_unknown_name_is_404(client_as, world, route):
    client = client_as("trainer")
    for name in NOBODY:
        response = world.call(client, route, world.url(route, id=name, key=name))
        assert response.status_code == 404
        assert response["Content-Type"] == "application/json"
        assert is_detail(response)
        assert "not found" in response.json()["detail"].lower()
        assert len(response.content) < 300
    assert Trace.objects.count() == 2
    assert Dataset.objects.count() == 1


@pytest.mark.parametrize("path", ["/nowhere", "/api/nowhere", "/api/traces/x/nowhere", "/api//"])
def test_an_unknown_path_is_404(reader, path):
    response = reader.get(path)
    assert response.status_code == 404
    assert response.json() == {"detail": "Not found. GET /api/schema names every route."}


@pytest.mark.parametrize("value", ["%ff", "%C3", "%ed%a0%80", "a%00%fe"])
def test_a_query_that_is_not_utf_8_is_refused(reader, value):
    response = reader.get("/api/traces", QUERY_STRING=f"source={value}")
    assert response.status_code == 400
    assert response.json() == {"source": ["Not UTF-8."]}
