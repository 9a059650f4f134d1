"""Pages of lists that have no rows by now: they say that the list goes on elsewhere."""

import re

import pytest

from pages.shared.keyset import From, Page, page_of
from pages.tests.markup import text_of
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

FURTHER = "There is nothing further. From the beginning"
OLDEST, NEWEST = "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"


@pytest.mark.parametrize(
    ("room", "before", "after"),
    [
        *((room, OLDEST, NEWEST) for room in ("traces", "prompts", "jobs")),
        *((room, "0", "9" * 18) for room in ("datasets", "evaluation-sets")),
        ("activity", OLDEST, NEWEST),
    ],
)
def test_no_list_is_said_to_be_empty_where_an_address_goes_past_its_end(
    curating, room, before, after
):
    for query in (f"before={before}", f"after={after}"):
        text = text_of(curating.get(f"/admin/{room}/?{query}"))
        assert FURTHER in text
        assert not re.search(r"(There is no [a-z ]+|was done) yet", text)
    assert FURTHER not in text_of(curating.get(f"/admin/{room}/"))


def test_attempts_past_the_end_lead_to_their_beginning(curating):
    trace = TraceFactory()
    response = curating.get(f"/admin/prompts/{trace.prompt_hash}?before={OLDEST}")
    assert FURTHER in text_of(response)


def test_a_page_is_all_that_there_is_where_it_begins_nowhere_and_ends_in_nothing():
    assert Page([]).is_all
    assert page_of([3, 2], From(), id_of=int).is_all
    assert not page_of([], From(2), id_of=int).is_all
    assert not page_of([], From(2, back=True), id_of=int).is_all
