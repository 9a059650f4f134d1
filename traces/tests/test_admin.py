"""Traces, scores and reviews in the admin."""

import html
import re
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from events.tests.acting import acting
from jobs.models import Job
from jobs.tests.working import work_off
from traces.finding import search
from traces.models import Review, Score, Status, Trace
from traces.services.curation import curate_trace
from traces.services.scores import score_trace
from traces.tests.concurrency import just_before
from traces.tests.factories import ApprovedTraceFactory, ScoreFactory, TraceFactory
from traces.tests.searching import index_all
from tunix_site.admin_base.lists import RoleAdmin
from tunix_site.models import Role
from tunix_site.tests.admin_pages import form_of, logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/traces/trace/"


def change(trace):
    return reverse("admin:traces_trace_change", args=[trace.pk])


def delete(trace):
    return reverse("admin:traces_trace_delete", args=[trace.pk])


@pytest.fixture
def page():
    """The browser of a curator who is on the staff."""
    return logged_in(Role.CURATOR)


def listed(page, query="", path=LIST):
    return list(page.get(f"{path}?{query}").context["cl"].result_list)


def act(page, action, traces, **more):
    form = {"action": action, "_selected_action": [str(trace.pk) for trace in traces]}
    return page.post(LIST, {**form, "index": "0", **more}, follow=True)


def told(response):
    return [str(message) for message in response.context["messages"]]


def test_the_list_shows_the_newest_first_with_previews(page):
    older = TraceFactory(prompt="p" * 201, final_answer="a" * 201)
    newer = ApprovedTraceFactory()
    response = page.get(LIST)
    assert list(response.context["cl"].result_list) == [newer, older]
    text = response.content.decode()
    assert "p" * 200 in text
    assert "p" * 201 not in text
    assert "a" * 201 not in text
    assert change(newer) in text
    assert "Approved" in text
    assert "made_up" in text


# What nobody would see, by what it is.
UNSEEN = {
    "empty": "",
    "white space": " \t\n\u00a0\u3000",
    "zero-width": "\u200b\u200d\ufeff\u2060",
    "turned around": "\u202e\u2066",
    "line ends": "\u2028\u2029",
    "fillers": "\u115f\u1160\u2800\u3164\uffa0",
    "a mark alone": "\ufe0f\u034f",
}


@pytest.mark.parametrize("prompt", UNSEEN.values(), ids=UNSEEN)
def test_a_prompt_that_nobody_would_see_has_a_link_to_click(page, prompt):
    trace = TraceFactory(prompt=prompt)
    text = page.get(LIST).content.decode()
    [link] = re.findall(rf'<a [^>]*href="{change(trace)}[^>]*>(.*?)</a>', text, re.DOTALL)
    assert re.sub(r"<[^>]*>", "", link).strip() == "(blank)"


def test_the_list_reads_no_large_text(page, django_assert_num_queries):
    TraceFactory()
    with django_assert_num_queries(5) as queries:  # session, user, roles, count, rows
        page.get(LIST)
    rows = queries.captured_queries[-1]["sql"]
    assert "LEFT(" in rows
    assert not re.search(
        r'(?<!LEFT\("traces_trace".)"(prompt|final_answer|steps|meta|messages)"', rows
    )
    TraceFactory.create_batch(20)
    with django_assert_num_queries(5):
        page.get(LIST)


def test_the_list_is_sorted_by_its_index_whatever_the_address_says(page):
    traces = TraceFactory.create_batch(3)
    assert listed(page, "o=1.-2.3.5.7") == traces[::-1]


