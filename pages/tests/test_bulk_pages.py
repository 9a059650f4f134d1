"""The pages that change many traces, as a browser without script is answered."""

import json
import re

import pytest
from django.contrib.auth.models import User

from datasets.tests.factories import DatasetFactory
from events.tests.acting import acting
from jobs.models import Job
from jobs.tests.working import work_off
from pages.tests.hostile import UNSTORABLE, hostile
from pages.tests.markup import Markup
from pages.tests.slow import sleeping
from traces.models import Score, Trace
from traces.services.scores import score_trace
from traces.tests.factories import ApprovedTraceFactory, TraceFactory
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

URL = "/admin/traces/bulk/"
GIVEN = {
    "change": '{"status": "rejected"}',
    "score": '{"criteria": "arithmetic"}',
    "delete": "{}",
}


@pytest.fixture
def ada():
    return logged_in("curator")


def asked(client, **form) -> str:
    response = client.post(URL, {"where": "{}", **form})
    assert response.status_code == 200, response
    return response.content.decode()


def hidden(page: str) -> dict[str, str]:
    found = re.findall(
        r'<input type="hidden" name="(kind|where|given|count)" value="([^"]*)"', page
    )
    return {name: value.replace("&quot;", '"') for name, value in found}


def started(client, page: str) -> str:
    """Confirm what a page asks; give the address of the job's page."""
    response = client.post(f"{URL}start/", hidden(page))
    assert response.status_code == 302, response.content
    return response["Location"]


def test_all_that_match_are_rejected_and_that_is_undone(ada):
    TraceFactory.create_batch(12, meta={"source": "mine"})
    ApprovedTraceFactory(meta={"source": "other"})
    where = json.dumps({"source": "mine"})
    page = asked(ada, where=where, scope="all", action="reject")
    assert "Exactly <strong>12</strong> traces" in page
    assert page.count('class="status unreviewed"') == 10
    address = started(ada, page)
    page = ada.get(address).content.decode()
    assert "0 of 12" in page
    assert "http-equiv" in page
    work_off("bulk")
    page = ada.get(address).content.decode()
    assert "12 rejected" in page
    undoing = ada.post(f"{address.rstrip('/')}/undo/")["Location"]
    work_off("bulk")
    assert "12 as before" in ada.get(undoing).content.decode()
    assert set(Trace.objects.values_list("status", flat=True)) == {"unreviewed", "approved"}
    assert "It is undone already" in ada.get(address).content.decode()


def test_chosen_ones_are_tagged(ada):
    one, two, _other = TraceFactory.create_batch(3)
    form = {
        "chosen": [str(one.pk), str(two.pk)],
        "action": "tags",
        "add_tags": "seen\r\n\r\nodd, too",
    }
    page = asked(ada, **form)
    assert "tagged seen, odd, too" in page
    started(ada, page)
    work_off("bulk")
    assert Trace.objects.filter(tags=["seen", "odd, too"]).count() == 2


def test_another_number_by_now_asks_again(ada):
    TraceFactory()
    page = asked(ada, scope="all", action="approve")
    assert "No filter is set" in page
    TraceFactory()
    response = ada.post(f"{URL}start/", hidden(page))
    assert response.status_code == 200
    page = response.content.decode()
    assert "2 traces match, not 1" in page
    assert "Exactly <strong>2</strong>" in page
    assert not Job.objects.exists()


def test_the_page_of_an_undoing_stays_when_what_it_undid_is_gone(ada):
    for state in ("running", "succeeded"):
        job = Job.objects.create(kind="undo", parameters={}, state=state, total=3)
        assert ada.get(f"{URL}{job.pk}/").status_code == 200


def test_what_is_under_way_is_cancelled(ada):
    TraceFactory()
    address = started(ada, asked(ada, scope="all", action="flag"))
    assert ada.post(f"{address.rstrip('/')}/cancel/").status_code == 302
    assert "0 flagged, then cancelled" in ada.get(address).content.decode()


