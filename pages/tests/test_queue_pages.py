"""The pages of queues over HTTP: the list, a new one, the next trace, and what is sent to it."""

import re
import uuid
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from events.tests.acting import acting
from jobs.tests.working import work_off
from pages.tests.markup import Markup
from traces.curation.members import Claim
from traces.curation.queues import Queue
from traces.models import Review, Trace
from traces.services.queues.queues import change_queue, version_of
from traces.services.reviews import Verdict, review_trace
from traces.tests.concurrency import just_before
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, person, taken
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def curating() -> Client:
    return logged_in("curator")


def me() -> User:
    return User.objects.get(username="the curator")


def of(queue, *more) -> str:
    return "/".join(["/admin/review", str(queue.pk), *map(str, more)])


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", Markup(html).text)


def claim_of(trace) -> Claim:
    return Claim.objects.get(trace=trace, reviewer=me())


def give(curating, queue, trace, verdict="approved", **more):
    claim = claim_of(trace)
    sent = {"verdict": verdict, "claim": claim.pk, "expected_review": "", **more}
    return curating.post(of(queue, trace.pk, "verdict"), sent, **JSON)


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
    text = text_of(curating.get("/admin/review/").content.decode())
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
    text = text_of(page)
    assert "<summary>New queue" in page
    assert 'class="new" open' not in page
    assert "Agreement 75 % over 4" in text
    assert re.search(r"ada and bob *75 % *0.00 *4", text)
    assert "1 disputed" in text
    disputes = Queue.objects.get(is_of_disputes=True)
    assert f'class="disputed" href="{of(disputes)}"' in page
    assert "disputed · oldest first" in text
    judged(taken(disputes, "eve"))
    assert "1 disputed" not in text_of(curating.get("/admin/review/").content.decode())


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
    assert "Nobody reviewed yet what somebody else did, too." in text_of(page)
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
    assert said in text_of(page)
    assert Queue.objects.count() == 0


@pytest.mark.parametrize(
    ("typed", "share"), [("12.5", 0.125), ("0,4", 0.004), (" 100 ", 1), ("", 0)]
)
def test_a_share_is_told_as_it_was_typed(curating, typed, share):
    sent = {"name": "n", "order": "oldest", "overlap": typed}
    assert curating.post("/admin/review/", sent).status_code == 302
    assert Queue.objects.get().overlap == share
    text = text_of(curating.get("/admin/review/").content.decode())
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
    assert "Nobody reviewed yet" in text_of(asked)
    [newer] = re.findall(r'rel="prev" href="([^"]+)"', second)
    assert shown(curating.get(f"/admin/review{newer}").content.decode()) == shown(first)
    behind = curating.get("/admin/review/", {"before": queues[0].pk}).content.decode()
    assert "There is nothing further." in text_of(behind)
    for odd in ("x", "9" * 30, "1\0"):
        assert shown(curating.get("/admin/review/", {"before": odd}).content.decode())


def test_numbers_are_written_alike(curating):
    TraceFactory()
    queue = filled()
    Queue.objects.update(member_count=20_000, left_count=12_345)
    shown = text_of(curating.get(of(queue), follow=True).content.decode())
    assert "12,345 left of 20,000" in shown
    Claim.objects.all().delete()
    taken(queue, "bob")
    nothing = text_of(curating.get(of(queue)).content.decode())
    assert "12,345 left of 20,000" in nothing
    assert "Nothing is left for you here" in nothing
    assert "12,345 left of 20,000" in text_of(curating.get("/admin/review/").content.decode())


def test_the_list_leads_to_what_became_of_a_queue(curating):
    queue = filled(name="mine")
    [address] = re.findall(
        r'class="changes" href="([^"]+)"', curating.get("/admin/review/").content.decode()
    )
    assert address == f"/admin/activity/queue/{queue.pk}"
    assert "name →to mine" in text_of(curating.get(address).content.decode())
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
    assert "products is changed." in text_of(answer.content.decode())
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
    text = text_of(answer.content.decode())
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
    assert said in text_of(page)
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
    assert "Be kind." in text_of(answer.content.decode())
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
    assert "The queue of disputes stays" in text_of(answer.content.decode())
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
    assert "Being filled" in text_of(page)
    assert f"/admin/jobs/{job}" in page
    work_off("queues")
    assert "Being filled" not in text_of(curating.get("/admin/review/").content.decode())


