"""Generated requests to every operation of the OpenAPI document, and what comes back held to it."""

import hypothesis
import pytest
import schemathesis
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from tests.routes import BODIES, DOCUMENT, STREAMS, World
from training import programs
from tunix_site.api.renderers import NDJSON

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

# What no JSON Schema can say of a request, by the sentence that it is refused with.
UNSAID = {
    "no cursor of this list": "cursors are ours: only those that we gave are taken",
    " not found": "which traces are there",
    "Unknown split": "which splits a dataset has",
    "The shares sum to": "a sum",
    "Another step has this i": "items that differ in one of their properties",
    "An earlier score is of the same": "items that differ in some of their properties",
    "Removed as well": "two lists that have nothing in common",
    "is read whole": "two parameters that exclude one another",
    "Not with parquet": "two parameters that exclude one another",
    "leaves none out": "two parameters that exclude one another",
    "Those of ": "two parameters that exclude one another",
    "writes no thought apart": "two parameters that exclude one another",
    " has plain": "two parameters that exclude one another",
    "has no labels of steps": "two parameters that exclude one another",
    "comes in one way alone": "two parameters that exclude one another",
    "has no messages with calls of tools": "two parameters that exclude one another",
    "Needed by the order": "two fields that go together",
    "There is no such user": "which users are there",
    "There are ": "how many rows an export has",
    "Needs `criteria`": "two parameters that go together",
    "Null needs `details`": "two fields that go together",
    "The trace has no `meta.": "what a trace holds",
    "does not fit in 64 bits": "how large a number is, anywhere in a free object",
    "NUL": "which characters a key has, anywhere in a free object",
    "surrogate": "which characters a text has, anywhere in a free object",
    "Holds no word": "what the words of a search are",
    "Holds more than": "how many words a search has",
    "Cannot be read as a search": "how words are joined in a search",
    "Not TARGET:FIELD": "how a map of fields is written",
    "Unknown target": "how a map of fields is written",
    "With map, format is": "two parameters that exclude one another",
    "No trace matches": "which traces are there",
    "none is left": "which traces a step leaves",
    "No trace has the value": "which values are there",
    "They are ": "how many traces are there",
    "no group of traces": "how large the groups are",
    "The server has no scorer": "which scorers the server has",
    "There is no tokenizer": "which tokenizers are there",
    "Its scores are from": "what a scorer gives",
    "the server computes no such score": "which scorers the server has",
    "There is no item in it": "what a file of items holds",
    "The content is the same": "what a trace holds",
    "is above `max`": "that one number is at most another",
    "Names no filter": "that at least one of any names is there",
    "Not beside `splits`": "two fields that exclude one another",
    "Needs `stratify_by`": "two fields that go together",
    "Needs a `limit`": "two fields that go together",
    "Says nothing of what is taken away": "that one of several fields is told",
    "There is no dataset": "which datasets are there",
    "There is no evaluation set": "which evaluation sets are there",
    "compares prompts alone": "two fields that exclude one another",
    "The trace has no step of this i": "which steps a trace has",
    "Another item has this id": "items that differ in one of their properties",
    "Only with application/x-ndjson": "parameters that go with one type of body",
    "Needed with lines": "parameters that go with one type of body",
    "There is no column": "which characters a criterion has",
    "At most 8 scores": "how many items of a list begin alike",
    "the name of a route": "what two names are together",
}
STATES = (404, 409, 412, 416, 422)  # what is stored decides, or an Idempotency-Key that came before


@schemathesis.check
def valid_is_taken(context, response, case):
    """Fail where what the document calls valid is refused for a reason that it could have given."""
    if response.status_code in STATES:
        return None
    answer = response.json() if response.status_code == 400 else {}
    errors = answer.get("errors", [])
    of_lines = isinstance(errors, list) and any("line" in error for error in errors)
    if "job" in answer or case.media_type == NDJSON or of_lines:
        return None  # what a file of lines holds is beyond any schema
    reasons = list(sentences(answer))
    if reasons and all(any(known in reason for known in UNSAID) for reason in reasons):
        return None
    return openapi_checks.positive_data_acceptance(context, response, case)


