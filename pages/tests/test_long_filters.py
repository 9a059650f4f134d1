"""Filters that are too long for an address: every link stays short, and nothing is lost."""

import json
import uuid
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from pages.queues.making import body_of
from pages.shared.long_filters import GONE, MOST_CHARS
from pages.tests.markup import Markup, text_of
from traces.curation.queues import LongFilter, SavedFilter
from traces.services.filters import long_filters
from traces.services.filters.long_filters import keep_long_filter, open_long_filter
from traces.tests.factories import TraceFactory
from tunix_site.errors import Invalid
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/traces/"
SENT = ("href", "action", "formaction", "hx-get", "hx-post")
BESIDE = 200  # characters of an address beside the filter's own


def many_ids(*traces, count=1_000) -> str:
    ids = [str(trace.pk) for trace in traces]
    return ",".join([*ids, *(str(uuid.uuid4()) for _ in range(count - len(ids)))])


def addresses(response) -> list[str]:
    elements = Markup(response.content.decode()).elements
    return [of[name] for _, of in elements for name in SENT if of.get(name)]


def asked_for(client, **fields) -> str:
    response = client.post(LIST, fields)
    assert response.status_code == 302
    return response["Location"]


def test_a_thousand_ids_are_sent_and_found_with_every_link_short(curating):
    traces = TraceFactory.create_batch(60)
    TraceFactory(prompt="not meant")
    address = asked_for(curating, ids=many_ids(*traces), source="")
    assert len(address) < BESIDE
    first = curating.get(address)
    assert "not meant" not in text_of(first)
    older = next(one for one in addresses(first) if "before=" in one)
    second = curating.get(LIST + older)
    opened = curating.get(next(one for one in addresses(first) if str(traces[-1].pk) in one))
    for page in (first, second, opened):
        assert page.status_code == 200
        assert [one for one in addresses(page) if len(one) > MOST_CHARS + BESIDE] == []
    rows = [one for page in (first, second) for one in addresses(page)]
    assert all(any(f"{trace.pk}?filter=" in one for one in rows) for trace in traces)
    assert any(f"{traces[-2].pk}?filter=" in one for one in addresses(opened))


def test_what_is_of_the_page_makes_no_address_long(curating):
    assert len(asked_for(curating, ids=many_ids(), panel="p" * 20_000)) < 2 * BESIDE


def test_a_filter_is_changed_piece_by_piece(curating):
    ids = many_ids(count=300)
    address = asked_for(curating, ids=ids, status="approved", criteria="c", outcome="right")
    assert address == asked_for(curating, status="approved", outcome="right", criteria="c", ids=ids)
    without = [one for one in addresses(curating.get(address)) if "&without=" in one]
    assert len(without) == 4
    less = curating.get(LIST + next(one for one in without if "without=criteria" in one))
    found = LongFilter.objects.get(pk=parse_qs(urlsplit(less["Location"]).query)["filter"][0])
    assert json.loads(found.said) == {"ids": ids, "status": "approved"}
    short = curating.get(less["Location"] + "&without=ids")
    assert urlsplit(short["Location"]).query == "status=approved"
    more = curating.get(less["Location"] + "&tag=x")
    assert "without=tag" in curating.get(more["Location"]).content.decode()


def test_what_is_wrong_of_it_stays_and_is_named(curating):
    page = curating.get(asked_for(curating, ids=many_ids(count=1_001), min_steps="\0"))
    text = text_of(page)
    assert "More than 1,000 ids." in text
    assert len([one for one in addresses(page) if "&without=" in one]) == 2
    assert curating.get(next(one for one in addresses(page) if "/build" in one)).status_code == 200


def test_a_long_address_becomes_a_short_one(curating):
    words = {"q": "слово " * 45 + "б" * 600, "before": str(uuid.uuid4())}
    response = curating.get(f"{LIST}?{urlencode(words)}")
    found = parse_qs(urlsplit(response["Location"]).query)
    assert {name: len(texts) for name, texts in found.items()} == {"filter": 1, "before": 1}
    assert open_long_filter(identity=found["filter"][0]) == {"q": words["q"]}
    nearly = urlencode({"tag": "t" * 60, "count": "x" * MOST_CHARS})
    assert curating.get(f"{LIST}?{nearly}").status_code == 200