def test_a_reader_sees_the_queues_and_makes_none():
    filled(name="sums")
    reader = logged_in("reader", is_staff=False)
    page = reader.get("/admin/review/").content.decode()
    assert "sums" in page
    assert "New queue" not in page
    assert reader.post("/admin/review/", {"name": "x"}).status_code == 403
    assert reader.get(of(Queue.objects.get())).status_code == 403


def test_a_queue_goes_to_its_next_trace(curating):
    first, second = TraceFactory.create_batch(2)
    queue = filled(reasons=["wrong answer"], guideline="Look *twice*.")
    response = curating.get(of(queue))
    assert response["Location"] == of(queue, first.pk)
    page = curating.get(response["Location"]).content.decode()
    text = text_of(page)
    for part in ("sums", "2 left of 2", "yours until", "wrong answer", "Guideline", "Look twice."):
        assert part in text
    answer = curating.post(of(queue, "next"), {"after": claim_of(first).pk}, **JSON).json()
    assert answer["trace"] == str(second.pk)
    assert answer["url"] == of(queue, second.pk)


def test_the_answer_to_a_verdict_is_the_next_trace(curating):
    first, second, third = TraceFactory.create_batch(3)
    queue = filled()
    curating.get(of(queue))
    curating.post(of(queue, "next"), {"after": claim_of(first).pk}, **JSON)
    answer = give(curating, queue, first, after=claim_of(second).pk)
    assert answer.json()["trace"] == str(third.pk)
    assert "2 left of 3" in text_of(answer.json()["html"])
    assert Review.objects.get().queue == queue
    assert give(curating, queue, second).json()["trace"] == str(third.pk)
    assert give(curating, queue, third).json()["trace"] is None


def test_a_verdict_is_given_once_however_often_it_is_sent(curating):
    first, second = TraceFactory.create_batch(2)
    queue = filled()
    curating.get(of(queue))
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    sent = {"verdict": "flagged", "claim": claim_of(first).pk, "expected_review": ""}
    for _ in range(2):
        answer = curating.post(of(queue, first.pk, "verdict"), sent, **key, **JSON)
        assert answer.json()["trace"] == str(second.pk)
    assert Review.objects.count() == 1


def test_a_verdict_without_its_claim_is_refused(curating):
    trace = TraceFactory()
    queue = filled()
    for claim in ("", "999999", "x"):
        sent = {"verdict": "approved", "claim": claim}
        answer = curating.post(of(queue, trace.pk, "verdict"), sent, **JSON)
        assert answer.status_code == 409
        assert "The claim ended" in answer.json()["detail"]


def test_my_own_verdict_meanwhile_is_no_second_one(curating):
    trace = TraceFactory()
    queue = filled(overlap=1)
    curating.get(of(queue))
    claim = claim_of(trace)
    give(curating, queue, trace)
    sent = {"verdict": "rejected", "claim": claim.pk, "expected_review": ""}
    assert curating.post(of(queue, trace.pk, "verdict"), sent, **JSON).status_code == 409
    assert Review.objects.count() == 1


def test_what_is_skipped_comes_back_last(curating):
    first, second = TraceFactory.create_batch(2)
    queue = filled()
    curating.get(of(queue))
    answer = curating.post(of(queue, "skip"), {"claim": claim_of(first).pk}, **JSON)
    assert answer.json()["trace"] == str(second.pk)
    assert give(curating, queue, second).json()["trace"] == str(first.pk)


def test_undo_shows_the_trace_again(curating):
    first, _ = TraceFactory.create_batch(2)
    queue = filled()
    curating.get(of(queue))
    give(curating, queue, first)
    answer = curating.post(of(queue, "undo"), **JSON)
    assert answer.json()["trace"] == str(first.pk)
    assert answer.json()["words"] == "Undone: approved"
    assert Trace.objects.get(pk=first.pk).status == "unreviewed"
    none_left = curating.post(of(queue, "undo"), **JSON)
    assert none_left.status_code == 404


