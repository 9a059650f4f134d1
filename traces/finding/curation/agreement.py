"""How far the people who review a queue agree, pair by pair."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from django.db import connection

from traces.curation.queues import Queue

MOST_REVIEWS = 10_000  # of a queue, the newest that are looked at
MOST_PAIRS = 1_000

# Of each person the last review of a trace that stands.
_LAST = """
    SELECT DISTINCT ON (trace_id, reviewer_id) trace_id, reviewer_id, verdict
    FROM (
        SELECT * FROM traces_review AS review
        WHERE queue_id = %(queue)s AND undoes_id IS NULL
        AND NOT EXISTS (SELECT FROM traces_review AS undo WHERE undo.undoes_id = review.id)
        ORDER BY id DESC LIMIT %(most)s
    ) AS newest ORDER BY trace_id, reviewer_id, id DESC
"""
_COUNTS = f"""
    SELECT one.username, other.username, first.verdict, second.verdict, count(*)
    FROM ({_LAST}) AS first
    JOIN ({_LAST}) AS second
    ON second.trace_id = first.trace_id AND first.reviewer_id < second.reviewer_id
    JOIN auth_user AS one ON one.id = first.reviewer_id
    JOIN auth_user AS other ON other.id = second.reviewer_id
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2
"""  # noqa: S608


class Agreement(NamedTuple):
    """What two people have in common: of how many traces, the share, and Cohen's kappa.

    Kappa is None where both always say one and the same, which chance alone would do.
    """

    reviewers: tuple[str, str]
    trace_count: int
    share: float
    kappa: float | None


def agreement_in(queue: Queue, *, most: int = MOST_REVIEWS) -> list[Agreement]:
    """Tell of each pair of people over the traces that both reviewed in a queue; one query.

    `most` is how many of its reviews are looked at, the newest.
    """
    pairs: dict[tuple[str, str], dict[tuple[str, str], int]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, {"queue": queue.pk, "most": most})
        for one, other, first, second, count in cursor.fetchall():
            pairs[one, other][first, second] = count
    return [agreement(pair, counts) for pair, counts in list(pairs.items())[:MOST_PAIRS]]


def agreement(reviewers: tuple[str, str], counts: Mapping[tuple[str, str], int]) -> Agreement:
    """Compare two people by how often the one said this and the other that.

    J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological
    Measurement 20 (1960): kappa = (p_o - p_e) / (1 - p_e), p_o the share of the same verdicts, p_e
    that which two would have by chance who give each verdict as often as these do.
    """
    total = sum(counts.values())
    same = sum(count for (first, second), count in counts.items() if first == second) / total
    shares: list[dict[str, float]] = [defaultdict(float), defaultdict(float)]
    for verdicts, count in counts.items():
        for side, verdict in zip(shares, verdicts, strict=True):
            side[verdict] += count / total
    by_chance = sum(share * shares[1].get(verdict, 0) for verdict, share in shares[0].items())
    always_one = len(shares[0]) == len(shares[1]) == same == 1
    kappa = None if always_one else (same - by_chance) / (1 - by_chance)
    return Agreement(reviewers, total, same, kappa)
