import pytest

from pages.tests.markup import Markup
from pages.text.invisible import is_plain, shown


def test_text_is_escaped_and_stays_as_it_is():
    assert shown('a < b & "c"\n\tß 漢字 😀') == "a &lt; b &amp; &quot;c&quot;\n\tß 漢字 😀"
    assert is_plain("a < b 漢字 😀")


@pytest.mark.parametrize(
    "character",
    [
        *("\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"),
        *("\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u061c", "\u200e", "\u200f"),
        *("\u2028", "\u2029", "\x1b", "\x7f", "\x85", "\u3164", "\U000e0041", "\U000e007f"),
    ],
)
def test_what_is_not_seen_is_a_mark(character):
    html = shown(f"pay{character}pal")
    assert f'title="U+{ord(character):04X} ' in html
    assert character not in html
    assert not is_plain(character)


def test_of_many_marks_the_first_are_shown_and_the_others_counted():
    assert Markup(shown("a" + "\u200b" * 1_000)).text == "aU+200B×1,000"
    html = shown("".join(map(chr, range(0xE0020, 0xE0060))))
    assert Markup(html).text.endswith("U+E0027+56")


def test_a_line_separator_ends_a_line():
    assert Markup(shown("a\u2028b")).text == "aU+2028\nb"


@pytest.mark.parametrize(
    "text", ["👩\u200d🚀", "👩🏽\u200d🚀", "❤\ufe0f\u200d🔥", "می\u200cخواهم", "क्\u200dष"]
)
def test_joiners_of_emoji_and_of_scripts_that_join_are_left(text):
    assert shown(text) == text


@pytest.mark.parametrize(
    "text", ["a\u200db", "1\u200c2", "\u200d", "😀\u200d\u200d😀", "a\u200d😀"]
)
def test_joiners_that_join_nothing_are_marks(text):
    assert "U+200" in shown(text)
