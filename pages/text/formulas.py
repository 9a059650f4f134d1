"""LaTeX as MathML: elements and attributes that are known, or the source where it is not read."""

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from xml.etree.ElementTree import Element

from latex2mathml.converter import convert_to_element

from pages.text.invisible import is_plain, shown

MAX_CHARS = 1_000  # of one formula
MAX_DEPTH = 20  # of groups in each other
MAX_ELEMENTS = 4_000  # of one formula

# MathML Core, of which the names are all that is taken over.
_ELEMENTS = frozenset(
    [
        *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "ms", "mstyle", "mpadded"),
        *("mphantom", "msup", "msub", "msubsup", "mfrac", "msqrt", "mroot", "mover", "munder"),
        *("munderover", "mmultiscripts", "mprescripts", "mtable", "mtr", "mtd", "menclose"),
    ]
)
_ATTRIBUTES = frozenset(
    [
        *("display", "displaystyle", "scriptlevel", "mathvariant", "stretchy", "fence", "form"),
        *("separator", "symmetric", "movablelimits", "accent", "accentunder", "largeop"),
        *("linethickness", "minsize", "maxsize", "lspace", "rspace", "width", "height", "depth"),
        *("voffset", "columnalign", "rowspan", "columnspan", "notation"),
    ]
)
_VALUE = re.compile(r"[A-Za-z0-9.%+ -]{1,40}")
_ENTITY = re.compile(r"&#x([0-9A-Fa-f]{1,5});")
_WITHOUT_OPERATORS = dict.fromkeys(range(0x2061, 0x2065))  # that stand between factors, unseen


class Unreadable(Exception):
    """No formula that this module shows."""


def formula(source: str, latex: str, *, is_block: bool) -> str:
    """Give the HTML of a formula; of its source, delimiters and all, where it cannot be read."""
    found = _mathml(latex, "block" if is_block else "inline")
    return found or f'<code class="latex" dir="ltr">{shown(source)}</code>'


@lru_cache(maxsize=2_000)
def _mathml(latex: str, display: str) -> str:
    if not latex.strip() or len(latex) > MAX_CHARS or not is_plain(latex) or _is_deep(latex):
        return ""
    try:
        return "".join(_written(convert_to_element(latex, display=display)))
    except Exception:  # the converter raises whatever it meets on bad LaTeX
        return ""


def _is_deep(latex: str) -> bool:
    depth = 0
    for token in re.finditer(r"\\(?:left|begin|right|end)\b|[{}]", latex):
        if token[0] in ("{", "\\left", "\\begin"):
            depth += 1
            if depth > MAX_DEPTH:
                return True
        else:
            depth -= 1
    return False


def _written(element: Element) -> Iterator[str]:
    """Write the tree again, of what is known alone."""
    left = [(element, False)]
    count = 0
    while left:
        node, is_done = left.pop()
        if is_done:
            yield f"</{node.tag}>"
            continue
        count += 1
        if node.tag not in _ELEMENTS or count > MAX_ELEMENTS:
            raise Unreadable
        attributes = "".join(
            f' {name}="{value}"'
            for name, value in node.attrib.items()
            if name in _ATTRIBUTES and _VALUE.fullmatch(value)
        )
        yield f"<{node.tag}{attributes}>"
        # the converter writes signs as entities of XML
        yield escape(_seen(node.text or ""))
        left.append((node, True))
        left.extend((child, False) for child in reversed(node))


def _seen(text: str) -> str:
    """Give the text of an element, which must not hide anything."""
    decoded = _ENTITY.sub(lambda found: chr(int(found[1], 16)), text)
    seen = decoded.translate(_WITHOUT_OPERATORS)
    if not is_plain(seen):
        raise Unreadable
    return seen
