"""Whatever JSON a record is, it is refused with a reason or read into what can be stored."""

import copy

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from traces.intake.document_serializer import TraceSerializer
from traces.readers.draft import Unreadable
from traces.readers.fitting import fit
from traces.readers.formats import FORMATS, recognise
from traces.reasoning.messages.thoughts import THOUGHT_FIELDS
from traces.tests.readers.test_hostile_records import names_within, shape, spoilt
from traces.tests.strategies import quickly, text, values
from tunix_site.strict_json import problems

MARKS = ["<think>", "</think>", "\n\n", "Reasoning:\n1. ", "\n2. ", "\nAnswer: ", "5", "<answer>"]
MARKS += ["<start_of_turn>user\n", "<end_of_turn>\n<start_of_turn>model\n", "<end_of_turn>"]
NAMES = sorted(set().union(*(names_within(fmt.example) for fmt in FORMATS.values())))
names = st.sampled_from([*NAMES, "value", "type", "text", *THOUGHT_FIELDS]) | text
marked = st.lists(st.sampled_from(MARKS), max_size=6).map("".join)
anything = st.recursive(
    st.one_of(values, marked, st.sampled_from(["user", "assistant", "text", "\ud800", 10**400])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
formats = st.sampled_from(list(FORMATS.values()))


def read(fmt, record) -> list:
    """Give what is to be stored of a record: nothing where the reader refuses it with a reason."""
    try:
        drafts = list(fmt.read(record))
        assert drafts
        return [
            fit(draft, format_name=fmt.name, source=None, external_id="1", may_curate=curate)
            for draft in drafts
            for curate in (True, False)
        ]
    except Unreadable as error:
        if not (error.field and error.reason):
            pytest.fail("a refusal without its field or reason")
        return []


def check(fmt, record):
    assert fmt.recognises(record) in (True, False)
    before = copy.deepcopy(record)
    fitted = read(fmt, record)
    assert shape(record) == shape(before)  # the reader has changed nothing
    if fmt.name in ("trace", "record", "table") or next(problems(record), None):
        return  # kept to the letter: what the API refuses is refused when it is stored
    for made in fitted:
        serializer = TraceSerializer(data=msgspec.to_builtins(made.document))
        assert serializer.is_valid() or set(serializer.errors) <= {"meta"}, serializer.errors


@settings(quickly, max_examples=400)
@given(data=st.data())
def test_spoilt_examples(data):
    fmt = data.draw(formats)
    check(fmt, data.draw(spoilt(fmt.example)))


@settings(quickly, max_examples=400)
@given(formats, st.dictionaries(names, anything, max_size=6))
def test_records_of_any_shape(fmt, record):
    check(fmt, record)


@quickly
@given(st.lists(anything, max_size=3))
def test_anything_may_be_recognised(records):
    found = recognise(records)
    assert found is None or found in FORMATS.values()


@pytest.mark.parametrize("fmt", FORMATS.values(), ids=lambda fmt: fmt.name)
def test_records_that_nest_deeply(fmt):
    deep: list = []
    for _ in range(5_000):
        deep = [deep]
    for name in fmt.example:
        record = {**fmt.example, name: deep}
        assert fmt.recognises(record) in (True, False)
        read(fmt, record)
