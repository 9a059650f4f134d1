"""Tags in a field: what is written there is read as the same."""

import pytest

from pages.shared.tags import tag_lines, tags_in
from traces.tests.factories import TraceFactory
from tunix_site.tests.admin_pages import logged_in

ODD = [
    "a, b",
    " a ",
    "a\nb",
    "a\r\nb",
    '"',
    '"a"',
    '"a',
    '"a\\nb"',
    '"\\"a\\\\nb\\""',
    "\u2028",
    "[1]",
]


def test_a_tag_stands_on_each_line():
    assert tag_lines(["a", "b, c"]) == "a\nb, c"
    assert tags_in("a\r\n\r\nb, c\n") == ["a", "b, c"]


@pytest.mark.parametrize("tag", ODD)
def test_whatever_a_tag_holds_it_is_read_as_it_was(tag):
    lines = tag_lines([tag, "x"])
    assert lines.count("\n") == 1
    assert tags_in(lines.replace("\n", "\r\n")) == [tag, "x"]


def test_quotes_are_a_tag_s_own_where_they_need_not_stand_there():
    assert tags_in('"a"\n"a\n"a" b\n"[1]"') == ['"a"', '"a', '"a" b', '"[1]"']


@pytest.mark.django_db
def test_a_form_that_is_sent_as_it_is_changes_no_tag():
    trace = TraceFactory(tags=["a\nb", "c, d", '"e"'])
    curating = logged_in("curator")
    page = curating.get(f"/admin/traces/{trace.pk}").content.decode()
    assert ">\n&quot;a\\nb&quot;\nc, d\n&quot;e&quot;</textarea>" in page
    assert "A line break within a tag" in page
    page = curating.get(f"/admin/review/trace/{trace.pk}").content.decode()
    assert 'data-tags="&quot;a\\nb&quot;\nc, d\n&quot;e&quot;"' in page
    sent = {"tags": '"a\\nb"\r\nc, d\r\n"e"\r\nnew'}
    assert curating.post(f"/admin/traces/{trace.pk}/tags", sent).status_code == 302
    trace.refresh_from_db()
    assert trace.tags == ["a\nb", "c, d", '"e"', "new"]
