"""The list of traces over HTTP: its pages, who may come, and under which policy."""

import json
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import QueryDict

from datasets.tests.factories import DatasetFactory
from pages.queues.making import body_of
from pages.tests.hostile import UNSTORABLE, hostile
from pages.tests.markup import text_of
from pages.tests.slow import sleeping, slow_rows
from pages.traces.counting import about
from pages.traces.panel import GROUPS, WORDS
from traces.curation.queues import SavedFilter
from traces.finding.filters import TraceFilters
from traces.models import Review, Trace
from traces.services.indexing import index_some
from traces.tests.factories import ScoreFactory, TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

ADDRESS = "/admin/traces/"


def shown(response) -> list[int]:
    return [int(number) for number in re.findall(r"Question ([0-9]+)\?", text_of(response))]


def link(response, rel: str) -> str | None:
    found = re.search(rf'rel="{rel}" href="([^"]+)"', response.content.decode())
    if found is None:
        return None
    address = found[1].replace("&amp;", "&")
    return address if address.startswith("/") else ADDRESS + address


def test_the_newest_come_first_and_the_others_page_by_page(curating):
    for n in range(103):
        TraceFactory(prompt=f"Question {n}?")
    first = curating.get(ADDRESS)
    assert shown(first) == [*range(102, 52, -1)]
    assert link(first, "prev") is None
    second = curating.get(link(first, "next"))
    third = curating.get(link(second, "next"))
    assert shown(third) == [2, 1, 0]
    assert link(third, "next") is None
    back = curating.get(link(third, "prev"))
    assert shown(back) == shown(second)
    newest = curating.get(link(back, "prev"))
    assert shown(newest) == shown(first)
    assert link(newest, "prev") is None
    assert link(newest, "next")


def test_a_later_page_whose_rows_are_judged_leads_to_those_that_are_left(curating):
    for n in range(60):
        TraceFactory(prompt=f"Question {n}?")
    first = curating.get(ADDRESS, {"status": "unreviewed"})
    second = link(first, "next")
    assert shown(curating.get(second)) == [*range(9, -1, -1)]
    judged = Trace.objects.order_by("pk")[:10]
    Trace.objects.filter(pk__in=judged.values("pk")).update(status="approved")
    response = curating.get(second)
    text = text_of(response)
    assert "There is nothing further. From the beginning" in text
    assert " 0 match" not in text
    assert 'href="?status=unreviewed">From the beginning' in response.content.decode()
    assert shown(curating.get(ADDRESS, {"status": "unreviewed"})) == [*range(59, 9, -1)]


def test_a_page_takes_few_queries(curating, django_assert_num_queries):
    for _ in range(60):
        TraceFactory()
    # session, user, groups, rows (with four that bound the time), how many they are; what there is
    # to choose from (four small ones), one's own filters that are kept, the team's, and the
    # columns
    with django_assert_num_queries(16):
        curating.get(ADDRESS)


@pytest.mark.parametrize("role", ["reader", "writer"])
def test_readers_see_it_as_well(role):
    TraceFactory(prompt="Question 7?")
    response = logged_in(role, is_staff=False).get(ADDRESS)
    assert shown(response) == [7]


def test_who_is_not_logged_in_or_has_no_role_is_led_to_the_login(client, django_user_model):
    response = client.get(ADDRESS)
    assert response.status_code == 302
    assert response["Location"] == f"/admin/login/?next={ADDRESS}"
    client.force_login(django_user_model.objects.create_user("nobody"))
    assert client.get(ADDRESS)["Location"] == f"/admin/login/?next={ADDRESS}"


def test_the_model_s_own_pages_stay(curating):
    assert curating.get("/admin/traces/trace/").status_code == 200


def test_scripts_are_our_own_and_texts_run_nothing(curating):
    TraceFactory(**hostile())
    response = curating.get(ADDRESS)
    policy = response["Content-Security-Policy"].split("; ")
    assert "script-src 'self' 'unsafe-eval'" in policy
    assert "default-src 'none'" in policy
    assert "<svg onload=alert" in text_of(response)
    assert "<svg" not in response.content.decode()


def test_what_would_not_be_seen_is_marked(curating):
    TraceFactory(prompt="pay\u200bpal")
    assert "payU+200Bpal" in text_of(curating.get(ADDRESS))


