"""The columns that people choose for the list of traces."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from events.tests.acting import acting
from pages.tests.hostile import hostile
from pages.tests.markup import Markup, text_of
from pages.traces.columns.known import FIXED
from traces.curation.columns import ShownColumns
from traces.models import Review
from traces.services.reviews import undo_review
from traces.tests.factories import ScoreFactory, TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/traces"
ADDRESS = "/admin/traces/columns"


def headings(client) -> list[str]:
    page = client.get(LIST).content.decode()
    return [re.sub("<[^>]+>", "", one) for one in re.findall(r"<th [^>]*>(.*?)</th>", page)[1:]]


def choose(client, *names: str, query: str = "") -> None:
    response = client.post(ADDRESS + query, {"columns": names})
    assert (response.status_code, response["Location"]) == (302, LIST + query)


def test_what_is_chosen_is_shown_and_kept_for_that_person(curating):
    trace = TraceFactory(meta={"model": "m-1", "source": "here"}, external_id="q-1")
    ScoreFactory(trace=trace, criteria="judge", scorer_version="1", value=0.25)
    ScoreFactory(trace=trace, criteria="judge", scorer_version="2", value=0.75)
    reviewer = User.objects.create(username="bob")
    said = {"trace": trace, "reviewer": reviewer, "verdict": "flagged"}
    Review.objects.create(**said, step_labels={"0": 1}, note="odd")
    usual = ["Prompt", "Answer", "Status", "Source", "Tags", "Steps", "Created"]
    assert headings(curating) == usual
    query = "?source=here"
    choose(curating, "note", "score:judge", "reviewer", "labelled", "model", query=query)
    assert headings(curating) == ["Prompt", "Model", "judge", "Reviewer", "Labelled", "Note"]
    page = text_of(curating.get(LIST + query))
    for part in ("m-1", "0.75", "bob", "labelled", "note"):
        assert part in page
    assert "0.25" not in page
    assert headings(logged_in("reader")) == usual
    assert curating.post(ADDRESS, {"usual": "1", "columns": "note"}).status_code == 302
    assert headings(curating) == usual
    assert not ShownColumns.objects.exists()


def test_what_is_chosen_over_the_api_is_shown(curating):
    TraceFactory()
    chosen = {"columns": ["note", "score:judge"]}
    answer = curating.put("/api/columns", chosen, content_type="application/json")
    assert answer.status_code == 200
    assert headings(curating) == ["Prompt", "judge", "Note"]
    choose(curating, "model")
    assert curating.get("/api/columns").json() == {"columns": ["model"], "usual": False}


def test_a_review_that_was_undone_is_not_shown(curating):
    trace, by = TraceFactory(), User.objects.get()
    review = Review.objects.create(
        trace=trace, reviewer=by, verdict="unreviewed", status_before="unreviewed", note="odd"
    )
    choose(curating, "reviewer", "reviewed", "note")
    shown = f'<bdi class="line">{by.username}</bdi>'
    assert shown in curating.get(LIST).content.decode()
    undo_review(review=review, by=acting(by))
    page = curating.get(LIST).content.decode()
    assert shown not in page
    assert '<td class="of-yes"></td>' in page


def test_all_columns_take_a_few_queries_however_many_rows(curating, django_assert_num_queries):
    for _ in range(60):
        ScoreFactory(criteria="judge")
    choose(curating, *FIXED, "score:judge", "score:other")
    # those of the usual ones, and: fields, scores, reviews, labels, notes
    with django_assert_num_queries(21):
        response = curating.get(LIST)
    assert response.content.count(b'class="of-score"') == 2 * 51


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["nonsense"], "There is no column"),
        (["score:"], "There is no column"),
        (["score:a\0b"], "There is no column"),
        (["score:" + "x" * 65], "There is no column"),
        ([f"score:{n}" for n in range(9)], "At most 8 scores."),
    ],
)
def test_what_is_no_column_is_refused_and_the_choice_stays(curating, names, said):
    TraceFactory()
    response = curating.post(ADDRESS, {"columns": ["model", *names]})
    assert response.status_code == 400
    elements = Markup(response.content.decode()).elements
    boxes = [one for tag, one in elements if tag == "input" and one.get("name") == "columns"]
    assert [one["value"] for one in boxes if "checked" in one] == ["model"]
    assert said in response.content.decode()
    assert not ShownColumns.objects.exists()


def test_a_form_s_own_address_leads_to_the_list(curating):
    assert curating.get(f"{ADDRESS}?source=a")["Location"] == f"{LIST}?source=a"
    assert Client().post(ADDRESS, {"columns": "model"}).status_code == 302
    assert not ShownColumns.objects.exists()


def test_hostile_values_run_nothing(curating):
    trace = TraceFactory(**{**hostile(), "meta": {"model": "<svg onload=alert(1)>"}})
    ScoreFactory(trace=trace, criteria='"><svg onload=alert(1)>')
    choose(curating, "model", 'score:"><svg onload=alert(1)>', "external_id", "version")
    page = curating.get(LIST).content.decode()
    assert "<svg" not in page
    assert "&lt;svg onload=alert(1)&gt;" in page