@schemathesis.check
def key_is_needed(context, response, case):
    """Fail where anything but a right key is taken; who tries many is told to wait."""
    try:
        return openapi_checks.ignored_auth(context, response, case)
    except openapi_checks.IgnoredAuth as error:
        if "got `429 Too Many Requests`" not in error.message:
            raise
    return None


def sentences(answer):
    """Yield the sentences of an error, without the heading that counts them."""
    if isinstance(answer, str):
        yield answer
    elif isinstance(answer, list):
        for item in answer:
            yield from sentences(item)
    elif isinstance(answer, dict):
        named = answer.get("errors") or answer.get("detail") or list(answer.values())
        yield from sentences(named)


@schemathesis.check
def invalid_is_refused(context, response, case):
    """Fail where what breaks the document is taken; a line that is too long is refused as well."""
    if response.status_code == 414:
        return None
    return openapi_checks.negative_data_rejection(context, response, case)


NEGATIVE = invalid_is_refused
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.response_headers_conformance,
    NEGATIVE,
    valid_is_taken,
    openapi_checks.missing_required_header,
    openapi_checks.unsupported_method,
    key_is_needed,
]

# Bodies that are hardly ever made up right.
FEW_SUCCEED = (
    "/api/evalsets",
    "/api/evalsets/from-dataset",
    "/api/preferences",
    "/api/scores/batch",
    "/api/traces/batch",
    "/api/traces/bulk",
    "/api/traces/bulk-delete",
    "/api/traces/import",
)
SOUND = {**BODIES, **STREAMS}

schemathesis.serializer.alias(NDJSON, "application/octet-stream")
schema = schemathesis.openapi.from_dict(DOCUMENT)
if not programs.PYTHON.exists():  # without the training environment it answers 503
    schema = schema.exclude(path="/api/evalsets/generate")


@pytest.fixture
def codes():
    """Collect the codes of an operation's answers; one of success must be among them."""
    seen = set()
    yield seen
    assert min(seen) < 300, seen


@pytest.fixture
def world(transactional_db):
    return World()


@pytest.fixture
def options(site, key_of):
    headers = {"Authorization": f"Bearer {key_of('trainer')}"}
    return {"base_url": site.url, "headers": headers, "checks": CHECKS}


@schema.parametrize()
@hypothesis.settings(
    max_examples=12,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_answers_are_as_documented(case, options, world, codes):
    """Every request is sent as it was made up; those about a name, also about one that is there."""
    codes.add(case.call_and_validate(**options).status_code)
    route = (case.method.lower(), case.operation.path)
    world.give(options["headers"]["Authorization"], route)
    if case.path_parameters:
        names = world.names_of(case.operation.path)
        case.path_parameters = {name: names[name] for name in case.path_parameters}
        if case.operation.path == "/api/datasets/{key}/why":
            case.query = {"trace": names["id"]}
        elif case.operation.path == "/api/datasets/{key}/contamination":
            case.query = {"eval_set": names["evalset"]}
    elif case.operation.path == "/api/traces/compare":
        case.query = {"base": world.names["id"], "other": world.names["id"]}
    elif case.operation.path.startswith("/api/datasets/compare"):
        case.query |= {"base": world.names["key"], "other": world.names["key"]}
    elif case.operation.path in FEW_SUCCEED:
        # what was made up broke a rule, and this does not
        options["checks"] = [one for one in CHECKS if one is not NEGATIVE]
        case.query, case.headers = {}, {}
        if case.media_type == NDJSON:
            case.media_type = "application/json"
        case.body = SOUND["post", case.operation.path]
    else:
        return
    codes.add(case.call_and_validate(**options).status_code)