def test_filters_are_those_of_the_api_each_with_a_field_and_a_chip(curating):
    assert {name for names in GROUPS.values() for name in names} | {WORDS} == {
        *TraceFilters().fields,
        "meta.model",
    }
    TraceFactory(prompt="Question 1?", meta={"source": "here", "model": "m"}, tags=["hard"])
    TraceFactory(prompt="Question 2?", meta={"source": "here", "model": "n"}, tags=["hard"])
    TraceFactory(prompt="Question 3?", meta={"source": "there", "model": "m"})
    response = curating.get(ADDRESS, {"source": "here", "tag": "hard", "meta.model": "m"})
    assert shown(response) == [1]
    text = text_of(response)
    assert "source here" in text
    assert "1 match" in text
    assert 'href="?tag=hard&amp;meta.model=m"' in response.content.decode()


def test_a_wrong_value_is_named_and_drops_no_other(curating):
    TraceFactory(prompt="Question 1?", meta={"source": "here"})
    TraceFactory(prompt="Question 2?", meta={"source": "there"})
    asked = {"source": "here", "min_steps": "many", "min_score": "1", "nonsense": "x"}
    response = curating.get(ADDRESS, asked)
    assert shown(response) == [1]
    text = text_of(response)
    assert "A valid integer is required." in text
    assert "Needs `criteria`." in text
    assert "Unknown parameter." in text
    page = response.content.decode()
    assert re.search(r'name="min_steps" value="many"[^>]*aria-invalid="true"', page)
    assert 'href="?source=here&amp;nonsense=x&amp;min_score=1"' in page  # without that one


def test_a_dataset_that_is_not_there_is_named(curating):
    TraceFactory(prompt="Question 1?", meta={"source": "here"})
    TraceFactory(prompt="Question 2?")
    response = curating.get(ADDRESS, {"source": "here", "dataset": "sums-1"})
    assert shown(response) == [1]
    assert "There is no dataset of this key." in text_of(response)
    dataset = DatasetFactory(name="sums")
    TraceFactory(prompt="Question 3?", meta={"source": "here"})
    response = curating.get(ADDRESS, {"dataset": dataset.key})
    assert shown(response) == [2, 1]
    assert "There is no dataset" not in text_of(response)


def test_a_filter_that_is_given_twice_is_wrong(curating):
    TraceFactory(prompt="Question 1?")
    response = curating.get(ADDRESS + "?source=a&source=b")
    assert shown(response) == [1]
    assert "Given more than once." in text_of(response)


def test_empty_fields_leave_the_address(curating):
    response = curating.get(
        ADDRESS, {"q": "", "source": "here", "meta_key": "level.of", "meta_value": "5", "tag": ""}
    )
    assert response["Location"] == f"{ADDRESS}?source=here&meta.level.of=5"


def test_how_many_match_is_expected_and_counted_on_demand(curating):
    for n in range(60):
        TraceFactory(prompt=f"Question {n}?", meta={"source": "here"})
    assert re.search(r"about [0-9,]+ match Count exactly", text_of(curating.get(ADDRESS)))
    response = curating.get(ADDRESS, {"source": "here", "count": "exact"})
    assert "60 match" in text_of(response)
    assert "about" not in text_of(response).partition("match")[0]
    assert "count=" not in link(response, "next")


def test_what_cannot_be_counted_in_time_stays_expected(curating, monkeypatch):
    for n in range(60):
        TraceFactory(prompt=f"Question {n}?")
    monkeypatch.setattr("pages.traces.counting.SECONDS", 0.05)
    monkeypatch.setattr("pages.traces.counting.matching", sleeping)
    response = curating.get(ADDRESS, {"count": "exact"})
    assert len(shown(response)) == 50
    text = text_of(response)
    assert re.search(r"about [0-9,]+ match Not counted exactly. It takes longer than", text)


def test_a_list_that_takes_too_long_is_told(curating, monkeypatch):
    TraceFactory()
    monkeypatch.setattr("pages.traces.listing.SECONDS", 0.05)
    monkeypatch.setattr("pages.traces.listing.page_rows", slow_rows)
    text = text_of(curating.get(ADDRESS, {"meta.rare": "x"}))
    assert "It takes longer than 0.05 seconds." in text
    assert "No trace matches." not in text