def test_the_polling_of_what_has_ended_loads_the_page(ada):
    TraceFactory()
    address = started(ada, asked(ada, scope="all", action="flag"))
    polled = {"headers": {"HX-Request": "true"}}
    assert "0 of 1" in ada.get(f"{address}?seen=", **polled).content.decode()
    assert ada.get(f"{address}?seen=queued.0.1", **polled).status_code == 204
    work_off("bulk")
    assert ada.get(f"{address}?seen=queued.0.1", **polled)["HX-Retarget"] == "#main"


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        ({"action": "reject"}, "Choose some traces first."),
        ({"action": "queue"}, "Choose some traces first."),
        ({"action": "dataset", "chosen": ""}, "Choose some traces first."),
        ({"action": "reject", "chosen": "x"}, "It is no id."),
        ({"action": "reject", "scope": "all", "where": "{"}, "Not an object."),
        ({"action": "reject", "scope": "all", "where": '{"a": 1}'}, "Unknown field"),
        ({"action": "tags", "scope": "all"}, "Give a status"),
        ({"action": "tags", "scope": "all", "add_tags": "x" * 65}, "add_tags"),
        ({"action": "score", "scope": "all"}, "criteria"),
        ({"action": "score", "scope": "all", "criteria": "judge"}, "criteria"),
        ({"action": "score", "criteria": "arithmetic", "chosen": "x"}, "It is no id."),
    ],
)
def test_what_is_wrong_is_told_on_the_list(ada, form, reason):
    TraceFactory()
    response = ada.post(URL, {"where": "{}", **form})
    assert response.status_code == 400
    page = response.content.decode()
    assert 'id="rows"' in page
    assert reason in page
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", UNSTORABLE)
def test_what_no_database_holds_is_refused_in_a_filter(admin_client, name):
    for action in ("reject", "dataset", "queue", "delete", "score"):
        form = {"where": UNSTORABLE[name], "scope": "all", "action": action}
        response = admin_client.post(URL, {**form, "criteria": "arithmetic"})
        assert response.status_code == 400, action
    for kind, given in GIVEN.items():
        form = {"kind": kind, "where": UNSTORABLE[name], "given": given, "count": "0"}
        assert admin_client.post(f"{URL}start/", form).status_code == 400, kind
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "given", ["NaN", '{"status": NaN}', r'{"add_tags": ["\ud800"]}', "[1e999]"]
)
def test_what_no_database_holds_is_refused_as_a_change(admin_client, given):
    TraceFactory()
    for kind in GIVEN:
        form = {"kind": kind, "where": "{}", "given": given, "count": "NaN"}
        assert admin_client.post(f"{URL}start/", form).status_code == 400, kind
    assert not Job.objects.exists()


def test_what_was_sent_is_shown_again_where_it_is_refused(ada):
    one, two = TraceFactory.create_batch(2, meta={"source": "mine"})
    TraceFactory(meta={"source": "other"})
    form = {
        "where": '{"source": "mine"}',
        "chosen": str(one.pk),
        "action": "tags",
        "add_tags": "seen\n" + "x" * 65,
        "remove_tags": "odd",
    }
    response = ada.post(f"{URL}?source=mine", form)
    elements = Markup(response.content.decode()).elements
    inputs = [attributes for tag, attributes in elements if tag == "input"]
    boxes = {one["value"]: "checked" in one for one in inputs if one.get("name") == "chosen"}
    assert boxes == {str(one.pk): True, str(two.pk): False}
    page = response.content.decode()
    for name in ("add_tags", "remove_tags"):
        assert re.search(rf'name="{name}"[^>]*>\n{form[name]}</textarea>', page)
    [action] = [
        attributes["action"] for _, attributes in elements if attributes.get("id") == "chosen"
    ]
    assert action.endswith("?source=mine")
    gone_back_to = ada.get(f"{URL}?source=mine")
    assert gone_back_to["Location"] == "/admin/traces?source=mine"


def test_enter_asks_for_no_verdict(ada):
    TraceFactory()
    elements = Markup(ada.get("/admin/traces").content.decode()).elements
    start = next(at for at, (_, one) in enumerate(elements) if one.get("id") == "chosen")
    # what Enter presses, be it in a field of tags or on a box
    _, first = next(one for one in elements[start:] if one[0] == "button")
    assert (first["name"], first["value"]) == ("action", "tags")
    assert (first["tabindex"], first["aria-hidden"]) == ("-1", "true")


def test_what_takes_too_long_to_count_is_told(ada, monkeypatch):
    TraceFactory()
    monkeypatch.setattr("pages.traces.bulk.showing.SECONDS", 0.05)
    monkeypatch.setattr("pages.traces.bulk.asking.matching", sleeping)
    response = ada.post(URL, {"where": "{}", "scope": "all", "action": "flag"})
    assert response.status_code == 503
    assert "Nothing was changed. It takes longer than" in response.content.decode()


def test_what_takes_too_long_to_start_is_told(ada, monkeypatch):
    TraceFactory()
    sent = hidden(asked(ada, scope="all", action="flag"))
    monkeypatch.setattr("traces.services.bulk.freezing.FREEZE_SECONDS", 0.05)
    monkeypatch.setattr("traces.services.bulk.freezing.matching", sleeping)
    response = ada.post(f"{URL}start/", sent)
    assert response.status_code == 503
    page = response.content.decode()
    assert "It takes longer than" in page
    assert "Exactly <strong>1</strong>" in page
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        {"where": "{}"},
        {"given": "[]", "where": "1"},
        {},
        {"kind": "score", "where": "{}", "given": "[]"},
        {"kind": "score", "where": "1", "given": '{"criteria": ["x"]}', "count": "9" * 30},
        {"kind": "\0", "where": '{"q": "\0"}', "given": "1" * 5_000},
    ],
)
def test_a_start_of_nothing_is_refused(ada, form):
    assert ada.post(f"{URL}start/", form).status_code == 400
    assert not Job.objects.exists()


