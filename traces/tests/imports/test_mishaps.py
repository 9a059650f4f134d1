"""Errors of the program while one record is read, checked or explained: they stay that record's."""

import json
import logging
from dataclasses import replace

import pytest
from django.db import DatabaseError, OperationalError

from jobs.models import Job
from traces.intake import record_values, records
from traces.intake.document_serializer import TraceSerializer
from traces.models import Trace
from traces.readers.formats import FORMATS
from traces.tests.factories import BodyFactory
from traces.tests.imports.sending import lines, send, worked

pytestmark = pytest.mark.django_db

SECRET = "SECRETWORD"
SAID = "The record could not be read: ZeroDivisionError, an error of the program."


def breaking(real, error=ZeroDivisionError):
    """Do what it does, but break where the word is in what it is given."""

    def do(*given, **named):
        if SECRET in repr((given, named)):
            raise error(SECRET)
        return real(*given, **named)

    return do


def with_secret(n: int) -> dict:
    return {**worked(n), "question": f"What is {SECRET} plus {n}?"}


@pytest.fixture
def logged(caplog):
    """Give what the program says of its errors."""
    caplog.set_level(logging.ERROR, logger="traces.sources.unexpected")
    return lambda: [one for one in caplog.records if one.name == "traces.sources.unexpected"]


def read_breaks(monkeypatch, error):
    fmt = FORMATS["gsm8k"]
    monkeypatch.setitem(FORMATS, "gsm8k", replace(fmt, read=breaking(fmt.read, error)))


def fitting_breaks(monkeypatch, error):
    monkeypatch.setattr(records, "fit", breaking(records.fit, error))


def quick_check_breaks(monkeypatch, error):
    for module in (records, record_values):
        quick = module.read_traces_quickly
        monkeypatch.setattr(module, "read_traces_quickly", breaking(quick, error))


def parsing_breaks(monkeypatch, error):
    monkeypatch.setattr(record_values.strict_json, "loads", breaking(json.loads, error))


PLACES = [read_breaks, fitting_breaks, quick_check_breaks, parsing_breaks]
wherever = pytest.mark.parametrize("somewhere", PLACES)


@wherever
def test_an_error_of_the_program_is_its_lines(writer, monkeypatch, logged, somewhere):
    somewhere(monkeypatch, ZeroDivisionError)
    records = [with_secret(1), worked(2), with_secret(3), worked(4)]
    response = send(writer, records, "?format=gsm8k")
    answer = response.json()
    assert response.status_code == 200
    assert (answer["line_count"], answer["created_count"], answer["error_count"]) == (4, 2, 2)
    assert [(error["line"], error["field"]) for error in answer["errors"]] == [(1, ""), (3, "")]
    assert {error["message"] for error in answer["errors"]} == {SAID}
    assert Trace.objects.count() == 2
    assert Job.objects.get().state == "succeeded"
    assert logged()
    assert all(one.exc_info for one in logged())
    assert SECRET not in "".join(one.getMessage() for one in logged())


def test_a_reader_of_traces_that_breaks_refuses_that_line_alone(writer, monkeypatch, logged):
    quick_check_breaks(monkeypatch, ZeroDivisionError)
    answer = send(writer, [BodyFactory(), BodyFactory(prompt=SECRET), BodyFactory()]).json()
    assert (answer["created_count"], answer["error_count"]) == (2, 1)
    assert answer["errors"] == [{"line": 2, "field": "", "message": SAID}]


def test_an_explanation_that_breaks_is_the_lines_error(writer, monkeypatch, logged):
    monkeypatch.setattr(TraceSerializer, "is_valid", breaking(lambda self: 1 / 0))
    answer = send(writer, [BodyFactory(), BodyFactory(prompt=""), BodyFactory()]).json()
    assert (answer["created_count"], answer["error_count"]) == (2, 1)
    assert answer["errors"] == [{"line": 2, "field": "", "message": SAID}]
    assert len(logged()) == 1


def test_a_format_whose_recognition_breaks_recognises_nothing(writer, monkeypatch, logged):
    fmt = FORMATS["otel"]
    monkeypatch.setitem(FORMATS, "otel", replace(fmt, recognises=lambda record: 1 / 0))
    answer = send(writer, [worked(1), worked(2)]).json()
    assert (answer["format"], answer["created_count"]) == ("gsm8k", 2)
    assert len(logged()) == 1


