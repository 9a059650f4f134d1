"""The reference answer is the same to the database as to the scorer."""

import pytest
from django.db import connection

from datasets.recipe.references import REFERENCE, Reference
from traces.models import Trace
from traces.reasoning.answers.trimming import NO_ANSWERS
from traces.scorers.answer_correctness import reference_in
from traces.scorers.scorer import CannotScore
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

GIVEN = [
    *("42", " 42\n", "\u00a042\u3000", "a" * 101, "none", "unknown", "no", "proof by induction"),
    *("\\text{yes}", "\\frac{1}{2}", "'", "100 %", 6, 6.5, -1, 0),
    *("", " ", "\u00a0\t", None, True, ["4"], {"value": "4"}),
    *(*NO_ANSWERS, "N/A", " n/a.\n", "**Not found**", "\\text{not found}", "$\\mathrm{NaN}$"),
    *("'No answer'", "\u2003N/A\u2003", " " * 101 + "N/A", "." * 98 + "N/A", "\\mbox{}"),
]


def said(trace: Trace) -> str | None:
    try:
        return reference_in(trace.content).strip()
    except CannotScore:
        return None


@pytest.mark.parametrize("given", GIVEN, ids=ascii)
def test_the_database_reads_a_reference_as_the_scorer_does(given):
    trace = TraceFactory(meta={"source": "s", "reference_answer": given})
    trace.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {REFERENCE} FROM traces_trace AS trace")
        assert cursor.fetchall() == [(said(trace),)]
    assert Trace.objects.values_list(Reference("meta"), flat=True).get() == said(trace)


def test_without_the_key_there_is_none():
    TraceFactory(meta={})
    assert Trace.objects.values_list(Reference("meta"), flat=True).get() is None