def test_an_empty_value_that_is_meant_stays_a_filter(curating):
    TraceFactory(prompt="Question 1?", meta={"source": "here"})
    TraceFactory(prompt="Question 2?", meta={"level": ""})
    TraceFactory(prompt="Question 3?", meta={"level": "5"})
    where = {"source": "", "meta.level": ""}
    SavedFilter.objects.create(
        name="blank", where=where, owner=User.objects.get(username="the curator")
    )
    page = curating.get(ADDRESS).content.decode()
    [address] = re.findall(r'href="/admin/traces(\?[^"]*empty=[^"]+)"', page)
    response = curating.get(ADDRESS + address.replace("&amp;", "&"))
    assert shown(response) == [2]
    assert "source (empty)" in text_of(response)
    page = response.content.decode()
    assert 'href="?empty=meta.level"' in page  # without the other
    form = dict(re.findall(r'name="(where)" value="([^"]*)"', page))
    assert json.loads(form["where"].replace("&quot;", '"')) == where
    [queue] = re.findall(r'href="/admin/review(\?[^"]+)"', page)
    sent = QueryDict(queue.replace("&amp;", "&").removeprefix("?"))
    assert body_of(sent)["where"] == where
    response = curating.get(ADDRESS, {"source": "here", "empty": "source", "tag": ""})
    assert response["Location"] == f"{ADDRESS}?source=here"  # as something was typed
    assert "Unknown parameter." in text_of(curating.get(ADDRESS, {"empty": "nonsense"}))


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (7, "about 7"),
        (1_234_567, "about 1.2 million"),
        (98_765, "about 99,000"),
        (996_000, "about 1 million"),
        (2_000_000, "about 2 million"),
    ],
)
def test_numbers_that_are_expected_are_rounded(number, words):
    assert about(number) == words


def test_words_are_searched_page_by_page(curating):
    for n in range(120):
        TraceFactory(prompt=f"Question {n}? {'zebra' if n % 2 else 'horse'}")
    while index_some(kind="search"):
        pass
    first = curating.get(ADDRESS, {"q": "zebra"})
    assert shown(first) == [*range(119, 19, -2)]
    second = curating.get(link(first, "next"))
    assert shown(second) == [*range(19, 0, -2)]
    assert shown(curating.get(link(second, "prev"))) == shown(first)
    assert shown(curating.get(ADDRESS, {"q": "zebra", "source": "nowhere"})) == []


def test_a_trace_is_found_by_its_ids(curating):
    trace = TraceFactory(prompt="Question 5?", external_id="row-17")
    TraceFactory(prompt="Question 6?")
    for text in (str(trace.pk), "row-17"):
        response = curating.get(ADDRESS, {"q": text})
        assert "Of this id Question 5?" in text_of(response)
        assert shown(response) == [5]


def test_there_are_lists_to_choose_from(curating):
    for _ in range(3):
        TraceFactory(meta={"source": "here", "model": "m-7"}, tags=["hard"])
    ScoreFactory(criteria="answer_correctness")
    with connection.cursor() as cursor:  # other tests' rows may be expected yet
        cursor.execute("ANALYZE traces_trace, traces_score")
    page = curating.get(ADDRESS).content.decode()
    for choice in ("here (3)", "m-7 (3)", "hard (3)", "answer_correctness (1)"):
        assert f'label="{choice}"' in page


def test_filters_are_kept_for_oneself_and_the_team(curating):
    where = {"source": "here", "labelled": False}
    for name, more in (("mine", {}), ("ours", {"team": "on"})):
        body = {"name": name, "where": json.dumps(where), **more}
        response = curating.post("/admin/traces/filters", body)
        assert response["Location"] == "/admin/traces?source=here&labelled=false"
    assert set(SavedFilter.objects.values_list("name", "team")) == {("mine", False), ("ours", True)}
    reader = logged_in("reader", is_staff=False)
    page = text_of(reader.get(ADDRESS))
    assert "ours team" in page
    assert "mine" not in page
    kept = SavedFilter.objects.get(name="ours")
    assert reader.post(f"/admin/traces/filters/{kept.pk}/delete").status_code == 403
    curating.post(f"/admin/traces/filters/{kept.pk}/delete")
    assert "The filter ours is deleted." in text_of(curating.get(ADDRESS))
    assert SavedFilter.objects.count() == 1