def test_a_record_that_breaks_is_refused_before_its_format_is_known(writer, monkeypatch, logged):
    parsing_breaks(monkeypatch, ZeroDivisionError)
    answer = send(writer, [with_secret(1), with_secret(2)]).json()
    assert (answer["format"], answer["error_count"]) == (None, 2)
    assert {error["message"] for error in answer["errors"]} == {SAID}


def test_the_same_error_is_logged_once_in_a_file(writer, monkeypatch, logged):
    read_breaks(monkeypatch, ZeroDivisionError)
    answer = send(writer, [worked(0), *map(with_secret, range(1, 300))], "?format=gsm8k").json()
    assert answer["error_count"] == 299
    assert [one.getMessage() for one in logged()] == [
        "line 2: ZeroDivisionError, while it was read"
    ]


@wherever
@pytest.mark.parametrize("error", [MemoryError, DatabaseError, KeyboardInterrupt])
def test_what_is_no_records_fault_is_not_swallowed(writer, monkeypatch, somewhere, error):
    somewhere(monkeypatch, error)
    with pytest.raises(error):
        send(writer, [with_secret(1), worked(2)], "?format=gsm8k")
    assert not Trace.objects.exists()


def test_a_database_that_is_away_is_no_error_of_a_line(writer, monkeypatch):
    read_breaks(monkeypatch, OperationalError)
    assert send(writer, [with_secret(1), worked(2)], "?format=gsm8k").status_code == 503


def test_a_container_whose_reading_breaks_is_told_up_to_there(writer, monkeypatch, logged):
    monkeypatch.setattr("traces.sources.tables._record", breaking(lambda *given: 1 / 0))
    response = send(writer, b"question,answer\nHow many?,7\n")
    assert response.status_code == 400
    assert response.json()["detail"].startswith(
        "The source cannot be read on: ZeroDivisionError, an error of the program."
    )
    assert len(logged()) == 1


@pytest.mark.parametrize(
    ("tags", "field"),
    [
        ([1], "tags[0]"),
        (["a", ""], "tags[1]"),
        ([None], "tags[0]"),
        (["a" * 65], "tags[0]"),
        ([["a"]], "tags[0]"),
        (["a"] * 51, "tags"),
        ("a", "tags"),
        ({"a": 1}, "tags"),
    ],
)
def test_bad_tags_are_an_error_of_their_line(curator, tags, field):
    bad = {**BodyFactory(), "tags": tags}
    answer = send(curator, [BodyFactory(), bad]).json()
    assert (answer["created_count"], answer["error_count"]) == (1, 1)
    assert (answer["errors"][0]["line"], answer["errors"][0]["field"]) == (2, field)


def test_the_traces_of_one_record_count_as_one_line_wherever_they_are_stored(writer, monkeypatch):
    monkeypatch.setattr("traces.services.importing.batches.STORED_AT_ONCE", 1)
    record = {"problem": "2+2?", "uuid": "u", "generations": ["It is 4.", "It is 5."]}
    taken = [{**BodyFactory(), "external_id": name} for name in ("u/0", "u/1")]
    send(writer, taken, "?source=openr1")
    answer = send(writer, [record]).json()
    assert (answer["line_count"], answer["error_count"]) == (1, 1)
    assert [error["line"] for error in answer["errors"]] == [1, 1]


def test_what_is_said_of_a_record_is_bounded(writer):
    name = "x" * 500_000
    data = lines([BodyFactory(), {**BodyFactory(), "meta": {name: 2**70}}])
    answer = send(writer, data + lines([{**BodyFactory(), name: 1}])).json()
    assert answer["error_count"] == 2
    assert len(json.dumps(answer)) < 10_000


def test_a_kind_of_span_that_is_no_text_is_told(writer):
    span = {**FORMATS["openinference"].example, "span_kind": "\ud800"}
    answer = send(writer, json.dumps(span).encode(), "?format=openinference").json()
    assert "No call of a model but '\\ud800'" in answer["errors"][0]["message"]
