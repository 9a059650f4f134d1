"""The pages of queues over HTTP: the list, a new one, and its settings."""

import re
from html import unescape

import pytest

from events.tests.acting import acting
from jobs.tests.working import work_off
from pages.tests.markup import words_in
from pages.tests.queueing import me, of
from traces.curation.members import Claim
from traces.curation.queues import Queue
from traces.models import Review
from traces.services.queues.queues import change_queue, version_of
from traces.tests.concurrency import just_before
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, person, taken
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db


def test_the_list_tells_what_is_left_and_for_whom(curating):
    TraceFactory.create_batch(4, meta={"source": "sums"})
    mine = filled(
        name="mine",
        where={"source": "sums"},
        people=["the curator", "ben"],
        overlap=0.5,
        blind=True,
    )
    filled(name="for another", people=["lead"])
    judged(taken(mine, "the curator"))
    text = words_in(curating.get("/admin/review/").content.decode())
    for part in (
        "mine",
        "source sums",
        "oldest first",
        "50 % by two people",
        "blind",
        "left of 4",
        "1 in the last day, 1 of them yours",
    ):
        assert part in text
    assert "for another" not in text


def test_the_list_tells_how_far_people_agree_and_what_is_disputed(curating):
    TraceFactory.create_batch(4)
    queue = filled(name="twice", overlap=1)
    for _ in range(4):
        judged(taken(queue, "ada"))
        judged(taken(queue, "bob"), "approved" if Review.objects.count() < 6 else "rejected")
    asked = f"/admin/review/?agreement={queue.pk}"
    assert f'href="?agreement={queue.pk}#' in curating.get("/admin/review/").content.decode()
    page = curating.get(asked).content.decode()
    text = words_in(page)
    assert "<summary>New queue" in page
    assert 'class="new" open' not in page
    assert "Agreement 75 % over 4" in text
    assert re.search(r"ada and bob *75 % *0.00 *4", text)
    assert "1 disputed" in text
    disputes = Queue.objects.get(is_of_disputes=True)
    assert f'class="disputed" href="{of(disputes)}"' in page
    assert "disputed · oldest first" in text
    judged(taken(disputes, "eve"))
    assert "1 disputed" not in words_in(curating.get("/admin/review/").content.decode())


def test_what_the_list_costs_does_not_grow_with_reviews(curating, django_assert_max_num_queries):
    TraceFactory.create_batch(6)
    queue = filled(overlap=1)
    for name in ("ada", "bob", "eve"):
        for _ in range(3):
            judged(taken(queue, name))
    for number in range(10):
        filled(name=f"another {number}", overlap=1)
    with django_assert_max_num_queries(12):
        curating.get("/admin/review/")


def test_of_a_queue_whose_people_had_nothing_in_common_that_is_told(curating):
    TraceFactory()
    queue = filled(overlap=1)
    judged(taken(queue, "ada"))
    page = curating.get("/admin/review/", {"agreement": queue.pk}).content.decode()
    assert "Nobody reviewed yet what somebody else did, too." in words_in(page)
    assert curating.get("/admin/review/", {"agreement": "x\0"}).status_code == 200


def test_a_queue_is_made(curating):
    person("ben")
    TraceFactory.create_batch(2, meta={"source": "sums", "level": 5})
    sent = {
        "name": "hard ones",
        "where.status": "unreviewed",
        "where.source": "",
        "where.more": "meta.level=5\r\nmin_steps = 2",
        "order": "random",
        "seed": "7",
        "overlap": "25",
        "reasons": "wrong\r\nempty",
        "people": "the curator\r\nben",
        "step_labels": "on",
        "guideline": "Look *twice*.",
    }
    response = curating.post("/admin/review/", sent)
    assert response.status_code == 302
    queue = Queue.objects.get()
    assert queue.where == {"status": "unreviewed", "meta.level": "5", "min_steps": 2}
    assert (queue.order, queue.seed, queue.overlap) == ("random", 7, 0.25)
    assert (queue.reasons, queue.step_labels, queue.blind) == (["wrong", "empty"], True, False)
    assert queue.guideline.text == "Look *twice*."
    assert {*queue.people.all()} == {me(), person("ben")}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"name": ""}, "name"),
        ({"order": "sideways"}, "order"),
        ({"where.more": "colour=red"}, "colour"),
        ({"overlap": "150"}, "Share given to two people: From 0 to 100 per cent."),
        ({"overlap": "100.1"}, "From 0 to 100"),
        ({"overlap": "-1"}, "From 0 to 100"),
        ({"overlap": "nan"}, "From 0 to 100"),
        ({"overlap": "1\0"}, "From 0 to 100"),
        ({"seed": "x"}, "seed"),
        ({"seed": "--5"}, "seed"),
        ({"seed": "9" * 30}, "seed"),
        ({"seed": "1.5"}, "seed"),
        ({"people": "nobody"}, "no such user"),
        ({"people": "the curator", "overlap": "5"}, "name another"),
        ({"reasons": "\n".join("0123456789")}, "reasons"),
        ({"order": "score"}, "criteria"),
    ],
)
def test_a_queue_that_is_refused_keeps_what_was_typed(curating, sent, said):
    typed = {"name": "n", "order": "random", "seed": "1", "guideline": "typed at length", **sent}
    response = curating.post("/admin/review/", typed)
    assert response.status_code == 400
    page = response.content.decode()
    assert "typed at length" in page
    assert said in words_in(page)
    assert Queue.objects.count() == 0