def test_the_teams_filters_are_offered_however_many_are_ones_own(curating, monkeypatch):
    monkeypatch.setattr("pages.traces.saved.MAX_SHOWN", 2)
    me = User.objects.get(username="the curator")
    more = "The first 2 by name, of yours and of the team."
    for name in ("a", "b"):
        SavedFilter.objects.create(name=f"mine {name}", owner=me)
        SavedFilter.objects.create(name=f"ours {name}", owner=me, team=True)
    page = text_of(curating.get(ADDRESS))
    assert all(name in page for name in ("mine a", "mine b", "ours a", "ours b"))
    assert more not in page
    SavedFilter.objects.create(name="mine c", owner=me)
    page = text_of(curating.get(ADDRESS))
    assert more in page
    assert "ours b" in page
    assert "mine c" not in page


def test_a_filter_that_cannot_be_kept_is_told(curating):
    body = {"name": "mine", "where": "[nonsense"}
    response = curating.post("/admin/traces/filters", body)
    assert response.status_code == 400
    assert "The filter was not kept. where:" in response.content.decode()
    reader = logged_in("reader", is_staff=False)
    body = {"name": "ours", "where": "{}", "team": "on"}
    response = reader.post("/admin/traces/filters", body)
    assert response.status_code == 403
    assert "A filter for all needs the role curator." in response.content.decode()
    assert SavedFilter.objects.count() == 0


@pytest.mark.parametrize("name", UNSTORABLE)
def test_what_no_database_holds_is_refused_in_a_filter(name):
    reader = logged_in("reader", is_staff=False)
    response = reader.post("/admin/traces/filters", {"name": "mine", "where": UNSTORABLE[name]})
    assert response.status_code == 400
    assert "The filter was not kept." in response.content.decode()
    assert SavedFilter.objects.count() == 0


def test_the_name_of_a_filter_that_is_refused_is_shown_again(curating):
    TraceFactory(meta={"source": "here"})
    address, body = "/admin/traces/filters", {"name": "mine", "where": '{"source": "here"}'}
    curating.post(address, body)
    response = curating.post(f"{address}?source=here", body)
    assert response.status_code == 409
    page = response.content.decode()
    assert "A filter of this name is there already." in page
    assert 'name="name" form="save" value="mine"' in page
    assert "source=here" in curating.get(f"{address}?source=here")["Location"]


def test_the_filter_leads_to_a_queue_and_the_api(curating):
    page = curating.get(ADDRESS, {"source": "here", "meta.level": "5", "labelled": "false"})
    markup = page.content.decode()
    assert "/api/traces?source=here&amp;meta.level=5&amp;labelled=false" in markup
    assert "-H &quot;Authorization: Bearer $KEY&quot;" in markup
    [queue] = re.findall(r'href="/admin/review(\?[^"]+)"', markup)
    form = curating.get("/admin/review/" + queue.replace("&amp;", "&")).content.decode()
    assert 'name="where.source" value="here"' in form
    assert "meta.level=5" in form
    assert "labelled=false" in form
    assert parse_qs(urlsplit(queue).query.replace("amp;", ""))["where.source"] == ["here"]


def test_a_verdict_is_given_from_the_list(curating):
    trace = TraceFactory()
    body = {"verdict": "approved", "expected_status": "unreviewed"}
    address = f"{ADDRESS}{trace.pk}/verdict"
    json_wanted = {"HTTP_ACCEPT": "application/json"}
    assert curating.post(address, body, **json_wanted).json() == {"status": "approved"}
    refused = curating.post(address, {**body, "verdict": "rejected"}, **json_wanted)
    assert refused.status_code == 409
    assert "approved" in refused.json()["detail"]
    assert Review.objects.get().verdict == "approved"
    assert logged_in("reader").post(address, body).status_code == 403


def test_the_way_to_delete_many_is_shown_to_superusers_alone(curating, admin_client):
    way = "Delete, in the admin's list"
    assert way in text_of(admin_client.get(ADDRESS))
    text = text_of(curating.get(ADDRESS))
    assert "Review these" in text
    assert way not in text
