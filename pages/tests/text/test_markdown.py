import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.tests.markup import Markup
from pages.text.markdown import as_sent, markdown
from traces.tests.strategies import quickly

ELEMENTS = {
    *("p", "ul", "ol", "li", "blockquote", "strong", "em", "table", "thead", "tbody", "tr", "th"),
    *("td", "pre", "code", "br", "hr", "span", "math", "mrow", "mi", "mn", "mo", "mtext", "mspace"),
    *("ms", "mstyle", "mpadded", "mphantom", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot"),
    *("mover", "munder", "munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd"),
    "menclose",
}
HARMFUL = {"src", "href", "style", "srcset", "action", "xlink:href", "background"}


def test_markdown_reads_as_it_should():
    html = markdown(
        "# So\n\n**First** `x = 1`:\n\n1. one\n2. two\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n"
    )
    assert html == (
        '<p class="heading" dir="auto">So</p><p dir="auto"><strong>First</strong> '
        '<code dir="auto">x = 1</code>:</p>'
        '<ol><li dir="auto" value="1">one</li><li dir="auto" value="2">two</li></ol>'
        '<table><thead><tr><th dir="auto">a</th><th dir="auto">b</th></tr></thead>'
        '<tbody><tr><td dir="auto">1</td><td dir="auto">2</td></tr></tbody></table>'
    )


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "a <b onclick=alert(1)>b</b>",
        "<svg><style>@import 'http://evil'</style></svg>",
        "[click](javascript:alert(1))",
        "![x](http://evil/x.png)",
        "<http://evil>",
        "[a]: http://evil\n\n[a]",
        "```html onload=alert(1)\n<iframe>\n```",
        "| a |\n|:-:|\n| <td onclick=x> |",
        "`<img src=x>`",
        "&lt;script&gt;",
        "$<img src=x>$",
        "\\(\\href{javascript:alert(1)}{x}\\)",
        "$\\text{<script>alert(1)</script>}$",
        "$$\\style{background:url(http://evil)}{x}$$",
    ],
)
def test_what_could_harm_is_text(text):
    markup = Markup(markdown(text))
    assert markup.tags <= ELEMENTS
    assert not markup.attributes & HARMFUL
    assert not [name for name in markup.attributes if name.startswith("on")]


def test_links_and_images_are_shown_with_their_addresses():
    text = "see [this](http://a.example/b) and ![that](http://c.example/d.png)"
    assert Markup(markdown(text)).text == text


@pytest.mark.parametrize(
    "text",
    [
        "2*3*4 = 24",
        "(a)*(b)*(c)",
        "2**3**2",
        "5 * 3 * 2",
        "x_1 and y_1",
        "12\n---\n13",
        "&amp; is &",
    ],
)
def test_arithmetic_is_no_markup(text):
    markup = Markup(markdown(text))
    assert markup.tags <= {"p", "br", "hr"}
    assert [part for part in text if part in "*_&"] == [
        part for part in markup.text if part in "*_&"
    ]


def test_lists_keep_their_signs_and_numbers():
    assert '<ul class="plus">' in markdown("12\n\n+ 4")
    assert '<ul class="dash">' in markdown("- 4")
    assert 'value="7"' in markdown("7. seven\n8. eight")


@pytest.mark.parametrize(
    "text",
    [
        "$x^2$",
        "\\(x^2\\)",
        "$$x^2$$",
        "\\[x^2\\]",
        "\\[\nx\n= 2\n\\]",
        "so\n$$\na + b\n$$\nthen",
        "\\begin{align}\na &= b \\\\\n c &= d\n\\end{align}",
        "- in a list:\n  $$\n  \\frac{1}{2}\n  $$",
    ],
)
def test_formulas_are_mathml(text):
    markup = Markup(markdown(text))
    assert "math" in markup.tags
    assert "$" not in markup.text


@pytest.mark.parametrize(
    "text", ["$5 and $6", "it costs $5", "$5-$3=$2", "a $ b $ c", "`$x$`", "$$"]
)
def test_money_is_no_formula(text):
    markup = Markup(markdown(text))
    assert "math" not in markup.tags
    assert markup.text == text.strip("`")


def test_each_block_finds_its_own_direction():
    html = markdown("سلام\n\n> hello\n\n- עברית")
    assert html.count('dir="auto"') == 3


def test_what_was_sent_is_shown_as_it_is():
    html = as_sent("  **a**\n<b>\u202e")
    assert Markup(html).text == "  **a**\n<b>U+202E"
    assert Markup(html).tags == {"pre", "span"}


ODD = st.text(
    alphabet=st.sampled_from(
        [*"ab1 \n\t*_`~#>|-+=:.!()[]{}<>&$\\/\"'^", "\u202e", "\u200d", "é", "漢", "😀"]
    ),
    max_size=200,
)


@quickly
@given(ODD | st.text(max_size=200))
def test_whatever_the_text_known_elements_alone_are_written(text):
    markup = Markup(markdown(text))
    assert markup.open == []
    assert markup.tags <= ELEMENTS
    assert not markup.attributes & HARMFUL
    assert "\u202e" not in markup.text


@pytest.mark.parametrize(
    "piece",
    [
        "*",
        "_",
        "**a",
        "*a _b ",
        "`",
        "``` ",
        "[",
        "![",
        "> ",
        "- ",
        "  - ",
        "|",
        "| a ",
        "\\(",
        "$",
        "$$\n",
        "{",
        "\\[ ",
        "1. ",
        "<!--",
        "&",
        "\\",
        "~~~\n",
        "#",
    ],
)
def test_a_text_that_repeats_itself_comes_to_an_end(piece):
    text = (piece * 50_000)[:50_000]
    assert Markup(markdown(text)).open == []
    assert Markup(markdown("|a|b|\n|-|-|\n" + text)).open == []
