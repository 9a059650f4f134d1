"""Which attempts at one prompt make a pair, the one better than the other.

Attempts stand in an order that follows from what they say. By most rules the first of the better
ones meets the first of the worse, the second the second, and so on: each with each would have a
prompt of many attempts outweigh all others. Nobody learns from two that give the same answer which
of them is right, nor from a shorter one that is hardly shorter.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import chain
from operator import attrgetter
from typing import NamedTuple

from datasets.recipe.recipe import PairRule
from traces.reasoning.answers.comparing import same_answer

SHORTER_BY = 10  # an n-th at least of the longer one
BY_ANSWER = (PairRule.RIGHT_OVER_WRONG, PairRule.APPROVED_OVER_REJECTED)


class Attempt(NamedTuple):
    """What is known of one; `chars` are those of its steps and its answer."""

    position: int
    id: str
    content_hash: str
    chars: int
    answer: str
    is_right: bool | None = None
    status: str = ""
    context: str = ""  # told by a hash, where more stands before the reply than the prompt
    better_than: list[str] = []  # hashes of the contents over which people prefer it


class Proposal(NamedTuple):
    chosen: Attempt
    rejected: Attempt
    rule: PairRule
    margin: float


_STATUS, _BETTER_THAN = attrgetter("status"), attrgetter("better_than")
Met = Iterable[tuple[Attempt, Attempt]]


def in_order(attempts: Iterable[Attempt], seed: int) -> list[Attempt]:
    """Sort by SHA-256("pair:{seed}:{content_hash}"); ids tell equal contents apart."""
    prefix = hashlib.sha256(f"pair:{seed}:".encode())

    def order(attempt: Attempt) -> tuple[bytes, str]:
        digest = prefix.copy()
        digest.update(attempt.content_hash.encode())
        return digest.digest(), attempt.id

    return sorted(attempts, key=order)


def proposals(
    attempts: Sequence[Attempt], rules: Sequence[PairRule], refused: Counter[str]
) -> Iterator[Proposal]:
    """Yield pairs of attempts that are in order, rule by rule; count by reason what is none.

    Of two contents there is one pair, and none of attempts before which something else was said.
    """
    known: set[frozenset[str]] = set()
    contexts = _by_context(attempts)
    disputed = _preferred_both_ways(attempts) if PairRule.PREFERRED in rules else set()
    for rule in rules:
        met = [*chain.from_iterable(map(MEETINGS[rule], contexts))]
        if len(contexts) > 1:
            refused["other_context"] += max(len([*MEETINGS[rule](attempts)]) - len(met), 0)
        for chosen, rejected in met:
            contents = frozenset((chosen.content_hash, rejected.content_hash))
            if contents in known:
                continue
            if reason := _refusal(rule, chosen, rejected, is_disputed=contents in disputed):
                refused[reason] += 1
                continue
            known.add(contents)
            yield Proposal(chosen, rejected, rule, _margin(rule, chosen, rejected))


def _by_context(attempts: Sequence[Attempt]) -> Collection[Sequence[Attempt]]:
    within: dict[str, list[Attempt]] = {}
    for one in attempts:
        within.setdefault(one.context, []).append(one)
    return within.values()


def _refusal(
    rule: PairRule, chosen: Attempt, rejected: Attempt, *, is_disputed: bool
) -> str | None:
    if chosen.content_hash == rejected.content_hash:
        return "nearly_the_same"
    if rule in BY_ANSWER and same_answer(chosen.answer, rejected.answer):
        return "same_answer"
    if rule is PairRule.PREFERRED and is_disputed:
        return "disputed"
    if rule is PairRule.SHORTER_RIGHT and _hardly_shorter(chosen, rejected):
        return "hardly_shorter"
    return None


def _hardly_shorter(chosen: Attempt, rejected: Attempt) -> bool:
    return SHORTER_BY * (rejected.chars - chosen.chars) < max(rejected.chars, 1)


def _margin(rule: PairRule, chosen: Attempt, rejected: Attempt) -> float:
    """Give the difference of the scores or verdicts, 1; of a shorter one by which share it is."""
    if rule is PairRule.SHORTER_RIGHT:
        return 1 - chosen.chars / max(rejected.chars, 1)
    return 1.0


def _right_over_wrong(attempts: Sequence[Attempt]) -> Met:
    right = [one for one in attempts if one.is_right]
    wrong = [one for one in attempts if one.is_right is False]
    return zip(_distinct(right), _distinct(wrong), strict=False)


def _approved_over_rejected(attempts: Sequence[Attempt]) -> Met:
    if not {"approved", "rejected"} <= {*map(_STATUS, attempts)}:
        return ()
    approved = [one for one in attempts if one.status == "approved"]
    rejected = [one for one in attempts if one.status == "rejected"]
    return zip(_distinct(approved), _distinct(rejected), strict=False)


def _preferred(attempts: Sequence[Attempt]) -> Met:
    """Give what people told, once of two contents, whichever copies they saw."""
    if not any(map(_BETTER_THAN, attempts)):
        return
    distinct = _distinct(attempts)
    places = {one.content_hash: place for place, one in enumerate(distinct)}
    told: set[frozenset[str]] = set()
    for chosen in distinct:
        for other in sorted(places[one] for one in chosen.better_than if one in places):
            rejected = distinct[other]
            contents = frozenset((chosen.content_hash, rejected.content_hash))
            if contents not in told:
                told.add(contents)
                yield chosen, rejected


def _preferred_both_ways(attempts: Sequence[Attempt]) -> set[frozenset[str]]:
    """Give the pairs of contents of which people prefer either."""
    if not any(map(_BETTER_THAN, attempts)):
        return set()
    told = {(one.content_hash, other) for one in attempts for other in one.better_than}
    return {frozenset(pair) for pair in told if pair[::-1] in told}


def _shorter_right(attempts: Sequence[Attempt]) -> Met:
    right = _distinct([one for one in attempts if one.is_right])
    for pair in zip(right[::2], right[1::2], strict=False):
        shorter, longer = sorted(pair, key=lambda one: one.chars)
        yield shorter, longer


MEETINGS: dict[PairRule, Callable[[Sequence[Attempt]], Met]] = {
    PairRule.RIGHT_OVER_WRONG: _right_over_wrong,
    PairRule.APPROVED_OVER_REJECTED: _approved_over_rejected,
    PairRule.PREFERRED: _preferred,
    PairRule.SHORTER_RIGHT: _shorter_right,
}


def _distinct(attempts: Sequence[Attempt]) -> Sequence[Attempt]:
    """Give the first of each content."""
    if len(attempts) < 2:
        return attempts
    first: dict[str, Attempt] = {}
    for one in attempts:
        first.setdefault(one.content_hash, one)
    return list(first.values())


def most_longer(longer: int, others: int, share: float) -> int:
    """Give how many of so many pairs stay, that they are no larger a share of all that stay."""
    exact = Fraction(str(share))
    return longer if exact == 1 else min(longer, int(exact * others / (1 - exact)))
