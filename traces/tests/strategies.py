"""Traces of every shape that is allowed, made up by hypothesis."""

from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from traces import document

# time says nothing on a busy machine, and no file is left behind
quickly = hypothesis_settings(deadline=None, database=None)

text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50)
some_text = text.filter(bool)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    # between 2^53 and 2^63 a double comes back as the integer that its shortest digits spell
    st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda number: not 2**53 < abs(number) < 2**63
    ),
    text,
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(text, inner), max_leaves=8
)
objects = st.dictionaries(text.filter(lambda key: key != "source"), values, max_size=4)
steps = st.lists(
    st.fixed_dictionaries(
        {"i": st.integers(0, document.MAX_STEP_INDEX), "type": some_text, "content": some_text}
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda step: step["i"],
)
messages = st.builds(
    lambda role, content, rest: {**rest, "role": role, "content": content}, text, values, objects
)
traces = st.fixed_dictionaries(
    {
        "trace_version": some_text,
        "prompt": some_text,
        "final_answer": text,
        "steps": steps,
    },
    optional={
        "meta": st.none()
        | st.builds(
            lambda meta, source: {**meta, **source}, objects, st.sampled_from([{}, {"source": "s"}])
        ),
        "external_id": some_text,
        "tags": st.lists(some_text, max_size=3),
        "messages": st.lists(messages, max_size=2),
    },
)
