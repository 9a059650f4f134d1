"""The OpenAPI document and its page."""

import re
from html import unescape
from pathlib import Path

import pytest
from django.contrib.admindocs.views import simplify_regex
from django.core.management import call_command
from django.urls import URLPattern, get_resolver
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from rest_framework.views import APIView

from tunix_site.api.openapi.documents import RootView, SchemaView, SwaggerView
from tunix_site.api.openapi.hooks import close_bodies

pytestmark = pytest.mark.django_db

URL = "/api/schema"
WITHOUT = (RootView, SchemaView, SwaggerView)  # documents of themselves


@pytest.fixture
def document(reader) -> dict:
    return reader.get(URL).json()


def routes(patterns=None, prefix: str = "") -> set[tuple[str, str]]:
    """Read (method, path) of every API view out of the URLconf itself."""
    found: set[tuple[str, str]] = set()
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(entry.pattern)
        if not isinstance(entry, URLPattern):
            found |= routes(entry.url_patterns, path)
            continue
        view = getattr(entry.callback, "cls", None)
        if view is None or not issubclass(view, APIView) or issubclass(view, WITHOUT):
            continue
        methods = getattr(entry.callback, "actions", None)
        if methods is None:
            methods = [name for name in view.http_method_names if hasattr(view, name)]
        shown = re.sub(r"<(\w+)>", r"{\1}", simplify_regex(path)).rstrip("/").replace("\\", "")
        found |= {(method, shown) for method in methods if method not in ("head", "options")}
    return found


def test_it_is_valid_openapi_3_1(document):
    assert document["openapi"].startswith("3.1.")
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_nothing_is_guessed(tmp_path):
    file = tmp_path / "schema.yml"
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(file))
    assert file.stat().st_size > 0


def test_every_route_is_documented_without_its_slash(document):
    documented = {
        (method, re.sub(r"\{id\}", "{pk}", path))
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert documented == routes()
    assert len(documented) > 10
    assert not [path for path in document["paths"] if path.endswith("/")]


def operations(document) -> list[dict]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def test_every_operation_has_a_name_of_its_own_and_its_errors(document):
    names = [operation["operationId"] for operation in operations(document)]
    assert len(set(names)) == len(names)
    for operation in operations(document):
        is_open = operation["operationId"] == "get_health"
        expected = {"400"} if is_open else {"400", "401", "403", "503"}
        assert expected <= set(operation["responses"])


def test_operations_keep_their_names(document):
    """What generated clients call them: a name that changes breaks whoever made one."""
    named = {operation["operationId"] for operation in operations(document)}
    assert named >= {
        "create_trace",
        "create_traces",
        "import_traces",
        "list_traces",
        "get_trace",
        "update_trace",
        "delete_trace",
        "change_traces",
        "score_trace",
        "list_scores",
        "compare_traces",
        "find_similar_traces",
        "list_prompts",
        "list_formats",
        "store_scores",
        "build_dataset",
        "preview_dataset",
        "explain_dataset",
        "list_datasets",
        "create_evalset",
        "create_evalset_from_dataset",
        "generate_evalset",
        "list_evalsets",
        "get_evalset",
        "list_evalset_items",
        "delete_evalset",
        "get_dataset",
        "get_manifest",
        "export_dataset",
        "export_dataset_as_parquet",
        "download_bundle",
        "delete_dataset",
        "list_jobs",
        "get_job",
        "list_job_errors",
        "cancel_job",
        "get_health",
        "get_metrics",
    }


def schemas_inside(schema, components, seen):
    """Yield every object schema that a schema holds, references followed."""
    if isinstance(schema, list):
        for item in schema:
            yield from schemas_inside(item, components, seen)
    elif isinstance(schema, dict):
        if name := schema.get("$ref", "").rpartition("/")[2]:
            if name not in seen:
                seen.add(name)
                yield from schemas_inside(components[name], components, seen)
            return
        if "properties" in schema and "type" in schema:
            yield schema
        for value in schema.values():
            yield from schemas_inside(value, components, seen)


def test_bodies_are_closed(document):
    bodies = [
        operation["requestBody"]
        for path in document["paths"].values()
        for operation in path.values()
        if "requestBody" in operation
    ]
    found = list(schemas_inside(bodies, document["components"]["schemas"], set()))
    assert len(found) >= len(bodies) > 3
    for schema in found:
        # a message of a conversation and meta may hold more: they are kept as they were sent
        free = set(schema["properties"]) in ({"role", "content"}, {"source"})
        assert schema["additionalProperties"] in ((True, {}) if free else (False,))


def test_references_into_a_body_are_followed_once():
    one = {"type": "object", "properties": {"other": {"$ref": "#/components/schemas/One"}}}
    body = {"requestBody": {"schema": {"$ref": "#/components/schemas/One"}}}
    document = {"paths": {"/a": {"post": body}}, "components": {"schemas": {"One": one}}}
    assert close_bodies(document)["components"]["schemas"]["One"]["additionalProperties"] is False


def test_parts_of_a_condition_are_not_closed(document):
    build = document["components"]["schemas"]["BuildRequest"]
    assert "additionalProperties" not in build["allOf"][0]
    assert build["then"]["required"] == ["seed"]


def test_lists_say_how_many_items_they_take(document):
    schemas = document["components"]["schemas"]
    trace = schemas["TraceRequest"]["properties"]
    batch = document["paths"]["/api/traces/batch"]["post"]["requestBody"]["content"]
    found = [trace["steps"], trace["tags"], batch["application/json"]["schema"]]
    lengths = [(one.get("minItems"), one["maxItems"]) for one in found]
    assert lengths == [(1, 1000), (None, 50), (1, 1000)]
    assert len(schemas["BulkSetRequest"]["allOf"][0]["anyOf"]) == 3


def test_a_text_may_be_empty_where_it_says_so(document):
    schemas = document["components"]["schemas"]
    query = {p["name"]: p["schema"] for p in document["paths"]["/api/traces"]["get"]["parameters"]}
    answer = schemas["TraceRequest"]["properties"]["final_answer"]
    for schema in (query["source"], answer):
        assert OAS31Validator(schema).is_valid("")
        assert not OAS31Validator(schema).is_valid("\0")
    assert not OAS31Validator(query["q"]).is_valid("")


def test_answers_are_open(document):
    assert "additionalProperties" not in document["components"]["schemas"]["TraceDetail"]


def test_a_key_is_how_one_comes_in(document):
    schemes = document["components"]["securitySchemes"]
    assert (schemes["bearerAuth"]["type"], schemes["bearerAuth"]["scheme"]) == ("http", "bearer")
    assert {(name, scheme.get("in")) for name, scheme in schemes.items()} == {
        ("bearerAuth", None),
        ("cookieAuth", "cookie"),
    }
    for path in document["paths"].values():
        for operation in path.values():
            if operation["operationId"] != "get_health":
                assert operation["security"] == [{"bearerAuth": []}, {"cookieAuth": []}]
    assert document["paths"]["/api/health"]["get"].get("security", []) in ([], [{}])


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/yaml", "application/yaml"),
        ("application/vnd.oai.openapi+json", "application/vnd.oai.openapi+json"),
    ],
)
def test_it_is_json_unless_yaml_is_asked_for(reader, accept, kind):
    response = reader.get(URL, headers={"Accept": accept})
    assert response.status_code == 200
    assert response["Content-Type"].startswith(kind)


