"""The scorers of this server by their criteria: the known ones, and one for each tokenizer file."""

from django.conf import settings

from traces.scorers.known import EVERY_SCORER, PROMPT_SCORERS, SCORERS
from traces.scorers.scorer import PromptScorer, Scorer
from traces.scorers.tokenizing.files import Tokenizer, tokenizers_in
from traces.scorers.tokens import PREFIX, scorer_of
from tunix_site.errors import Unavailable

MAX_NAMED = 20  # in a refusal


def scorer_named(criteria: str) -> Scorer | None:
    """Give what scores a trace by itself; None where there is nothing of this name."""
    if not criteria.startswith(PREFIX):
        return SCORERS.get(criteria)
    tokenizer = tokenizers().get(criteria.removeprefix(PREFIX))
    try:
        return scorer_of(tokenizer) if tokenizer else None
    except OSError:  # its file went meanwhile
        return None


def scorer_here(criteria: str) -> Scorer:
    """Give the scorer that a request named when it was checked; Unavailable where it has gone."""
    scorer = scorer_named(criteria)
    if scorer is None:
        raise Unavailable(f"`{criteria}` cannot be scored here any more.")
    return scorer


def any_scorer_named(criteria: str) -> Scorer | PromptScorer | None:
    """Give what scores traces, by themselves or by the attempts at their prompt."""
    return PROMPT_SCORERS.get(criteria) or scorer_named(criteria)


def every_criteria() -> list[str]:
    """Name all that can be scored now, sorted."""
    return sorted([*EVERY_SCORER, *(f"{PREFIX}{name}" for name in tokenizers())])


def tokenizers() -> dict[str, Tokenizer]:
    """Find the tokenizers that are there now, by name."""
    return tokenizers_in(settings.TOKENIZERS_DIR) if settings.TOKENIZERS_DIR else {}


def no_tokenizer(name: str) -> str:
    """Say that there is no such tokenizer, and which there are."""
    there = list(tokenizers())
    known = ", ".join(there[:MAX_NAMED]) + (", ..." if len(there) > MAX_NAMED else "")
    none = "There is none: TUNIX_TOKENIZERS names the folder of their files."
    rest = f"Known ones: {known}." if there else none
    return f"There is no tokenizer {name!a:.50} here. {rest}"
