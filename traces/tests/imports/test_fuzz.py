"""Records that no one meant, through the whole import and the other ways in: never a 500.

Each line is counted once: it is stored, or one of the errors.
"""

import copy
import json

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from traces.intake.incoming import Incoming, Refusal, Unread
from traces.intake.records import RecordReader
from traces.readers.formats import FORMATS
from traces.sources.source import Record
from traces.tests.factories import TraceFactory
from traces.tests.imports.sending import send
from traces.tests.readers.test_hostile_records import names_within, places
from traces.tests.strategies import quickly, text

pytestmark = pytest.mark.django_db

# the fixtures are the same for every example: nothing of one import matters to the next
through_http = settings(
    quickly,
    max_examples=8,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
LINES = 12
# traces a record
SEVERAL = {"gsm8k_solutions", "openr1", "otel", "preference", "s1k", "otlp", "openinference"}
SEVERAL |= {"mlflow", "langsmith", "langfuse", "openai", "lm_eval", "columns"}

DEEP = json.loads("[" * 90 + "]" * 90)
TOO_DEEP = json.loads("[" * 150 + "]" * 150)
ODD_TEXTS = ["", " ", "\0", "\ud800", "\u2028", "\u200b", "x" * 65, "y" * 201, "z" * 50_001]
ODD_TEXTS += ["<think>", "\\boxed{", "#### ", "\r", "\x01\x02", "İ", "\U0001f600", "None", "1e999"]
ODD_NUMBERS = [0, -1, 2**31, 2**63 - 1, 2**63, -(2**64), 10**400, 0.5, 1e308, -0.0]
ODD_NUMBERS += [float("nan"), float("inf"), float("-inf")]
odd = st.one_of(
    st.sampled_from(ODD_TEXTS),
    st.sampled_from(ODD_NUMBERS),
    st.sampled_from([None, True, False, [], {}, [None], [[]], [{}], {"": ""}, DEEP, TOO_DEEP]),
    st.sampled_from([["a"] * 1_001, {str(n): n for n in range(101)}, [1] * 51]),
    text,
).map(copy.deepcopy)
NAMES = sorted(set().union(*(names_within(fmt.example) for fmt in FORMATS.values())))


@st.composite
def mutated(draw, example):
    """Change an example in a few places: another value, a key more or less, a level more."""
    record = json.loads(json.dumps(example))
    for _ in range(draw(st.integers(1, 3))):
        found = places(record)
        if not found:
            break
        *above, key = draw(st.sampled_from(found))
        holder = record
        for part in above:
            holder = holder[part]
        change = draw(st.sampled_from(["replace", "remove", "add", "nest", "repeat"]))
        if change == "replace":
            holder[key] = draw(odd)
        elif change == "remove":
            del holder[key]
        elif change == "nest":
            holder[key] = draw(st.sampled_from([[holder[key]], {"a": holder[key]}]))
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(NAMES) | st.sampled_from(ODD_TEXTS))] = draw(odd)
        else:
            holder += [holder[key]] * draw(st.sampled_from([1, 2, 200]))
    return record


def as_lines(records) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


every_format = pytest.mark.parametrize("fmt", FORMATS.values(), ids=FORMATS)
FULL = {
    **FORMATS["trace"].example,
    "external_id": "a-1",
    "tags": ["checked", "mine"],
    "messages": [{"role": "user", "content": "17 + 25?"}],
}


def example_of(fmt) -> dict:
    return FULL if fmt.name == "trace" else fmt.example


@every_format
@through_http
@given(data=st.data())
def test_each_line_of_an_import_is_stored_or_an_error(curator, fmt, data):
    example = example_of(fmt)
    records = data.draw(st.lists(mutated(example), min_size=LINES, max_size=LINES))
    query = data.draw(st.sampled_from(["", f"?format={fmt.name}"]))
    response = send(curator, as_lines([example, *records]), query)
    answer = response.json()
    if "was not recognised" in answer.get("detail", ""):
        return
    assert answer["line_count"] == LINES + 1
    bad = {error["line"] for error in answer["errors"]}
    if fmt.parts is None:  # else a line may have more errors than are shown
        assert len(bad) == answer["error_count"]
    assert bad <= set(range(1, LINES + 2))
    stored = answer["created_count"] + answer["existing_count"]
    assert stored >= LINES + 1 - answer["error_count"]
    if answer["format"] not in SEVERAL:
        assert stored == LINES + 1 - answer["error_count"]
    assert response.status_code == (200 if stored else 400)
    job = curator.get(f"/api/jobs/{answer['job']}").json()
    assert job["state"] == ("succeeded" if stored else "failed")


@every_format
@settings(quickly, max_examples=60)
@given(data=st.data())
def test_a_record_becomes_traces_or_one_refusal(fmt, data):
    records = data.draw(st.lists(mutated(example_of(fmt)), min_size=1, max_size=4))
    reader = RecordReader(fmt, source=None, may_curate=data.draw(st.booleans()))
    raws = [json.dumps(record).encode() for record in records]
    found = list(reader.read([Record(line, raw) for line, raw in enumerate(raws, start=1)]))
    for line in range(1, len(raws) + 1):
        of_line = [one for one in found if one.line == line]
        refused = [one for one in of_line if isinstance(one, Refusal | Unread)]
        if fmt.parts is None:  # else each part is stored or refused by itself
            assert refused in ([], of_line)
            assert len(refused) <= 1
        assert of_line
        assert all(isinstance(one, Incoming) for one in of_line if one not in refused)
        refusals = [one.refusal if isinstance(one, Unread) else one for one in refused]
        assert not [one.message for one in refusals if "an error of the program" in one.message]


@through_http
@given(bodies=st.lists(mutated(FULL), min_size=3, max_size=3))
def test_bodies_of_traces_are_taken_or_refused(curator, bodies):
    for body in bodies:
        data = json.dumps(body).encode()
        response = curator.generic("POST", "/api/traces", data, "application/json")
        assert response.status_code in (200, 201, 400, 409), response.content
    data = json.dumps(bodies).encode()
    for query, statuses in (("", (201, 400, 409)), ("?on_error=skip", (201, 207, 400))):
        response = curator.generic("POST", f"/api/traces/batch{query}", data, "application/json")
        assert response.status_code in statuses, response.content


@through_http
@given(data=st.data())
def test_batches_of_scores_are_taken_or_refused(curator, data):
    trace = str(TraceFactory().pk)
    score = {"trace": trace, "criteria": "judge", "value": 0.5, "details": {"a": [1, "b"]}}
    scores = data.draw(st.lists(mutated(score), min_size=1, max_size=5))
    body = json.dumps(scores).encode()
    response = curator.generic("POST", "/api/scores/batch", body, "application/json")
    assert response.status_code in (201, 400), response.content