def test_a_long_list_is_cut_off_and_says_so(page, monkeypatch):
    monkeypatch.setattr("tunix_site.admin_base.lists.MAX_LISTED", 4)
    monkeypatch.setattr(RoleAdmin, "list_per_page", 2)
    traces = TraceFactory.create_batch(4)
    assert "More than" not in page.get(LIST).content.decode()
    traces += TraceFactory.create_batch(1)
    said = page.get(f"{LIST}?status=unreviewed").content.decode()
    assert "More than 4 traces: these first ones are listed" in said
    assert "4 results" not in said
    assert listed(page, "p=2") == traces[1:3][::-1]
    assert page.get(f"{LIST}?p=3").url == f"{LIST}?e=1"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status=approved", "b"),
        ("status=unreviewed", "ac"),
        ("source=here", "a"),
        ("tag=good", "a"),
        ("trace_version=2", "c"),
        ("min_steps=3", "b"),
        ("max_steps=2", "ac"),
        ("min_steps=2&max_steps=2", "ac"),
        ("created_after=2026-01-02", "bc"),
        ("created_before=2026-01-02", "a"),
        ("created_after=2026-01-02&created_before=2026-01-03", "b"),
        ("criteria=judge", "ab"),
        ("criteria=judge&min_score=0.5", "b"),
        ("criteria=judge&max_score=0.5", "a"),
        ("criteria=nobody", ""),
        ("meta.level=5", "a"),
        ("meta.nested.deep=true", "b"),
        ("source=&status=&min_steps=", "abc"),
        ("status=unreviewed&tag=good", "a"),
        ("q=apples", "ab"),
        ("q=APPLES", "ab"),
        ("q=apple", "ab"),
        ("q=apples+-red", "a"),
        ("q=%22many+apples%22", "a"),
        ("q=the", ""),
        ("q=red+or+apples", "ab"),
        ("q=apples&status=approved", "b"),
        ("q=apples&status=flagged", ""),
        ("q=id-of-b", "b"),
        ("q=id-of", ""),
        ("q=%25", ""),
        ("q=nothing+such", ""),
        ("q=++", "abc"),
    ],
)
def test_filters_and_search(page, query, found):
    steps = [{"i": i, "type": "reasoning", "content": "a red apple"} for i in range(3)]
    traces = {
        "a": TraceFactory(
            prompt="How many apples?",
            tags=["good"],
            meta={"source": "here", "level": 5},
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
        ),
        "b": ApprovedTraceFactory(
            steps=steps,
            external_id="id-of-b",
            meta={"source": "there", "nested": {"deep": True}},
            created_at=datetime(2026, 1, 2, tzinfo=UTC),
        ),
        "c": TraceFactory(trace_version="2", created_at=datetime(2026, 1, 3, tzinfo=UTC)),
    }
    for name, value in (("a", 0.25), ("b", 0.75)):
        Score.objects.create(trace=traces[name], criteria="judge", scorer_version="1", value=value)
    index_all()
    assert listed(page, query) == [traces[name] for name in sorted(found, reverse=True)]


def test_an_id_or_its_beginning_is_found(page):
    trace, other = TraceFactory(), TraceFactory()
    text = str(trace.id)
    for term in (text, text.upper(), trace.id.hex, text[:-4], f" {text} "):
        assert trace in listed(page, f"q={term}")
    assert other not in listed(page, f"q={text}")
    assert listed(page, "q=ffffffff") == []
    assert listed(page, f"q={text}0") == []


def test_a_search_gives_the_newest_matches_newest_first(page, monkeypatch):
    monkeypatch.setattr(search, "CANDIDATES", 2)
    old = TraceFactory(prompt="apples apples", meta={"source": "old"})
    new = TraceFactory.create_batch(2, prompt="apples")
    index_all()
    assert listed(page, "q=apples") == new[::-1]
    assert listed(page, "q=apples&source=old") == [old]


def test_a_refused_filter_is_told_and_drops_no_other(page):
    trace, _ = TraceFactory(meta={"source": "here"}), TraceFactory(meta={"source": "there"})
    response = page.get(f"{LIST}?status=nope&min_steps=x&source=here")
    assert list(response.context["cl"].result_list) == [trace]
    assert (
        'status: "nope" is not a valid choice. Known ones: unreviewed, approved, rejected, flagged.'
        in told(response)
    )
    assert "min_steps: A valid integer is required." in told(response)
    assert len(told(response)) == 2
    assert 'value="x"' in response.content.decode()


def test_filters_that_are_refused_together_are_told(page):
    trace, _ = TraceFactory(meta={"source": "here"}), TraceFactory(meta={"source": "there"})
    response = page.get(f"{LIST}?min_score=1&source=here", follow=True)
    assert "criteria" in " ".join(told(response))
    assert list(response.context["cl"].result_list) == [trace]


def test_the_filters_are_opened_by_a_button(page):
    text = page.get(LIST).content.decode()
    assert re.search(r'<button type="button"[^>]*aria-controls="changelist-filter"', text)
    assert not re.search(r"<a [^>]*filterOpen", text)


