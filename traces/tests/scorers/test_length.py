from traces.scorers.length import LENGTH
from traces.tests.factories import TraceFactory
from traces.tests.scorers.contents import content


def test_the_characters_are_counted():
    found = LENGTH.score(content("é" * 10, "b", answer="4.0"))
    assert found.value == 17 + 11 + 3
    assert found.details == {"prompt": 17, "steps": 11, "final_answer": 3, "unit": "characters"}


def test_it_is_the_length_that_is_stored(db):
    trace = TraceFactory()
    assert LENGTH.score(trace.content).value == trace.total_chars
