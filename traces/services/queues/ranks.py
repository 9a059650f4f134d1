"""The SQL by which the members of a queue are put in order, so that it is the same anywhere.

It is about a `trace`. Hashes are the first 48 bits of SHA-256, which a double holds exactly: over
"queue:{seed}:{id}" for the random order, over "overlap:{seed}:{id}" for who is reviewed twice.
"""

from typing import Any, NamedTuple

from traces.curation.queues import Order, Queue
from traces.finding.prompts.attempts import HASHED, MAX_ATTEMPTS

HASHES = 2.0**48

_HASH = """
    ('x' || encode(substr(sha256(convert_to({prefix} || trace.id::text, 'UTF8')), 1, 6), 'hex'))
    ::bit(48)::bigint::float8
"""
_TIME = "('x' || left(replace(trace.id::text, '-', ''), 12))::bit(48)::bigint::float8"
# Undecided ones and those without a score come last.
_SCORE = """
    coalesce((
        SELECT value FROM traces_score
        WHERE trace_id = trace.id AND criteria = %(criteria)s ORDER BY id DESC LIMIT 1
    ), 'Infinity')
"""
# Ten-thousandths of the share, then the prompt: the attempts at one prompt stand together. Answers
# are counted by a hash, as they may be long.
_DISAGREEMENT = """
    round(10000 * prompt.share)
    + ('x' || left(trace.prompt_hash::text, 8))::bit(32)::bigint::float8 / 4294967296
"""
_PROMPTS = f"""
    JOIN (
        SELECT prompt_hash, max(attempts)::float8 / sum(attempts)::float8 AS share
        FROM (
            SELECT asked.prompt_hash, answer, count(*) AS attempts
            FROM (
                SELECT DISTINCT prompt_hash FROM traces_trace WHERE id = ANY(%(ids)s)
            ) AS asked CROSS JOIN LATERAL (
                SELECT {HASHED % {"expressions": "final_answer"}} AS answer FROM traces_trace
                WHERE prompt_hash = asked.prompt_hash LIMIT {MAX_ATTEMPTS}
            ) AS attempt
            GROUP BY asked.prompt_hash, answer
        ) AS answers GROUP BY prompt_hash
    ) AS prompt ON prompt.prompt_hash = trace.prompt_hash
"""  # noqa: S608


class Ranking(NamedTuple):
    """SQL for the rank, for how many verdicts are wanted, and for what the rank needs joined."""

    rank: str
    wanted: str
    join: str
    parameters: dict[str, Any]


def ranking(*, queue: Queue) -> Ranking:
    rank, join = {
        Order.RANDOM: (_HASH.format(prefix="%(of_order)s"), ""),
        Order.SCORE: (_SCORE, ""),
        Order.DISAGREEMENT: (_DISAGREEMENT, _PROMPTS),
        Order.OLDEST: (_TIME, ""),
    }[Order(queue.order)]
    share = _HASH.format(prefix="%(of_overlap)s")
    return Ranking(
        rank=rank,
        wanted=f"CASE WHEN {share} < %(reviewed_twice)s THEN 2 ELSE 1 END",
        join=join,
        parameters={
            "criteria": queue.criteria,
            "of_order": f"queue:{queue.seed}:",
            "of_overlap": f"overlap:{queue.seed}:",
            "reviewed_twice": queue.overlap * HASHES,
        },
    )
