"""Attempts at one prompt side by side, with the first number in which they differ."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from django.db.models import Q

from pages.review.beside import verification_of
from traces.models import Score, Trace

MOST = 6
MOST_SCORES = 8
SHOWN_CHARS = 3_000  # of an attempt's steps
BEFORE_CHARS = 1_000  # of them, in front of the number that differs
NUMBER = re.compile(r"\d+(?:[.,]\d+)*")


@dataclass(frozen=True)
class Attempt:
    """An attempt, and its steps around the first number that the first one has not there."""

    id: Any
    is_first: bool
    answer: str
    status: str
    model: str
    source: str
    said: str  # of the answer against the reference; empty where there is none
    how: str  # that was found
    scores: list[Score]  # the newest of each criteria
    before: str
    number: str
    after: str


def side_by_side(trace: Trace) -> Iterator[Attempt]:
    """Give a trace, then the newest other attempts at its prompt; two queries."""
    others = Trace.objects.filter(~Q(pk=trace.pk), prompt_hash=trace.prompt_hash)
    return columns_of([trace, *others.order_by("-pk")[: MOST - 1]])


def columns_of(attempts: Sequence[Trace]) -> Iterator[Attempt]:
    """Compare attempts with the first of them; one query."""
    scores: dict[Any, list[Score]] = {attempt.pk: [] for attempt in attempts}
    for score in Score.objects.filter(trace__in=attempts).order_by("-pk"):
        scores[score.trace_id].append(score)
    reference = _said_in(attempts[0]) if attempts else ""
    for attempt in attempts:
        found = scores[attempt.pk]
        verification = verification_of(attempt, found)
        newest = {score.criteria: score for score in reversed(found)}
        model = attempt.meta.get("model")
        before, number, after = around_difference(_said_in(attempt), reference)
        yield Attempt(
            id=attempt.pk,
            is_first=attempt == attempts[0],
            answer=attempt.final_answer,
            status=attempt.status,
            model=model if isinstance(model, str) else "",
            source=attempt.source,
            said=verification.said if verification else "",
            how=verification.how if verification else "",
            scores=sorted(newest.values(), key=lambda one: one.criteria)[:MOST_SCORES],
            before=before,
            number=number,
            after=after,
        )


def around_difference(text: str, reference: str) -> tuple[str, str, str]:
    """Cut a text at its first number that is not the one of the reference in that place.

    Without one the number is empty, and the text is in front of it.
    """
    numbers = zip_longest(NUMBER.finditer(text), NUMBER.finditer(reference))
    for mine, theirs in numbers:
        if mine is None:
            break
        if theirs is None or mine[0] != theirs[0]:
            start = max(mine.start() - BEFORE_CHARS, 0)
            before = text[start : mine.start()]
            after = _cut(text[mine.end() : start + SHOWN_CHARS], text[start + SHOWN_CHARS :])
            return f"… {before}" if start else before, mine[0], after
    return _cut(text[:SHOWN_CHARS], text[SHOWN_CHARS:]), "", ""


def _cut(shown: str, rest: str) -> str:
    return f"{shown} …" if rest else shown


def _said_in(trace: Trace) -> str:
    return "\n\n".join(step["content"] for step in trace.steps)