def test_what_deletes_comes_last(page):
    trace = TraceFactory()
    text = page.get(change(trace)).content.decode()
    row = text.partition('id="submit-row"')[2]
    assert row.index('name="_save"') < row.index(delete(trace))
    assert "flex-row-reverse" not in row.partition("</body>")[0]
    offered = page.get(LIST).content.decode().partition('name="action"')[2]
    actions = re.findall(r'<option value="(\w+)"', offered.partition("</select>")[0])
    assert actions[-1] == "delete_selected"


def test_the_filter_form_remembers_what_was_asked(page):
    text = page.get(f"{LIST}?source=%3Cb%3E&status=flagged&min_steps=2").content.decode()
    assert 'value="&lt;b&gt;"' in text
    assert '<option value="flagged" selected' in text
    assert "Clear all filters" in text
    assert "Clear all filters" not in page.get(f"{LIST}?source=&status=").content.decode()


@pytest.mark.parametrize(
    ("action", "status", "done"),
    [
        ("approve", Status.APPROVED, "Approved"),
        ("reject", Status.REJECTED, "Rejected"),
        ("flag", Status.FLAGGED, "Flagged"),
    ],
)
def test_selected_traces_get_a_verdict(page, action, status, done):
    first, second, other = TraceFactory.create_batch(3)
    response = act(page, action, [first, second])
    assert told(response) == [f"{done}: 2 traces."]
    first.refresh_from_db()
    other.refresh_from_db()
    assert (first.status, other.status) == (status, Status.UNREVIEWED)
    reviews = Review.objects.values_list("verdict", "reviewer__username")
    assert list(reviews) == [(status, "the curator")] * 2


def test_a_verdict_that_stands_is_not_given_again(page):
    act(page, "approve", [ApprovedTraceFactory()])
    assert not Review.objects.exists()


def test_selected_traces_are_scored(page):
    traces = TraceFactory.create_batch(2)
    assert told(act(page, "score_baseline", traces)) == ["Scored: 2 traces."]
    assert told(act(page, "score_baseline", traces[:1])) == ["Scored: 1 trace."]
    scores = Score.objects.order_by("trace_id")
    assert [score.trace for score in scores] == traces
    assert {score.criteria for score in scores} == {"baseline"}
    assert scores[0].value == pytest.approx(
        score_trace(trace=traces[0], criteria="baseline", by=acting()).value
    )


def test_what_a_selected_trace_lacks_to_be_scored_is_told(page):
    judged, lacking = TraceFactory(meta={"reference_answer": "1"}), TraceFactory(meta={})
    first, last = told(act(page, "score_answer_correctness", [judged, lacking]))
    assert "`answer_correctness`" in first
    assert last == "Scored: 1 trace."


def test_all_that_match_are_scored_by_a_job(page):
    chosen, _ = TraceFactory(meta={"source": "mine"}), TraceFactory()
    assert 'href="/admin/traces/trace/score-all/"' in page.get(LIST).content.decode()
    assert "Score all traces that match" in page.get(f"{LIST}score-all/").content.decode()
    form = {"criteria": "baseline", "where.source": "mine", "where.min_steps": "1"}
    response = page.post(f"{LIST}score-all/", form)
    job = Job.objects.get()
    assert response.url == f"/admin/jobs/job/{job.pk}/change/"
    assert job.parameters["where"] == {"source": "mine", "min_steps": 1}
    work_off("scoring")
    assert list(Score.objects.values_list("trace", "criteria")) == [(chosen.pk, "baseline")]


def test_what_is_wrong_with_a_job_to_score_is_told(page):
    for form, said in (
        ({"criteria": "quality"}, "criteria: "),
        ({"criteria": "baseline", "where.created_after": "soon"}, "created_after: "),
    ):
        response = page.post(f"{LIST}score-all/", form)
        assert said in told(response)[0]
    assert not Job.objects.exists()


def test_a_trace_deleted_under_an_action_is_told(page):
    kept, gone = TraceFactory.create_batch(2)
    with just_before("FOR NO KEY UPDATE", lambda: Trace.objects.filter(pk=gone.pk).delete()):
        response = act(page, "approve", [kept, gone])
    assert told(response) == [f"Trace {gone.pk} not found.", "Approved: 1 trace."]


def test_actions_reach_no_further_than_the_ticked_rows(page):
    traces = TraceFactory.create_batch(2)
    response = act(page, "approve", [], select_across="1")
    assert "Items must be selected" in told(response)[0]
    act(page, "approve", traces[:1], select_across="1")
    assert Trace.objects.filter(status=Status.APPROVED).count() == 1


