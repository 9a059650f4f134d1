import re

from pages.tests.markup import Markup
from pages.text.folding import MAX_NODES, tree
from pages.text.texts import MAX_TEXT_CHARS, Texts
from tests.pages import ROOT


def test_a_text_is_shown_as_it_reads_and_as_it_was_sent():
    shown = Texts().show("**so**")
    assert shown.is_rendered
    assert shown.rendered == '<p dir="auto"><strong>so</strong></p>'
    assert shown.sent == '<pre class="sent" dir="auto">\n**so**</pre>'


def test_no_place_for_a_text_takes_away_the_line_break_that_it_begins_with():
    assert Markup(Texts().show("\n  indented").sent).text == "\n  indented"
    places = re.compile(r"<(?:textarea|pre)\b(?:\"[^\"]*\"|'[^']*'|\{%.*?%\}|[^>])*>")
    templates = [*ROOT.glob("*/templates/**/*.html")]
    found = [
        (path.name, text[place.start() : place.end() + 9])
        for path in templates
        for text in [path.read_text()]
        for place in places.finditer(text)
    ]
    assert len(found) > 20
    assert [one for one in found if not re.search(r">(\n.*|</text.*|<code>.*)$", one[1])] == []


def test_what_is_too_long_is_shown_as_it_was_sent():
    assert Texts().show("a" * MAX_TEXT_CHARS).is_rendered
    long = Texts().show("a" * (MAX_TEXT_CHARS + 1))
    assert not long.is_rendered
    assert len(Markup(long.sent).text) == MAX_TEXT_CHARS + 1
    assert not Texts().show("a\n" * 3_000).is_rendered
    texts = Texts(chars=10)
    assert [texts.show("12345").is_rendered for _ in range(3)] == [True, True, False]


def test_json_is_a_tree():
    markup = Markup(tree({"a": {"b": [1, None, "<i>"]}, "c": True}))
    assert markup.tags <= {"ul", "li", "details", "summary", "bdi", "span", "small"}
    assert markup.text == "a 1 keys" + "b 3 items" + "0 1" + "1 null" + "2 <i>" + "c true"


def test_a_tree_has_bounds():
    wide = Markup(tree({str(n): n for n in range(100_000)}))
    assert len(wide.elements) < MAX_NODES * 4
    assert wide.text.endswith(f"and {100_000 - MAX_NODES + 1:,} more")
    deep: object = 1
    for _ in range(90):
        deep = {"a": deep}
    assert Markup(tree(deep)).open == []
    long = Markup(tree({"a": "x" * 5_000}))
    assert long.text.endswith("and 3,000 characters")