def test_an_undo_is_told_though_others_work_on_the_trace(curating):
    trace = TraceFactory()
    queue = filled()
    curating.get(of(queue))
    give(curating, queue, trace)
    assert taken(filled(name="another"), "ada").trace == trace
    response = curating.post(of(queue, "undo"), **JSON)
    assert response.status_code == 200
    answer = response.json()
    assert (answer["trace"], answer["words"]) == (str(trace.pk), "Undone: approved")
    assert "Others work on the trace" in text_of(answer["html"])
    assert 'id="verdict"' not in answer["html"]
    assert not Review.objects.standing().exists()


def test_an_undo_is_told_though_the_queue_is_for_others_by_now(curating):
    trace = TraceFactory()
    queue = filled()
    curating.get(of(queue))
    give(curating, queue, trace)
    person("ada")
    change_queue(queue=queue, changes={"people": ["ada"]}, by=acting(me()))
    answer = curating.post(of(queue, "undo"), follow=True)
    assert answer.status_code == 200
    assert "The queue is for others." in text_of(answer.content.decode())
    assert not Review.objects.standing().exists()


def test_an_undo_is_done_once_however_often_it_is_sent(curating):
    first, second = TraceFactory.create_batch(2)
    queue = filled()
    curating.get(of(queue))
    give(curating, queue, first)
    give(curating, queue, second)
    key = {"HTTP_IDEMPOTENCY_KEY": str(uuid.uuid4())}
    for _ in range(2):
        answer = curating.post(of(queue, "undo"), **key, **JSON).json()
        assert (answer["trace"], answer["words"]) == (str(second.pk), "Undone: approved")
    assert Review.objects.standing().get().trace == first


def test_a_claim_is_renewed(curating):
    trace = TraceFactory()
    queue = filled()
    curating.get(of(queue))
    before = claim_of(trace).expires_at
    answer = curating.post(of(queue, "renew"), {"claim": claim_of(trace).pk}, **JSON)
    assert answer.status_code == 200
    assert claim_of(trace).expires_at > before
    assert curating.post(of(queue, "renew"), {"claim": "9" * 18}, **JSON).status_code == 409


def test_a_trace_that_another_holds_is_shown_to_be_read(curating):
    trace = TraceFactory()
    queue = filled()
    taken(queue, "bob")
    page = curating.get(of(queue, trace.pk)).content.decode()
    assert 'id="verdict"' not in page
    assert "Others work on the trace" in text_of(page)
    assert "Nothing is left for you here" in text_of(curating.get(of(queue)).content.decode())


OF_BOB = {"note": "too long a sum", "step_labels": {"1": -1, "55": -1}}
SAID = ("bob", "too long a sum", 'class="status rejected"', 'class="label ')


def test_blind_means_that_nothing_is_told_of_others(curating):
    steps = [{"i": n, "type": "a", "content": "b"} for n in range(60)]
    trace = TraceFactory(steps=steps)
    judged(taken(filled(name="before"), "bob"), "rejected", **OF_BOB)
    queue = filled(blind=True, step_labels=True)
    assert said_on(curating, queue, trace) == []
    answer = curating.post(of(queue, "next"), **JSON).json()
    assert [one for one in SAID if one in answer["html"]] == []
    assert "Earlier reviews What others say of it is shown when" in text_of(answer["html"])
    give(curating, queue, trace)
    assert said_on(curating, queue, trace) == list(SAID)


def said_on(curating, queue, trace) -> list[str]:
    """Give what the page of a trace, and each piece of its steps, tell of what bob said."""
    page = curating.get(of(queue, trace.pk)).content.decode()
    main = page[page.index('<main id="main"') :]
    for start in (0, 50):
        answer = curating.get(of(queue, trace.pk, "steps"), {"from": start})
        main += answer.content.decode()
    labels = main.count('class="label wrong"')
    assert labels in (0, 3)  # on the page, and in both of the pieces
    return [one for one in SAID if one in main]