def test_selected_traces_are_deleted_after_asking(page):
    traces = TraceFactory.create_batch(3)
    score_trace(trace=traces[0], criteria="baseline", by=acting())
    asked = act(page, "delete_selected", traces[:2])
    assert "Are you sure" in asked.content.decode()
    assert Trace.objects.count() == 3
    assert told(act(page, "delete_selected", traces[:2], post="yes")) == ["Deleted 2."]
    assert Trace.objects.get() == traces[2]


def test_the_queries_of_an_action_are_a_few_for_each_row(page, django_assert_max_num_queries):
    traces = TraceFactory.create_batch(10)
    form = {"action": "approve", "_selected_action": [trace.pk for trace in traces]}
    with django_assert_max_num_queries(15 + 10 * 7):
        page.post(LIST, {**form, "index": "0"})


HOSTILE = "<script>alert(1)</script>"


def test_everything_is_shown_and_escaped(page):
    trace = TraceFactory(
        prompt=f"prompt {HOSTILE}\n  two  spaces",
        final_answer=f"answer {HOSTILE}",
        steps=[
            {"i": 7, "type": f"type {HOSTILE}", "content": f"step {HOSTILE}\n\tand a tab"},
            {"i": 0, "type": "first", "content": "\nbegins with a line break"},
        ],
        meta={"source": f"source {HOSTILE}", "key</pre>": [1, {"a": None}], "数": "学"},
        tags=[f"tag {HOSTILE}"],
        external_id=f"id {HOSTILE}",
        messages=[
            {"role": f"role {HOSTILE}", "content": f"said {HOSTILE}"},
            {"role": "assistant", "content": [{"type": "text"}], "tool_calls": [HOSTILE]},
        ],
    )
    user = User.objects.create(username="<b>me</b>")
    curate_trace(trace=trace, by=acting(user), changes={"status": "flagged"})
    Review.objects.update(note=f"note {HOSTILE}")
    Score.objects.create(
        trace=trace,
        criteria=f"c {HOSTILE}",
        scorer_version=HOSTILE,
        value=1,
        details={"d": HOSTILE},
    )
    review, score = Review.objects.get(), Score.objects.get()
    paths = [
        LIST,
        f"{LIST}?q=%3Cscript%3Ealert(1)%3C/script%3E&source=%3Cscript%3Ealert(1)%3C/script%3E",
        change(trace),
        delete(trace),
        "/admin/traces/score/",
        "/admin/traces/review/",
        reverse("admin:traces_score_change", args=[score.pk]),
        reverse("admin:traces_review_change", args=[review.pk]),
    ]
    for path in paths:
        text = page.get(path).content.decode()
        assert "<script>alert" not in text
        assert "<b>me" not in text
    text = html.unescape(page.get(change(trace)).content.decode())
    for part in (
        f"prompt {HOSTILE}\n  two  spaces",
        f"answer {HOSTILE}",
        f"7 · type {HOSTILE}",
        f"step {HOSTILE}\n\tand a tab",
        f'"source": "source {HOSTILE}"',
        '"数": "学"',
        f"role {HOSTILE}",
        f"said {HOSTILE}",
        f'"tool_calls": [\n    "{HOSTILE}"\n  ]',
        f"note {HOSTILE}",
        f"c {HOSTILE}",
        f'"d": "{HOSTILE}"',
    ):
        assert part in text
    assert text.index("begins with a line break") < text.index("and a tab")


def test_a_trace_without_messages_has_no_section_for_them(page):
    trace, talked = TraceFactory(), TraceFactory(messages=[{"role": "user", "content": "hi"}])
    assert "Conversation" not in page.get(change(trace)).content.decode()
    assert "Conversation" in page.get(change(talked)).content.decode()


def test_status_and_tags_are_saved_and_the_verdict_is_recorded(page):
    trace = TraceFactory(tags=["old", " with spaces "])
    form = form_of(page.get(change(trace)))
    assert form["tags"] == "old\n with spaces "
    form |= {"status": "approved", "tags": "old\r\n with spaces \r\n\r\nnew one"}
    response = page.post(change(trace), form, follow=True)
    assert "was changed successfully" in told(response)[0]
    trace.refresh_from_db()
    assert (trace.status, trace.tags) == ("approved", ["old", " with spaces ", "new one"])
    review = Review.objects.get()
    assert (review.trace, review.verdict, str(review.reviewer)) == (
        trace,
        "approved",
        "the curator",
    )
    assert "the curator" in page.get(change(trace)).content.decode()
    history = page.get(reverse("admin:traces_trace_history", args=[trace.pk]), follow=True)
    assert "the curator" in history.content.decode()


