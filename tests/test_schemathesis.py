"""Generated requests to every operation of the OpenAPI document, and what comes back held to it."""

import hypothesis
import pytest
import schemathesis
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from tests.routes import BODIES, DOCUMENT, STREAMS, World

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

# Not among them: that a request in the schema's form is never refused. That a split needs a seed,
# or which datasets are there, no schema says.
NEGATIVE = openapi_checks.negative_data_rejection
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
    openapi_checks.response_headers_conformance,
    NEGATIVE,
    openapi_checks.missing_required_header,
    openapi_checks.unsupported_method,
    openapi_checks.ignored_auth,
]

# Bodies that are hardly ever made up right.
FEW_SUCCEED = ("/api/scores/batch", "/api/traces/batch", "/api/traces/bulk", "/api/traces/import")
SOUND = {**BODIES, **STREAMS}

schema = schemathesis.openapi.from_dict(DOCUMENT)


@schemathesis.serializer("application/x-ndjson")
def as_it_is(context, value):
    return bytes(value) if isinstance(value, bytes | bytearray) else str(value).encode()


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
    headers = {"Authorization": f"Token {key_of('trainer')}"}
    return {"base_url": site.url, "headers": headers, "checks": CHECKS}


@schema.parametrize()
@hypothesis.settings(
    max_examples=15,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_answers_are_as_documented(case, options, world, codes):
    """Every request is sent as it was made up; those about a name, also about one that is there."""
    codes.add(case.call_and_validate(**options).status_code)
    if case.path_parameters:
        names = world.names_of(case.operation.path)
        case.path_parameters = {name: names[name] for name in case.path_parameters}
    elif case.operation.path == "/api/traces/compare":
        case.query = {"base": world.names["id"], "other": world.names["id"]}
    elif case.operation.path in FEW_SUCCEED:
        # what was made up broke a rule, and this does not
        options["checks"] = [one for one in CHECKS if one is not NEGATIVE]
        case.query, case.headers = {}, {}
        case.body = SOUND["post", case.operation.path]
    else:
        return
    codes.add(case.call_and_validate(**options).status_code)
