"""Markdown as HTML, of what cannot harm: no HTML, no links, no images, nothing decoded.

Texts are of models and of whoever sent them: the parser gives tokens, and what is written of them
here are elements of a list, with attributes of our own. `2*3*4` stays a product.
"""

from collections.abc import Iterator, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from pages.text.formulas import formula
from pages.text.invisible import shown

MAX_FORMULA_CHARS = 1_000
MAX_NESTING = 12

_HARMFUL = ("html_block", "html_inline", "link", "image", "autolink", "entity", "reference")
# A line of = or - below another is a sum's or a separator, no heading.
_MISLEADING = ("lheading",)
_INLINE = (("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"))
_DISPLAYED = ("$$", "\\[")
_ENVIRONMENTS = ("align", "aligned", "equation", "gather", "cases", "array", "matrix", "pmatrix")
_BLOCK = (
    *(("$$", "$$"), ("\\[", "\\]")),
    *((f"\\begin{{{name}}}", f"\\end{{{name}}}") for name in _ENVIRONMENTS),
    *((f"\\begin{{{name}*}}", f"\\end{{{name}*}}") for name in _ENVIRONMENTS),
)
_TAGS = frozenset(
    [
        *("p", "ul", "ol", "li", "blockquote", "strong", "em"),
        *("table", "thead", "tbody", "tr", "th", "td"),
    ]
)
_WITH_TEXT = frozenset({"p", "li", "th", "td"})  # each finds the direction of its own
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_BULLETS = {"-": "dash", "+": "plus", "*": "star"}  # shown as they were written: a sign may be one


def markdown(text: str) -> str:
    """Give the HTML of a text."""
    return "".join(_written(_PARSER.parse(text)))


def as_sent(text: str) -> str:
    """Give the HTML of a text that is shown as it is, white space and all."""
    # a parser takes the first line break behind the tag for no part of the text
    return f'<pre class="sent" dir="auto">\n{shown(text)}</pre>'


def _written(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield from _written(token.children or [])
        elif token.type == "text":
            yield shown(token.content)
        elif token.type in ("softbreak", "hardbreak"):
            yield "<br>"
        elif token.type == "formula":
            yield formula(token.markup, token.content, is_block=token.block)
        elif token.type == "code_inline":
            yield f'<code dir="auto">{shown(token.content)}</code>'
        elif token.type in ("fence", "code_block"):
            yield f'<pre dir="auto"><code>{shown(token.content)}</code></pre>'
        elif token.type == "hr":
            yield "<hr>"
        elif not token.hidden:
            yield _tag(token)


def _tag(token: Token) -> str:
    is_heading = token.tag in _HEADINGS
    tag = "p" if is_heading else token.tag
    if tag not in _TAGS:
        return shown(token.content)
    if token.nesting < 0:
        return f"</{tag}>"
    attributes = ' class="heading"' if is_heading else ""
    if tag in _WITH_TEXT:
        attributes += ' dir="auto"'
    if tag == "ul":
        attributes += f' class="{_BULLETS.get(token.markup, "dash")}"'
    if tag == "li" and token.info.isascii() and token.info.isdigit():
        attributes += f' value="{int(token.info)}"'
    return f"<{tag}{attributes}>"


def _formula_inline(state: StateInline, silent: bool) -> bool:  # noqa: FBT001  # the parser's
    """Read `$...$` and the like; sums of money are none."""
    src, start = state.src, state.pos
    if src[start] not in "$\\":
        return False
    for opening, closing in _INLINE:
        if not src.startswith(opening, start):
            continue
        begin = start + len(opening)
        end = src.find(closing, begin, min(begin + MAX_FORMULA_CHARS, state.posMax))
        if end <= begin or (opening == "$" and not _is_no_money(src, begin, end)):
            return False
        if not silent:
            token = state.push("formula", "", 0)
            token.content = src[begin:end]
            token.markup = src[start : end + len(closing)]
            token.block = opening in _DISPLAYED
        state.pos = end + len(closing)
        return True
    return False


def _is_no_money(src: str, begin: int, end: int) -> bool:
    inside = src[begin:end]
    return not (inside[0].isspace() or inside[-1].isspace() or src[end + 1 : end + 2].isdigit())


def _formula_block(state: StateBlock, first: int, last: int, silent: bool) -> bool:  # noqa: FBT001
    """Read a formula that has lines of its own."""
    start = state.bMarks[first] + state.tShift[first]
    found = [pair for pair in _BLOCK if state.src.startswith(pair[0], start)]
    if not found or state.is_code_block(first):
        return False
    opening, closing = found[0]
    end = state.src.find(closing, start + len(opening), start + MAX_FORMULA_CHARS)
    line = first
    while line < last and state.eMarks[line] < end + len(closing):
        line += 1
    if end < 0 or line >= last or state.src[end + len(closing) : state.eMarks[line]].strip():
        return False
    if not silent:
        source = state.getLines(first, line + 1, state.blkIndent, False).strip()  # noqa: FBT003
        is_environment = opening.startswith("\\b")
        token = state.push("formula", "", 0)
        token.markup = source
        token.content = source if is_environment else source[len(opening) : -len(closing)]
        token.block = True
    state.line = line + 1
    return True


def _between_terms(state: StateInline, silent: bool) -> bool:  # noqa: FBT001
    """Leave stars between two letters or digits what they are: a product or a power."""
    src, start = state.src, state.pos
    if src[start] != "*" or not start or not _is_term(src[start - 1]):
        return False
    end = start
    while end < state.posMax and src[end] == "*":
        end += 1
    if end >= state.posMax or not _is_term(src[end]):
        return False
    if not silent:
        state.push("text", "", 0).content = src[start:end]
    state.pos = end
    return True


def _is_term(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in "()[]{}\\")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": MAX_NESTING})
    parser.enable("table").disable([*_HARMFUL, *_MISLEADING])
    parser.inline.ruler.before("escape", "formula", _formula_inline)
    parser.inline.ruler.before("emphasis", "between_terms", _between_terms)
    ends = {"alt": ["paragraph", "blockquote", "list"]}
    parser.block.ruler.before("fence", "formula", _formula_block, ends)  # type: ignore[arg-type]
    # threads share it: all that it compiles when it is first needed is compiled here
    parser.parse("a *b*\n\n- > c\n")
    return parser


_PARSER = _parser()