def test_saving_what_is_there_records_nothing(page):
    trace = TraceFactory(tags=["one", "two"])
    score_trace(trace=trace, criteria="baseline", by=acting())
    page.post(change(trace), form_of(page.get(change(trace))))
    trace.refresh_from_db()
    assert (trace.status, trace.tags) == ("unreviewed", ["one", "two"])
    assert not Review.objects.exists()


def test_what_somebody_else_changed_meanwhile_stays(page):
    trace = TraceFactory(tags=["one"])
    form = form_of(page.get(change(trace)))
    other = User.objects.create(username="other")
    curate_trace(trace=trace, by=acting(other), changes={"status": "rejected", "tags": ["theirs"]})
    page.post(change(trace), form | {"tags": "mine"})
    trace.refresh_from_db()
    assert (trace.status, trace.tags) == ("rejected", ["mine"])
    page.post(change(trace), form | {"status": "flagged"})
    trace.refresh_from_db()
    assert (trace.status, trace.tags) == ("flagged", ["mine"])


def test_content_cannot_be_forged_into_the_form(page):
    trace = TraceFactory()
    review_count = Review.objects.count()
    score_trace(trace=trace, criteria="baseline", by=acting())
    before = Trace.objects.filter(pk=trace.pk).values().get()
    scores = list(Score.objects.values())
    form = form_of(page.get(change(trace)))
    form |= {name: "forged" for name in before if name not in ("status", "tags")}
    form |= {"shown_prompt": "forged", "payload": "forged", "id": str(TraceFactory().pk)}
    form |= {
        "scores-TOTAL_FORMS": "2",
        "scores-0-value": "99",
        "scores-0-DELETE": "on",
        "scores-1-criteria": "forged",
        "scores-1-value": "1",
        "reviews-TOTAL_FORMS": "1",
        "reviews-0-verdict": "approved",
    }
    page.post(change(trace), form)
    assert Trace.objects.filter(pk=trace.pk).values().get() == before
    assert list(Score.objects.values()) == scores
    assert Review.objects.count() == review_count


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "nope"},
        {"status": ""},
        {"status": "\0"},
        {"tags": "a\0b"},
        {"tags": "x" * 65},
        {"tags": "\n".join(map(str, range(51)))},
    ],
)
def test_a_bad_status_or_tag_is_refused_beside_its_field(page, fields):
    trace = TraceFactory(tags=["one"])
    response = page.post(change(trace), form_of(page.get(change(trace))) | fields)
    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == list(fields)
    trace.refresh_from_db()
    assert (trace.status, trace.tags) == ("unreviewed", ["one"])


@pytest.mark.parametrize(
    "form",
    [{}, {"status": "approved"}, {"scores-TOTAL_FORMS": "x"}, {"_save": "\0", "tags": ["a", "b"]}],
)
def test_a_form_with_parts_missing_is_no_server_error(page, form):
    assert page.post(change(TraceFactory()), form).status_code in (200, 302)


def test_a_tag_of_several_lines_is_left_alone(page):
    trace = TraceFactory(tags=["two\nlines", "one"])
    form = form_of(page.get(change(trace)))
    page.post(change(trace), form | {"status": "approved", "tags": "forged"})
    trace.refresh_from_db()
    assert (trace.status, trace.tags) == ("approved", ["two\nlines", "one"])


def test_a_trace_deleted_while_it_is_saved_is_told(page):
    trace = TraceFactory()
    form = form_of(page.get(change(trace))) | {"status": "approved"}
    with just_before("FOR NO KEY UPDATE", lambda: Trace.objects.all().delete()):
        response = page.post(change(trace), form, follow=True)
    assert told(response) == [f"Trace {trace.pk} not found."]


def test_a_trace_is_deleted_after_asking_with_what_hangs_on_it(page):
    trace = TraceFactory()
    score_trace(trace=trace, criteria="baseline", by=acting())
    curate_trace(
        trace=trace, by=acting(User.objects.create(username="u")), changes={"status": "approved"}
    )
    assert str(trace.pk) in page.get(delete(trace)).content.decode()
    page.post(delete(trace), {"post": "yes"})
    for model in (Trace, Score, Review):
        assert not model.objects.exists()