def test_a_queue_and_a_dataset_begin_with_it(curating):
    trace = TraceFactory()
    where = {"ids": many_ids(trace, count=400), "source": ""}
    told = addresses(curating.get(asked_for(curating, ids=where["ids"], empty="source")))
    sent = {"where": json.dumps(where), "scope": "all"}
    for action, path in {"queue": "/admin/review", "dataset": "/admin/datasets/build"}.items():
        address = curating.post(f"{LIST}bulk/", {**sent, "action": action})["Location"]
        assert address in told
        assert len(address) < BESIDE
        assert urlsplit(address).path == path
        page = curating.get(address)
        assert where["ids"] in page.content.decode()


def test_a_queue_s_form_reads_it_back(curating):
    where = {"ids": many_ids(count=400), "status": "flagged", "tag": ""}
    identity = keep_long_filter(texts=where, owner=None)
    given = curating.get(f"/admin/review/?filter={identity}").context["given"]
    assert body_of(given)["where"] == where


def test_a_filter_that_is_saved_leads_to_its_list(curating):
    trace = TraceFactory()
    where = {"ids": many_ids(trace)}
    body = {"name": "many", "where": json.dumps(where)}
    shown = curating.post(f"{LIST}filters", body)
    assert len(shown["Location"]) < BESIDE
    kept = SavedFilter.objects.get()
    assert kept.where == where
    page = curating.get(shown["Location"])
    assert f"/admin/traces/filters/{kept.pk}" in addresses(page)
    assert curating.get(f"/admin/traces/filters/{kept.pk}")["Location"] == shown["Location"]
    assert logged_in("reader").get(f"/admin/traces/filters/{kept.pk}").status_code == 404


@pytest.mark.parametrize("identity", [str(uuid.UUID(int=7)), "nothing", "", "\0", "9" * 60])
def test_one_that_is_not_kept_is_told(curating, identity):
    page = curating.get(LIST, {"filter": identity, "status": "approved"})
    if not identity:
        assert page["Location"].endswith("?status=approved")
        return
    assert page.status_code == 200
    assert GONE in text_of(page)
    for form in ("/admin/review/", "/admin/datasets/build/"):
        refused = curating.get(form, {"filter": identity})
        assert refused.status_code == 404
        assert GONE in refused.content.decode()


def test_far_too_long_a_filter_is_refused(curating):
    response = curating.post(LIST, {"tag": "t" * long_filters.MAX_CHARS})
    assert response.status_code == 400
    assert "100,000 characters at most" in response.content.decode()
    with pytest.raises(Invalid):
        keep_long_filter(texts={"tag": "t" * long_filters.MAX_CHARS}, owner=None)


def test_those_that_nobody_uses_go(monkeypatch):
    ada, ben = (User.objects.create_user(name) for name in ("ada", "ben"))
    used, unused, other = (keep_long_filter(texts={"tag": text}, owner=ada) for text in "abc")
    long_ago = timezone.now() - timedelta(days=80)
    LongFilter.objects.update(used_at=long_ago)
    assert open_long_filter(identity=str(used)) == {"tag": "a"}
    LongFilter.objects.filter(used_at=long_ago).update(used_at=long_ago - timedelta(days=11))
    keep_long_filter(texts={"tag": "d"}, owner=ada)
    assert open_long_filter(identity=str(used)) == {"tag": "a"}
    assert open_long_filter(identity=str(unused)) is None
    assert open_long_filter(identity=str(other)) is None
    monkeypatch.setattr(long_filters, "MOST", 1)
    newest = keep_long_filter(texts={"tag": "e"}, owner=ada)
    assert [*LongFilter.objects.values_list("pk", flat=True)] == [newest]
    of_ben = keep_long_filter(texts={"tag": "f"}, owner=ben)
    assert {*LongFilter.objects.values_list("pk", flat=True)} == {newest, of_ben}


def test_nobody_pushes_out_what_others_keep(curating, monkeypatch):
    monkeypatch.setattr(long_filters, "MOST", 2)
    ids = many_ids()
    theirs = asked_for(curating, ids=ids)
    reading = logged_in("reader", is_staff=False)
    assert reading.get(theirs).context["asked"].texts == {"ids": ids}
    asked_for(reading, ids=ids)  # of the same traces: theirs, too, it does not become the reader's
    for _ in range(4):
        asked_for(reading, ids=many_ids())
    assert LongFilter.objects.count() == 3
    assert curating.get(theirs).context["asked"].wrong == {}


def test_one_that_is_kept_already_is_kept_without_a_look_for_others(django_assert_num_queries):
    keep_long_filter(texts={"tag": "a"}, owner=None)
    with django_assert_num_queries(4):  # within its transaction, and nothing is deleted
        keep_long_filter(texts={"tag": "a"}, owner=None)
