"""Records that no one meant: each ends in a refusal or in a sound trace, never otherwise."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from traces.readers import (
    formats,
    gsm8k,
    gsm8k_socratic,
    gsm8k_solutions,
    limo,
    math_problems,
    openmath,
    openr1,
    prm800k,
    s1k,
)
from traces.readers.draft import Unreadable
from traces.tests.strategies import quickly, text, values
from tunix_site.strict_json import Refused

READERS = [
    gsm8k_socratic,
    gsm8k,
    gsm8k_solutions,
    limo,
    math_problems,
    openmath,
    openr1,
    prm800k,
    s1k,
]
MARKS = ["#### ", "\n", "\n\n", "\r\n", " ** ", "<<1+1=2>>", "<think>", "</think>", "A: 1", "5"]
MARKS += [r"\boxed{", "}", "$", "# Answer", r"\begin{a}", "<|begin_of_solution|>", ". A"]
marked = st.lists(st.sampled_from(MARKS) | text, max_size=8).map("".join)
anything = st.one_of(
    values,
    marked,
    st.lists(marked, max_size=3),
    st.booleans(),
    st.integers(-2, 2),
    st.just(Refused("NaN is no JSON number.")),
)


def names_within(value) -> set:
    if isinstance(value, dict):
        return set(value).union(*map(names_within, value.values()))
    return set().union(*map(names_within, value)) if isinstance(value, list) else set()


NAMES = sorted(set().union(*(names_within(reader.EXAMPLE) for reader in READERS)) - {"question"})
names = st.sampled_from(["question", *NAMES, "correctness_llama", "messages", "is_correct"])
nested = st.recursive(
    anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)
records = st.dictionaries(names | text, nested, max_size=8)


def places(value, path=()) -> list:
    """Give the paths of all that is in the value."""
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in inside:
        found.append((*path, key))
        if isinstance(item, dict | list):
            found += places(item, (*path, key))
    return found


@st.composite
def spoilt(draw, example):
    """Replace or remove something in an example."""
    record = copy.deepcopy(example)
    for _ in range(draw(st.integers(1, 2))):
        found = places(record)
        if not found:
            break
        *above, key = draw(st.sampled_from(found))
        holder = record
        for part in above:
            holder = holder[part]
        if draw(st.booleans()):
            holder[key] = draw(nested)
        else:
            del holder[key]
    return record


def check(reader, record):
    """Whatever the record, the reader says what it is."""
    before = copy.deepcopy(record)
    assert reader.recognises(record) in (True, False)
    read_or_refuse(reader, record)
    assert shape(record) == shape(before)  # the reader has changed nothing


def read_or_refuse(reader, record):
    try:
        drafts = list(reader.read(record))
    except Unreadable as error:
        said = (error.field, error.reason)
    else:
        said = ()
        assert drafts
        for draft in drafts:
            check_draft(draft)
    assert all(said)


def check_draft(draft):
    assert isinstance(draft.prompt, str)
    assert draft.prompt.strip()
    assert isinstance(draft.final_answer, str)
    assert draft.steps or draft.final_answer  # which then is the one step
    for kind, content in draft.steps:
        assert isinstance(kind, str)
        assert isinstance(content, str)
        assert kind.strip()
        assert content.strip()
    assert draft.external_id is None or isinstance(draft.external_id, str)
    assert isinstance(draft.notes["answer_from"], str)
    assert isinstance(draft.notes.get("reference_answer", ""), str)
    assert all(score["value"] in (0.0, 1.0) for score in draft.scores)
    numbers = {str(number) for number in range(len(draft.steps))}
    assert draft.step_labels.keys() <= numbers
    assert set(draft.step_labels.values()) <= {-1, 0, 1}


def shape(value):
    """Give a value that compares: marks of refused values are no two alike."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape(item) for item in value]
    return value.reason if isinstance(value, Refused) else value


by_name = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)


@by_name
@quickly
@given(data=st.data())
def test_spoilt_examples_are_read_or_refused(reader, data):
    check(reader, data.draw(spoilt(reader.EXAMPLE)))


@by_name
@quickly
@given(record=records)
def test_records_of_any_shape_are_read_or_refused(reader, record):
    check(reader, record)


@by_name
def test_what_nests_deeply_is_read_or_refused(reader):
    deep: list = []
    for _ in range(5_000):
        deep = [deep]
    for name in reader.EXAMPLE:
        record = {**reader.EXAMPLE, name: deep}
        assert reader.recognises(record) in (True, False)
        read_or_refuse(reader, record)


@by_name
def test_examples_are_recognised_as_what_they_are(reader):
    assert formats.recognise([reader.EXAMPLE]).read is reader.read
    check(reader, reader.EXAMPLE)