@pytest.mark.parametrize(
    ("typed", "share"), [("12.5", 0.125), ("0,4", 0.004), (" 100 ", 1), ("", 0)]
)
def test_a_share_is_told_as_it_was_typed(curating, typed, share):
    sent = {"name": "n", "order": "oldest", "overlap": typed}
    assert curating.post("/admin/review/", sent).status_code == 302
    assert Queue.objects.get().overlap == share
    text = words_in(curating.get("/admin/review/").content.decode())
    told = f"{typed.strip().replace(',', '.')} % by two people"
    assert (told in text) == bool(share)


def test_the_list_of_queues_has_pages(curating, monkeypatch):
    monkeypatch.setattr("pages.shared.keyset.ROWS", 2)
    queues = [filled(name=f"queue {n}", overlap=1) for n in range(3)]

    def shown(page: str) -> list[str]:
        return re.findall(r'id="queue-([0-9]+)"', page)

    first = curating.get("/admin/review/").content.decode()
    assert shown(first) == [str(queue.pk) for queue in (queues[2], queues[1])]
    [older] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = curating.get(f"/admin/review{older}").content.decode()
    assert shown(second) == [str(queues[0].pk)]
    assert 'class="new" open' not in second
    [agreement] = re.findall(r'class="agreement" href="([^"#]+)#', second)
    asked = curating.get(f"/admin/review{unescape(agreement)}").content.decode()
    assert shown(asked) == [str(queues[0].pk)]
    assert "Nobody reviewed yet" in words_in(asked)
    [newer] = re.findall(r'rel="prev" href="([^"]+)"', second)
    assert shown(curating.get(f"/admin/review{newer}").content.decode()) == shown(first)
    behind = curating.get("/admin/review/", {"before": queues[0].pk}).content.decode()
    assert "There is nothing further." in words_in(behind)
    for odd in ("x", "9" * 30, "1\0"):
        assert shown(curating.get("/admin/review/", {"before": odd}).content.decode())


def test_numbers_are_written_alike(curating):
    TraceFactory()
    queue = filled()
    Queue.objects.update(member_count=20_000, left_count=12_345)
    shown = words_in(curating.get(of(queue), follow=True).content.decode())
    assert "12,345 left of 20,000" in shown
    Claim.objects.all().delete()
    taken(queue, "bob")
    nothing = words_in(curating.get(of(queue)).content.decode())
    assert "12,345 left of 20,000" in nothing
    assert "Nothing is left for you here" in nothing
    assert "12,345 left of 20,000" in words_in(curating.get("/admin/review/").content.decode())


def test_the_list_leads_to_what_became_of_a_queue(curating):
    queue = filled(name="mine")
    [address] = re.findall(
        r'class="changes" href="([^"]+)"', curating.get("/admin/review/").content.decode()
    )
    assert address == f"/admin/activity/queue/{queue.pk}"
    assert "name →to mine" in words_in(curating.get(address).content.decode())
    assert 'class="changes"' not in logged_in("reader").get("/admin/review/").content.decode()


def hidden_in(response) -> dict[str, str]:
    """Give what the form of a queue carries."""
    html = response.content.decode()
    return dict(re.findall(r'<input type="hidden" name="(version)" value="([^"]*)"', html))


def form_of_change(queue, **more) -> dict[str, str]:
    return {"name": "sums", "version": version_of(queue=queue), **more}


def test_a_queue_is_changed_and_each_guideline_is_a_version(curating):
    TraceFactory()
    queue = filled(name="sums", guideline="Be fair.", reasons=["wrong"], people=["the curator"])
    form = curating.get(of(queue, "settings")).content.decode()
    assert "\nthe curator\n</textarea>" in form
    assert "Be fair." in form
    sent = form_of_change(
        queue,
        name="products",
        people="\r\n",
        reasons="wrong\r\nunclear",
        step_labels="on",
        guideline="Be fair.\r\nBe quick.",
    )
    answer = curating.post(of(queue, "settings"), sent, follow=True)
    assert "products is changed." in words_in(answer.content.decode())
    changed = Queue.objects.get()
    assert (changed.name, changed.reasons) == ("products", ["wrong", "unclear"])
    assert (changed.step_labels, changed.blind, changed.people.count()) == (True, False, 0)
    assert (changed.guideline.version, changed.guideline.text) == (2, "Be fair.\nBe quick.")
    assert changed.member_count == 1