def test_chosen_ones_go_to_the_form_of_a_queue_or_of_a_dataset(ada):
    trace = TraceFactory()
    for action, page in (("queue", "/admin/review"), ("dataset", "/admin/datasets/build")):
        response = ada.post(URL, {"where": "{}", "chosen": str(trace.pk), "action": action})
        assert response.status_code == 302
        assert response["Location"].startswith(page)
        assert str(trace.pk) in response["Location"]


def test_hostile_traces_and_tags_run_nothing(ada):
    TraceFactory(**hostile())
    page = asked(ada, scope="all", action="tags", add_tags="<script>alert(1)</script>")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_it_is_for_curators():
    reader = logged_in("reader")
    for address in (URL, f"{URL}start/"):
        assert reader.post(address, {}).status_code == 403


def test_other_jobs_have_no_such_page(ada):
    job = Job.objects.create(kind="build")
    assert ada.get(f"{URL}{job.pk}/").status_code == 404
    assert ada.get(f"{URL}{'0' * 36}/").status_code == 404


def test_all_that_match_are_scored_where_they_lack_a_score(ada):
    step = [{"i": 0, "type": "a", "content": "2+2=5"}]
    TraceFactory.create_batch(12, meta={"source": "mine"}, steps=step)
    scored = TraceFactory(meta={"source": "mine"}, steps=step)
    score_trace(trace=scored, criteria="arithmetic", by=acting(User.objects.get()))
    where = json.dumps({"source": "mine"})
    form = {"where": where, "scope": "all", "action": "score", "criteria": "arithmetic"}
    page = asked(ada, **form)
    assert "Exactly <strong>12</strong> traces will be <strong><bdi>scored on arithmetic" in page
    assert page.count('class="status unreviewed"') == 10
    address = started(ada, page)
    assert "Scoring 12 traces: scored on arithmetic" in ada.get(address).content.decode()
    work_off("scoring")
    page = ada.get(address).content.decode()
    assert "12 scored on arithmetic" in page
    assert "?criteria=arithmetic" in page
    assert Score.objects.filter(criteria="arithmetic").count() == 13
    assert "No trace that matches lacks a score" in asked(ada, **form)
    assert "Exactly <strong>13</strong>" in asked(ada, **form, again="on")


def test_another_number_to_score_by_now_asks_again(ada):
    TraceFactory()
    page = asked(ada, scope="all", action="score", criteria="baseline")
    TraceFactory()
    response = ada.post(f"{URL}start/", hidden(page))
    assert "2 traces are to be scored, not 1." in response.content.decode()
    assert not Job.objects.exists()


@pytest.fixture
def root(ada):
    User.objects.update(is_superuser=True)
    return ada


def test_a_superuser_deletes_by_typing_the_number(root):
    held = TraceFactory(meta={"source": "mine"})
    DatasetFactory(name="sums", version="2")
    TraceFactory.create_batch(1_199, meta={"source": "mine"})
    other = TraceFactory(meta={"source": "other"})
    where = json.dumps({"source": "mine"})
    page = asked(root, where=where, scope="all", action="delete")
    for said in ("Exactly <strong>1,200</strong> traces", "cannot be undone", "<strong>1</strong>"):
        assert said in page
    sent = hidden(page)
    assert "count" not in sent
    for count, status in (("", 400), ("1199", 200), ("yes", 400)):
        response = root.post(f"{URL}start/", {**sent, "count": count})
        assert response.status_code == status
        assert not Job.objects.exists()
    address = root.post(f"{URL}start/", {**sent, "count": " 1,200 "})["Location"]
    assert "Deleting 1,200 traces" in root.get(address).content.decode()
    work_off("bulk")
    page = root.get(address).content.decode()
    assert "1,199 deleted" in page
    assert f"Trace {held.pk} is held by: sums-2." in page
    assert set(Trace.objects.all()) == {held, other}


def test_only_superusers_are_asked_whether_to_delete(ada):
    TraceFactory()
    assert 'value="delete"' not in ada.get("/admin/traces").content.decode()
    response = ada.post(URL, {"where": "{}", "scope": "all", "action": "delete"})
    assert response.status_code == 403
    assert "Only superusers delete many" in response.content.decode()
    form = {"kind": "delete", "where": "{}", "given": "{}", "count": "1"}
    assert ada.post(f"{URL}start/", form).status_code == 403
    assert not Job.objects.exists()