@pytest.mark.parametrize("in_queue", [True, False], ids=["in the queue", "by the list"])
def test_who_gives_a_second_verdict_does_not_see_the_first(curating, in_queue):
    steps = [{"i": n, "type": "a", "content": "b"} for n in range(60)]
    trace = TraceFactory(steps=steps)
    queue = filled(overlap=1, step_labels=True)
    if in_queue:
        judged(taken(queue, "bob"), "rejected", **OF_BOB)
    else:
        verdict = Verdict(status="rejected", **OF_BOB)
        review_trace(trace=trace, verdict=verdict, by=acting(person("bob")))
    assert said_on(curating, queue, trace) == []
    give(curating, queue, trace)
    assert said_on(curating, queue, trace) == list(SAID)
    disputes = Queue.objects.get(is_of_disputes=True)
    third = Client()
    third.force_login(person("carla"))
    assert said_on(third, disputes, trace) == list(SAID)


@pytest.mark.parametrize("in_queue", [True, False], ids=["in a queue", "by the list"])
def test_what_was_said_before_a_queue_was_there_is_shown(curating, in_queue):
    steps = [{"i": n, "type": "a", "content": "b"} for n in range(60)]
    trace = TraceFactory(steps=steps)
    if in_queue:
        judged(taken(filled(name="before"), "bob"), "rejected", **OF_BOB)
    else:
        verdict = Verdict(status="rejected", **OF_BOB)
        review_trace(trace=trace, verdict=verdict, by=acting(person("bob")))
    assert said_on(curating, filled(name="once"), trace) == list(SAID)
    page = curating.get(of(filled(name="twice", overlap=1), trace.pk)).content.decode()
    assert [one for one in SAID[:2] if one in page] == list(SAID[:2])


def test_steps_of_a_trace_that_is_read_alone_have_no_labels_to_choose(curating):
    steps = [{"i": n, "type": "a", "content": "b"} for n in range(60)]
    trace = TraceFactory(steps=steps)
    queue = filled(step_labels=True)

    def choices() -> list[int]:
        page = curating.get(of(queue, trace.pk)).content.decode()
        [more] = re.findall(r'data-more="([^"]+)"', page)
        shown = (page, curating.get(unescape(more)).content.decode())
        return [one.count('type="radio"') for one in shown]

    assert choices() == [150, 30]
    Claim.objects.all().delete()
    taken(queue, "bob")
    assert choices() == [0, 0]


def test_the_guideline_comes_with_each_trace_and_is_what_the_review_names(curating):
    first, second = TraceFactory.create_batch(2)
    queue, by = filled(guideline="Be kind."), acting(me())
    curating.get(of(queue, first.pk))
    change_queue(queue=queue, changes={"guideline": "Be strict."}, by=by)
    curating.post(of(queue, "renew"), {"claim": claim_of(first).pk}, **JSON)
    after = claim_of(first).pk
    answer = curating.post(of(queue, "next"), {"after": after}, **JSON).json()
    assert "Guideline version 2 Be strict." in text_of(answer["html"])
    change_queue(queue=queue, changes={"guideline": "Be fair."}, by=by)
    answer = give(curating, queue, first).json()
    assert "Guideline version 2 Be strict." in text_of(answer["html"])
    give(curating, queue, second)
    assert list(Review.objects.order_by("pk").values_list("guideline", flat=True)) == [1, 2]
    undone = curating.post(of(queue, "undo"), **JSON).json()
    assert "Guideline version 3 Be fair." in text_of(undone["html"])


def test_without_script_what_is_last_leads_to_a_page(curating):
    trace = TraceFactory()
    queue = filled()
    curating.get(of(queue))
    sent = {"verdict": "approved", "claim": claim_of(trace).pk, "expected_review": ""}
    assert curating.post(of(queue, trace.pk, "verdict"), sent)["Location"] == of(queue)
    assert "Nothing is left" in text_of(curating.get(of(queue)).content.decode())
    assert curating.post(of(queue, "skip"))["Location"] == of(queue)


@pytest.mark.parametrize("path", ["", "/next", "/skip", "/undo", "/renew"])
def test_a_queue_that_is_not_there_is_told(curating, path):
    for number in ("1", "9" * 18):
        address = f"/admin/review/{number}{path}"
        answer = curating.post(address, **JSON) if path else curating.get(address, **JSON)
        assert answer.status_code == 404


def test_a_queue_of_others_is_refused(curating):
    TraceFactory()
    queue = filled(people=["lead"])
    assert curating.get(of(queue)).status_code == 403