def test_a_queue_that_somebody_else_changed_is_shown_as_it_is(curating):
    queue = filled(name="sums", guideline="Be fair.", people=["the curator"])
    sent = form_of_change(queue, guideline="Be quick.", people="the curator")
    change_queue(queue=queue, changes={"guideline": "Be kind."}, by=acting(me()))
    answer = curating.post(of(queue, "settings"), sent)
    assert answer.status_code == 409
    text = words_in(answer.content.decode())
    assert "Somebody else changed this queue meanwhile." in text
    assert "Be kind." in text
    assert "Be quick." in answer.content.decode()
    again = curating.post(of(queue, "settings"), {**sent, "version": version_of(queue=queue)})
    assert again.status_code == 302
    assert Queue.objects.get().guideline.text == "Be quick."


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"people": "nobody"}, "There is no such user: nobody."),
        ({"name": " "}, "name:"),
        ({"name": "a\0b"}, "name:"),
        ({"reasons": "\n".join("abcdefghij")}, "reasons:"),
        ({"version": "1"}, "Somebody else changed"),
    ],
)
def test_a_change_that_is_refused_keeps_what_was_typed(curating, sent, said):
    queue = filled(name="sums", people=["the curator"])
    answer = curating.post(of(queue, "settings"), form_of_change(queue, guideline="Hm.", **sent))
    assert answer.status_code in (400, 409)
    page = answer.content.decode()
    assert said in words_in(page)
    assert "\nHm.</textarea>" in page
    assert Queue.objects.get().guideline is None


def test_what_was_refused_for_its_reasons_is_no_change_over_somebody_elses(curating):
    queue = filled(name="sums", guideline="Be fair.")
    sent = form_of_change(queue, guideline="Be fair.", reasons="\n".join("abcdefghij"))
    change_queue(queue=queue, changes={"guideline": "Be kind."}, by=acting(me()))
    refused = curating.post(of(queue, "settings"), sent)
    assert refused.status_code == 400
    mended = {**sent, **hidden_in(refused), "reasons": "a"}
    answer = curating.post(of(queue, "settings"), mended)
    assert answer.status_code == 409
    assert "Be kind." in words_in(answer.content.decode())
    assert Queue.objects.get().guideline.text == "Be kind."
    assert curating.post(of(queue, "settings"), {**mended, **hidden_in(answer)}).status_code == 302


def test_a_queue_that_somebody_renamed_meanwhile_is_shown_by_its_new_name(curating):
    queue = filled(name="sums")
    sent = form_of_change(queue, reasons="a")

    def rename() -> None:
        change_queue(queue=queue, changes={"name": "products"}, by=acting(me()))

    with just_before("SAVEPOINT", rename):
        answer = curating.post(of(queue, "settings"), sent)
    assert answer.status_code == 409
    assert "<dt>Name</dt><dd><bdi>products</bdi>" in answer.content.decode()
    assert hidden_in(answer)["version"] == version_of(queue=Queue.objects.get())


def test_a_queue_is_deleted_but_that_of_disputes(curating):
    queue = filled(name="sums")
    assert curating.post(of(queue, "delete"))["Location"] == "/admin/review"
    assert not Queue.objects.existing().exists()
    assert curating.get(of(queue, "settings")).status_code == 404
    disputes = Queue.objects.create(name="Disputed", order="oldest", is_of_disputes=True)
    answer = curating.post(of(disputes, "delete"), follow=True)
    assert "The queue of disputes stays" in words_in(answer.content.decode())
    assert "Delete this queue" not in answer.content.decode()


def test_only_curators_change_queues():
    queue = filled(name="sums")
    reader = logged_in("reader")
    assert reader.get(of(queue, "settings")).status_code == 403
    assert reader.post(of(queue, "delete")).status_code == 403
    assert Queue.objects.existing().exists()


def test_a_queue_that_is_being_filled_says_so(curating):
    TraceFactory()
    curating.post("/admin/review/", {"name": "sums", "order": "oldest", "where.status": ""})
    job = Queue.objects.get().job
    page = curating.get("/admin/review/").content.decode()
    assert "Being filled" in words_in(page)
    assert f"/admin/jobs/{job}" in page
    work_off("queues")
    assert "Being filled" not in words_in(curating.get("/admin/review/").content.decode())


def test_a_reader_sees_the_queues_and_makes_none():
    filled(name="sums")
    reader = logged_in("reader", is_staff=False)
    page = reader.get("/admin/review/").content.decode()
    assert "sums" in page
    assert "New queue" not in page
    assert reader.post("/admin/review/", {"name": "x"}).status_code == 403
    assert reader.get(of(Queue.objects.get())).status_code == 403
