"""The OpenAPI document says everything: names, summaries, descriptions, examples and errors."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from openapi_schema_validator import OAS31Validator

from tests.routes import BODIES, World, success
from training import programs
from tunix_site.api.openapi.hooks import ERRORS, describing

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(reader) -> dict:
    return reader.get("/api/schema").json()


@pytest.fixture(autouse=True)
def _programs_can_be_run(monkeypatch) -> None:
    monkeypatch.setattr(programs, "PYTHON", Path(sys.executable))


@pytest.fixture
def world(db) -> World:
    return World()


def operations(document) -> list[dict]:
    return [operation for path in document["paths"].values() for operation in path.values()]


def unsaid(document) -> Iterator[str]:
    """Say what an operation or a schema leaves out, place by place."""
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    for operation in operations(document):
        name = operation["operationId"]
        if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name) or name.startswith("api_"):
            yield f"{name}: no plain name; give an operation_id"
        if not 5 < len(operation.get("summary", "")) <= 80:
            yield f"{name}: no summary; write a docstring"
        if len(operation["tags"]) != 1 or not tags.issuperset(operation["tags"]):
            yield f"{name}: no tag that its app describes"
        for code in without_example(operation):
            yield f"{name}: no example of {code}; add it to the view's `examples`"
        for parameter in operation.get("parameters", ()):
            if not parameter.get("description"):
                yield f"{name}: {parameter['name']} is not described"
    yield from undescribed(document["components"]["schemas"])


def undescribed(schemas) -> Iterator[str]:
    for name, schema in schemas.items():
        for field, said in schema.get("properties", {}).items():
            if not said.get("description"):
                yield f"{name}.{field} is not described; write help_text, or words.py"


def without_example(operation) -> Iterator[str]:
    """Give what has no example: "request", or an answer by its status."""
    for code, body in {
        "request": operation.get("requestBody", {}),
        **operation["responses"],
    }.items():
        if code == "request" or code < "400":
            contents = body.get("content", {}).values()
            yield from (code for content in contents if "example" not in content)


def test_nothing_is_left_unsaid(document):
    assert list(unsaid(document)) == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda o, s: o.update(operationId="api_traces_list"), "no plain name"),
        (lambda o, s: o.update(operationId="health"), "no plain name"),
        (lambda o, s: o.update(summary=""), "no summary"),
        (lambda o, s: o.update(tags=["others"]), "no tag"),
        (lambda o, s: o["responses"]["200"]["content"]["application/json"].clear(), "no example"),
        (lambda o, s: o["parameters"][0].pop("description"), "is not described"),
        (lambda o, s: s["Job"]["properties"].update(new={"type": "string"}), "Job.new is not"),
    ],
)
def test_what_is_left_unsaid_is_found(document, change, found):
    change(document["paths"]["/api/traces"]["get"], document["components"]["schemas"])
    [one] = unsaid(document)
    assert found in one


def test_words_are_used_where_nothing_else_describes_a_field():
    said = {"own": {"description": "Its own."}, "a": {}, "b": {}, "c": {}}
    document = {"components": {"schemas": {"One": {"properties": said}}}, "paths": {}}
    describing({"own": "No.", "a": "Any a.", "One.a": "This a.", "b": "Any b."})(document)
    assert [said[name].get("description") for name in said] == [
        "Its own.",
        "This a.",
        "Any b.",
        None,
    ]


def examples(document):
    """Yield each example with what it is of and its schema."""
    for operation in operations(document):
        bodies = {"request": operation.get("requestBody", {}), **operation["responses"]}
        for code, body in bodies.items():
            for kind, content in body.get("content", {}).items():
                if kind == "application/json":
                    name = f"{operation['operationId']} {code}"
                    yield name, content["example"], content["schema"]
    for name, answer in document["components"]["responses"].items():
        content = answer["content"]["application/json"]
        yield name, content["example"], content["schema"]


def test_examples_are_what_the_document_says(document):
    found = list(examples(document))
    assert len(found) > 40
    for name, example, schema in found:
        whole = {**schema, "components": document["components"]}
        wrong = [error.message for error in OAS31Validator(whole).iter_errors(example)]
        assert not wrong, (name, wrong)


def test_the_example_of_a_request_is_taken_and_answered_as_shown(document, client_as, world):
    """Every body that the document shows is sent as it is; only ids are those that are there."""
    trainer = client_as("trainer")
    for (method, path), body in BODIES.items():
        operation = document["paths"][path][method]
        shown = operation["requestBody"]["content"]["application/json"]["example"]
        if path == "/api/scores/batch":
            shown = [{**one, "trace": body[0]["trace"]} for one in shown]
        if path == "/api/traces/bulk-delete":
            shown = {**shown, "expected_count": 0}
        if path == "/api/preferences":
            shown = {**shown, **body}
        if path == "/api/datasets/build":  # of the traces that the examples before it made
            trainer.post("/api/traces", BODIES["post", "/api/traces"], format="json")
            shown = {**shown, "where": {}}
        if path == "/api/evalsets/from-dataset":
            shown = {**shown, "key": body["key"], "split": None}
        answer = world.call(trainer, (method, path), data=shown)
        assert answer.status_code == success((method, path)), answer.content
        example = operation["responses"][str(answer.status_code)]["content"]["application/json"]
        given, told = answer.json(), example["example"]
        assert set(given) == set(told), path


def test_every_error_is_the_shared_one(document):
    for operation in operations(document):
        for code, answer in operation["responses"].items():
            # an unhealthy site says what is wrong
            if code >= "400" and (operation["operationId"], code) != ("get_health", "503"):
                assert answer == {"$ref": f"#/components/responses/{ERRORS[code][0]}"}
    shared = document["components"]["responses"]
    assert set(shared) == {name for name, *_ in ERRORS.values()}
    for answer in shared.values():
        content = answer["content"]["application/json"]
        assert content["schema"] == {"$ref": "#/components/schemas/Error"}
        assert answer["description"]
    assert "WWW-Authenticate" in shared["Unauthorized"]["headers"]
    assert "Retry-After" in shared["Unavailable"]["headers"]
