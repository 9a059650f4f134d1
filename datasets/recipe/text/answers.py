"""What final answers come to.

They are the same where they are the same number, or the same text but for white space, capitals and
what surrounds them.
"""

import hashlib
from fractions import Fraction

from traces.reasoning.answers.notation import MAX_ANSWER_CHARS, answer_in, in_plain_signs
from traces.reasoning.answers.quantities import quantity

KEY_CHARS = 32


def answer_key(answer: str) -> str:
    """Give a short text that answers share where they are the same."""
    key = " ".join(answer.split()).casefold()
    if len(answer) <= MAX_ANSWER_CHARS:
        text = in_plain_signs(answer_in(answer))
        if found := quantity(text):
            value = Fraction(found.value)
            text = f"{value.numerator:x}/{value.denominator:x} as a number"
        key = text.casefold()
    return key if len(key) <= KEY_CHARS else hashlib.sha256(key.encode()).hexdigest()[:KEY_CHARS]
