"""The page of a trace: all that is shown, and the form for its status and tags."""

import html

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from events.tests.acting import acting
from traces.models import Review, Score, Trace
from traces.services.curation import curate_trace
from traces.services.scores import score_trace
from traces.tests.admin.pages import LIST, act, change, delete, told
from traces.tests.concurrency import just_before
from traces.tests.factories import TraceFactory
from tunix_site.models import Role
from tunix_site.tests.admin_pages import form_of, logged_in

pytestmark = pytest.mark.django_db

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