def test_what_it_does_not_know_is_refused_in_json(reader):
    for query in ("format=yaml", "lang=de", "version=2", "x=1"):
        response = reader.get(f"{URL}?{query}", headers={"Accept": "application/yaml"})
        assert (response.status_code, response["Content-Type"]) == (400, "application/json")


def test_both_need_a_reader(client, client_as):
    assert client.get(URL).status_code == 401
    assert client.get("/api/docs").status_code == 401
    assert client.get("/api/docs", headers={"Accept": "text/html"}).status_code == 302
    assert client_as("reader").get(URL).status_code == 200
    assert client_as("reader").get("/api/docs", headers={"Accept": "*/*"}).status_code == 200


def test_the_page_loads_nothing_from_elsewhere(reader):
    page = reader.get("/api/docs", headers={"Accept": "text/html"}).content.decode()
    assert not re.findall(r"https?:|\"//", page)
    assets = [url for url in re.findall(r"(?:src|href)=\"([^\"]+)\"", page) if url != "#"]
    assert len(assets) >= 3
    for url in assets:
        response = reader.get(unescape(url), headers={"Accept": "*/*"})
        assert response.status_code == 200, url
        assert response.getvalue()
    script = reader.get("/api/docs?script=", headers={"Accept": "*/*"})
    assert script["Content-Type"].startswith("application/javascript")
    assert f'"{URL}' in script.content.decode()


def test_the_page_runs_nothing_but_its_own_scripts(reader):
    page = reader.get("/api/docs", headers={"Accept": "text/html"})
    assert "script-src 'self';" in page["Content-Security-Policy"]
    assert not re.search(r"<style|<script(?![^>]* src=)|\son\w+=", page.content.decode())
    assert '<html lang="en">' in page.content.decode()
    assert "<title>API documents | Tunix RT</title>" in page.content.decode()


def test_no_page_of_the_project_names_another_host():
    for page in Path(__file__).parents[2].glob("templates/**/*.html"):
        assert not re.findall(r"https?://", page.read_text()), page
