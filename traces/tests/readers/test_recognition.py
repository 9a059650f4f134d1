"""Formats recognised from a file's first records."""

import msgspec
import pytest

from traces.intake.document_serializer import TraceSerializer
from traces.readers.fitting import fit
from traces.readers.formats import FORMATS, recognise
from traces.tests.readers.reading import without

NAMES = [
    "trace",
    "record",
    "export",
    "gsm8k",
    "gsm8k_socratic",
    "gsm8k_solutions",
    "math",
    "prm800k",
    "openr1",
    "sharegpt",
    "messages",
    "s1k",
    "limo",
    "openmath",
    "prompt_completion",
    "preference",
    "stepwise",
    "otel",
    "table",
    "otlp",
    "openinference",
    "mlflow",
    "langsmith",
    "langfuse",
    "openai",
    "lm_eval",
    "messages_reply",
    "conversation",
    "columns",
]
# they recognise what has more to it
GENERAL = ["trace", "record", "gsm8k", "messages", "prompt_completion", "conversation", "columns"]
GENERAL += ["openai", "messages_reply"]


def example(name) -> dict:
    return FORMATS[name].example


def test_every_format_is_there():
    assert set(FORMATS) == set(NAMES)
    assert all(fmt.name == name and fmt.description for name, fmt in FORMATS.items())


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_recognised_as_what_it_is(name):
    assert recognise([example(name)]).name == name
    assert recognise([example(name)] * 3).name == name
    others = [fmt.name for fmt in FORMATS.values() if fmt.recognises(example(name))]
    assert set(others) <= {name, *GENERAL}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_read_into_valid_traces(name):
    drafts = list(FORMATS[name].read(example(name)))
    assert drafts
    for draft in drafts:
        fitted = fit(draft, format_name=name, source=None, external_id="1", may_curate=True)
        serializer = TraceSerializer(data=msgspec.to_builtins(fitted.document))
        assert serializer.is_valid(), serializer.errors


def test_all_of_the_first_must_agree():
    trace, chat = example("trace"), example("messages")
    assert recognise([trace, chat]) is None
    assert recognise([example("record"), trace]).name == "trace"


def test_a_bad_record_among_the_first_has_no_say():
    assert recognise([{"question": None}, example("gsm8k"), "text", None]).name == "gsm8k"
    assert recognise([{"x": 1}, {}]) is None
    assert recognise([]) is None


def test_lines_that_lack_a_field_are_recognised_all_the_same():
    """So that their own format can say what they lack."""
    assert recognise([without(example("trace"), "prompt")]).name == "trace"
    assert recognise([without(example("record"), "steps")]).name == "record"
    assert recognise([without(example("export"), "id")]).name == "export"