def test_the_queries_of_a_trace_do_not_grow(page, django_assert_num_queries):
    trace = TraceFactory()
    page.get(change(trace))  # looks up the content type, once in a process
    for number in range(4):
        user = User.objects.create(username=f"reviewer {number}")
        Review.objects.create(trace=trace, reviewer=user, verdict="approved")
        Score.objects.create(trace=trace, criteria=str(number), scorer_version="1", value=1)
        # session, user, roles, trace, and a count and the rows of scores and of reviews
        with django_assert_num_queries(8):
            page.get(change(trace))


@pytest.mark.parametrize("role", [Role.READER, Role.WRITER])
def test_other_roles_change_nothing(role):
    trace, page = TraceFactory(), logged_in(role)
    act(page, "approve", [trace])
    act(page, "delete_selected", [trace], post="yes")
    page.post(change(trace), {"status": "approved", "tags": "x"})
    page.post(delete(trace), {"post": "yes"})
    trace.refresh_from_db()
    assert (trace.status, trace.tags) == ("unreviewed", [])


@pytest.mark.parametrize("page_name", ["trace", "score", "review"])
def test_nothing_is_added_here(admin_client, page_name):
    path = reverse(f"admin:traces_{page_name}_add")
    assert admin_client.get(path).status_code == 403
    assert admin_client.post(path, {"prompt": "x"}).status_code == 403


@pytest.mark.parametrize("model", [Score, Review])
def test_scores_and_reviews_are_only_read(admin_client, admin_user, model):
    trace = TraceFactory()
    score_trace(trace=trace, criteria="baseline", by=acting())
    curate_trace(trace=trace, by=acting(admin_user), changes={"status": "approved"})
    row = model.objects.get()
    name = model._meta.model_name
    path = reverse(f"admin:traces_{name}_change", args=[row.pk])
    assert change(trace) in admin_client.get(path).content.decode()
    assert admin_client.post(path, {"value": "1", "verdict": "rejected"}).status_code == 403
    deletion = reverse(f"admin:traces_{name}_delete", args=[row.pk])
    assert admin_client.post(deletion, {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes", "index": "0"}
    admin_client.post(reverse(f"admin:traces_{name}_changelist"), form)
    assert model.objects.get() == row


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 0]),
        ("criteria=judge", [0]),
        ("scorer_version=2", [1]),
        ("min_score=0.5", [1]),
        ("max_score=0.5", [0]),
        ("trace={}", [0]),
        ("outcome=right", [1]),
        ("outcome=wrong&criteria=judge", [0]),
        ("outcome=undecided", []),
    ],
)
def test_scores_by_filter(page, query, found):
    one, other = TraceFactory(), TraceFactory()
    scores = [
        Score.objects.create(trace=one, criteria="judge", scorer_version="1", value=0),
        Score.objects.create(trace=other, criteria="length", scorer_version="2", value=1),
    ]
    rows = listed(page, query.format(one.pk), "/admin/traces/score/")
    assert rows == [scores[number] for number in found]


def test_a_score_without_a_value_is_shown_as_undecided(page):
    score = ScoreFactory(criteria="judge", value=None, details={"outcome": "undecided"})
    assert listed(page, "outcome=undecided", "/admin/traces/score/") == [score]
    for path in (f"traces/score/{score.pk}", f"traces/trace/{score.trace_id}"):
        shown = page.get(f"/admin/{path}/change/").content.decode()
        assert re.search(r">\s*undecided\s*<", shown)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", [1, 0]),
        ("verdict=approved", [0]),
        ("reviewer=two", [1]),
        ("trace={}", [0]),
    ],
)
def test_reviews_by_filter(page, query, found):
    one, other = TraceFactory(), TraceFactory()
    reviews = [
        Review.objects.create(trace=trace, reviewer=User.objects.create(username=name), verdict=v)
        for trace, name, v in ((one, "one", "approved"), (other, "two", "rejected"))
    ]
    rows = listed(page, query.format(one.pk), "/admin/traces/review/")
    assert rows == [reviews[number] for number in found]


@pytest.mark.parametrize("path", ["/admin/traces/score/", "/admin/traces/review/"])
def test_the_lists_of_scores_and_reviews_cost_no_query_each(page, django_assert_num_queries, path):
    for number in range(4):
        trace = TraceFactory()
        user = User.objects.create(username=f"reviewer {number}")
        Review.objects.create(trace=trace, reviewer=user, verdict="approved", note="why")
        score_trace(trace=trace, criteria="baseline", by=acting())
        with django_assert_num_queries(5):
            page.get(path)
