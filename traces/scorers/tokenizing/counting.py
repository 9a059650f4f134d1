"""How many tokens texts have, counted in another process, as a file may be hostile like a text."""

from pathlib import Path

from traces.scorers.program import Program
from traces.scorers.scorer import TryAgain
from traces.scorers.tokenizing.files import Tokenizer
from traces.scorers.tokenizing.worker import UNCOUNTABLE, UNREADABLE

ANSWER_SECONDS = 40.0  # the program ends itself after twenty of processor time
PROGRAM = Program(
    Path(__file__).with_name("worker.py"), work="counting tokens", answer_seconds=ANSWER_SECONDS
)


class CannotCount(Exception):
    """The tokens of a text cannot be counted; the message says why."""


def counts(tokenizer: Tokenizer, texts: list[str]) -> list[int]:
    """Count the tokens of each text.

    CannotCount where the tokenizer fails on one; TryAgain where others keep the program busy, or
    the file cannot be read.
    """
    place = [str(tokenizer.path), _digest(tokenizer)]
    said = PROGRAM.ask([*place, []])  # so that what fails is known: the file, or a text
    if said is None:
        raise TryAgain(f"{_file(tokenizer)} takes too long or too much memory to read.")
    said = said if said == UNREADABLE else PROGRAM.ask([*place, texts])
    if said == UNREADABLE:
        raise TryAgain(f"{_file(tokenizer)} cannot be read as one.")
    if said is None:
        raise CannotCount("it took too long or too much memory")
    if said == UNCOUNTABLE:
        raise CannotCount("the tokenizer fails on a text")
    return [int(count) for count in said]


def _digest(tokenizer: Tokenizer) -> str:
    try:
        return tokenizer.digest
    except OSError:
        raise TryAgain(f"{_file(tokenizer)} cannot be read as one.") from None


def _file(tokenizer: Tokenizer) -> str:
    return f"The file of the tokenizer `{tokenizer.name}`"
