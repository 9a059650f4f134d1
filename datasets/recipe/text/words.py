r"""The words by which a text is compared with the items of evaluation sets.

They are what `\w+` finds, in NFKC and case folded. A sign before a number is a word as well, so
that `5 - 3` is not `5 + 3`; of several ways to write one, the plainest counts. Where there is no
word, what white space parts counts.
"""

import re
import unicodedata

_SIGN = r"[-+*/^=<>](?=[\s(]*\d)"
_signed = re.compile(_SIGN).search
_words = re.compile(rf"\w+|{_SIGN}").findall
# What is ASCII and has no sign before a number is folded and parted in a third less time.
_FOLDED = bytes(
    ord(sign.lower()) if sign.isascii() and (sign.isalnum() or sign == "_") else ord(" ")
    for sign in map(chr, range(256))
)
_PLAIN_SIGNS = {
    "\N{MINUS SIGN}": "-",
    "\N{EN DASH}": "-",
    "\N{MULTIPLICATION SIGN}": "*",
    "\N{ASTERISK OPERATOR}": "*",
    "\N{MIDDLE DOT}": "*",
    "\N{DOT OPERATOR}": "*",
    "\N{DIVISION SIGN}": "/",
    "\N{FRACTION SLASH}": "/",
}
_PLAIN = str.maketrans(_PLAIN_SIGNS)


def words_of(text: str) -> list[str]:
    if text.isascii():
        if not _signed(text):
            return text.encode().translate(_FOLDED).decode().split() or text.casefold().split()
    else:
        text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
    folded = text.casefold()
    return _words(folded) or folded.split()
