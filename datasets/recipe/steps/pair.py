"""The step that makes pairs of attempts at one prompt, for preference data; it removes none.

What is nearly the same makes no pair. Of a prompt so many are kept in each split, the first rules'
first: splits are used apart, and none is to lack what another has. Then, of each split, so many of
those whose better one is the longer that these are no larger a share than was asked for: a model
learns to write more otherwise. They go by the order of SHA-256("pair:{seed}:{hash}:{hash}"), the
last first. Pairs stand in the order of their better ones.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from struct import Struct
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from datasets.recipe.candidates import Candidates, Pairs
from datasets.recipe.pairing import Attempt, Proposal, in_order, most_longer, proposals
from datasets.recipe.recipe import Pairing, PairRule, Recipe
from datasets.recipe.references import REFERENCE
from datasets.recipe.rules import CORRECTNESS
from datasets.recipe.scored import known, version_of
from datasets.recipe.steps.alike import alike
from datasets.recipe.text.ranges import Numbers
from traces.document import prompt_hash
from traces.reasoning.messages.turn import USER
from traces.reasoning.turns import Parts, context, transcript
from traces.scorers.known import SCORERS
from traces.scorers.scorer import CannotScore, Content, TryAgain
from tunix_site.database.copy_out import copy_out
from tunix_site.errors import Unavailable

NEARLY_THE_SAME = 0.95
MAX_ANSWER_CHARS = 1_000  # a longer one is told by its hash
PROMPTS_AT_ONCE = 1_000  # after which it is asked whether to stop
READ_AT_ONCE = 250_000  # bytes, of which an attempt has so many beside its stored messages
ATTEMPT_BYTES = 500
RULES = list(PairRule)

SHORT_ANSWER = f"char_length(trace.final_answer) <= {MAX_ANSWER_CHARS}"
ANSWER = f"""CASE WHEN {SHORT_ANSWER} THEN trace.final_answer
    ELSE encode(sha256(convert_to(trace.final_answer, 'UTF8')), 'hex') END"""
# the messages without the reply, where that is sure to be the last
BEFORE = """CASE
    WHEN trace.messages #>> '{-1,role}' = 'assistant' AND trace.meta -> 'turns_after' IS NULL
        AND trace.meta -> 'prompt_turns'
            IS DISTINCT FROM to_jsonb(jsonb_array_length(trace.messages))
    THEN jsonb_set(trace.messages, '{-1}', '{"role": "assistant"}') ELSE trace.messages END"""
# what stands before the reply, where that is more than a question, and what finds the reply
TURNS = f"""CASE
    WHEN trace.messages IS NULL OR kept.parts & {int(Parts.UNREADABLE)} <> 0
        OR kept.parts & {int(Parts.SEVERAL_TURNS | Parts.TOOLS)} = 0
        AND trace.messages #>> '{{0,role}}' = 'user' THEN NULL
    ELSE json_build_array(
        {BEFORE}, json_build_object('prompt_turns', trace.meta -> 'prompt_turns',
                                    'turns_after', trace.meta -> 'turns_after')) END"""
# by what the two say: a step may have taken away the very copy that somebody saw
PREFERENCES = """LEFT JOIN (
    SELECT chosen.content_hash, json_agg(DISTINCT rejected.content_hash) AS others
    FROM traces_preference AS preference
    JOIN traces_trace AS chosen ON chosen.id = preference.chosen_id
    JOIN traces_trace AS rejected ON rejected.id = preference.rejected_id
    GROUP BY chosen.content_hash
) AS worse ON worse.content_hash = kept.content_hash"""

Text = str | None
Turns = tuple[list[dict[str, Any]], dict[str, Any]] | None  # messages and notes
Row = tuple[str, str, Attempt, Turns, Text]  # with prompt and split, and a reference
_attempts = msgspec.json.Decoder(list[Row]).decode

# a pair that was proposed, as there may be as many as traces
_PROPOSED = np.dtype(
    [
        ("chosen", "<i8"),  # the positions
        ("rejected", "<i8"),
        ("prompt", "<i8"),
        ("split", "<i4"),
        ("rule", "i1"),
        ("longer", "?"),
        ("margin", "<f8"),
        ("order", "<u8"),
    ]
)
_pack = Struct("<qqqib?dQ").pack


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    pairing = recipe.pair
    assert pairing is not None  # noqa: S101  # the funnel asks
    if pairing.by_correctness:
        candidates.findings["paired_by"] = {
            "criteria": CORRECTNESS,
            "scorer_version": version_of(CORRECTNESS, None),
        }
    refused: Counter[str] = Counter()
    proposed = _proposed(recipe, pairing, candidates, refused)
    chosen = _chosen(proposed, pairing, candidates, refused)
    candidates.pairs = _stored(proposed[chosen], candidates, refused)
    return {}


def _proposed(
    recipe: Recipe, pairing: Pairing, candidates: Candidates, refused: Counter[str]
) -> NDArray[Any]:
    rows = bytearray()
    splits: dict[str, int] = {}
    seed = recipe.seed or 0
    for prompt, (split, attempts) in enumerate(_prompts(pairing, candidates)):
        number = splits.setdefault(split, len(splits))
        for proposal in proposals(in_order(attempts, seed), pairing.rules, refused):
            rows += _packed(proposal, prompt, number, seed)
        if prompt % PROMPTS_AT_ONCE == 0:
            candidates.check()
    return np.frombuffer(rows, _PROPOSED)


def _packed(proposal: Proposal, prompt: int, split: int, seed: int) -> bytes:
    chosen, rejected = proposal.chosen, proposal.rejected
    named = f"pair:{seed}:{chosen.content_hash}:{rejected.content_hash}".encode()
    return _pack(
        chosen.position,
        rejected.position,
        prompt,
        split,
        RULES.index(proposal.rule),
        chosen.chars > rejected.chars,
        proposal.margin,
        int.from_bytes(hashlib.sha256(named).digest()[:8]),
    )


def _prompts(pairing: Pairing, candidates: Candidates) -> Iterator[tuple[str, list[Attempt]]]:
    """Yield the attempts at each prompt that there are several of within a split, and that.

    All attempts at one prompt are held at once, as the order that pairs them needs them: no more
    than the dataset has, each with at most MAX_ANSWER_CHARS of text, and hashes of its context and
    of what it is better than.
    """
    query, parameters = attempts_at_prompts(pairing, candidates)
    missing = _Missing(candidates.scored_in_memory)
    with copy_out(query, parameters) as copy:
        found = chain.from_iterable(_attempts(piece) for (piece,) in copy.rows())
        for (_, split), rows in groupby(found, itemgetter(0, 1)):
            yield split, [_attempt(row, missing) for row in rows]


def attempts_at_prompts(pairing: Pairing, candidates: Candidates) -> tuple[str, list[Any]]:
    """Give SQL and parameters for prompt, split, and what is known of an attempt, many a row."""
    rules = {*pairing.rules}
    score = known(candidates.computed.get(CORRECTNESS))
    by_correctness, by_people = pairing.by_correctness, PairRule.PREFERRED in rules
    attempt = ", ".join(  # the fields of Attempt
        [
            *("kept.position", "kept.id", "kept.content_hash"),
            *("kept.total_chars - char_length(trace.prompt)", ANSWER),
            f"CASE {score.value} WHEN 1 THEN true WHEN 0 THEN false END"
            if by_correctness
            else "NULL",
            *("trace.status", "''"),
            "coalesce(worse.others, '[]')" if by_people else "'[]'::json",
        ]
    )
    reference = "NULL"
    if by_correctness and candidates.scored_in_memory:
        reference = f"CASE WHEN {score.id} IS NULL AND {SHORT_ANSWER} THEN {REFERENCE} END"
    told = f"kept.prompt_hash, kept.split, json_build_array({attempt}), {TURNS}, {reference}"
    query = f"""
        SELECT json_agg(told ORDER BY number) FROM (
            SELECT json_build_array({told}) AS told, kept.number, kept.piece
            FROM (
                SELECT kept.*,
                       count(*) OVER (PARTITION BY kept.prompt_hash, kept.split) AS attempts,
                       row_number() OVER counted AS number,
                       sum({ATTEMPT_BYTES} + coalesce(pg_column_size(talk.messages), 0))
                           OVER counted / {READ_AT_ONCE} AS piece
                FROM {candidates.rows} LEFT JOIN traces_trace AS talk
                    ON talk.id = kept.id AND talk.messages IS NOT NULL
                WINDOW counted AS (ORDER BY kept.prompt_hash, kept.split ROWS UNBOUNDED PRECEDING)
            ) AS kept
            JOIN traces_trace AS trace ON trace.id = kept.id
            {PREFERENCES if by_people else ""}
            {score.joins if by_correctness else ""}
            WHERE kept.attempts > 1
        ) AS found
        GROUP BY piece ORDER BY piece
    """  # noqa: S608
    scored = [CORRECTNESS, version_of(CORRECTNESS, None)] if by_correctness else []
    return query, [*candidates.parameters, *scored]


def _attempt(row: Row, missing: "_Missing") -> Attempt:
    """Give the attempt of a row, with what the database cannot tell."""
    _, _, attempt, turns, reference = row
    if turns is not None:
        attempt = attempt._replace(context=_context(*turns))
    if reference is not None:
        attempt = attempt._replace(is_right=missing.is_right(attempt.answer, reference))
    return attempt


def _context(messages: list[dict[str, Any]], notes: dict[str, Any]) -> str:
    """Tell by a hash what stands before a reply; nothing where it is one question, the prompt."""
    before = [turn for turn in context(messages, notes) if turn.text or turn.calls]
    return "" if [turn.role for turn in before] in ([], [USER]) else prompt_hash(transcript(before))


class _Missing:
    """Scores that are computed and not stored, at most so many."""

    def __init__(self, left: int) -> None:
        self._left = left
        self._score = SCORERS[CORRECTNESS].score

    def is_right(self, answer: str, reference: str) -> bool | None:
        if not self._left:
            return None
        self._left -= 1
        try:
            scored = self._score(Content("", [], answer, {"reference_answer": reference}))
        except CannotScore:
            return None
        except TryAgain as error:
            raise Unavailable(str(error)) from None
        return None if scored.value is None else scored.value == 1


def _chosen(
    proposed: NDArray[Any], pairing: Pairing, candidates: Candidates, refused: Counter[str]
) -> Numbers:
    """Give the numbers of the pairs that stay, in their order."""
    same = alike(candidates, proposed["chosen"], proposed["rejected"], NEARLY_THE_SAME)
    refused["nearly_the_same"] += int(same.sum())
    left = np.flatnonzero(~same)
    within = _places(proposed["prompt"][left]) < pairing.per_prompt
    refused["beyond_per_prompt"] += int((~within).sum())
    left = _evened(proposed, left[within], pairing.max_longer_share, refused)
    order: Numbers = np.lexsort((proposed["rejected"][left], proposed["chosen"][left]))
    return left[order]


def _places(prompts: Numbers) -> Numbers:
    """Count by row, whose prompts stand together, the rows of its prompt before it."""
    numbers = np.arange(len(prompts))
    begins = np.append(True, np.diff(prompts) != 0)[: len(prompts)]
    places: Numbers = numbers - np.maximum.accumulate(np.where(begins, numbers, 0))
    return places


def _evened(proposed: NDArray[Any], left: Numbers, share: float, refused: Counter[str]) -> Numbers:
    """Leave out, of each split, pairs with a longer better one that are more than their share."""
    stays = np.ones(len(left), np.bool_)
    splits, longer = proposed["split"][left], proposed["longer"][left]
    for split in np.unique(splits).tolist():
        within = splits == split
        places = np.flatnonzero(within & longer)
        most = most_longer(len(places), int((within & ~longer).sum()), share)
        order = np.argsort(proposed["order"][left[places]], kind="stable")
        stays[places[order[most:]]] = False
    refused["chosen_longer"] += int((~stays).sum())
    return left[stays]


def _stored(pairs: NDArray[Any], candidates: Candidates, refused: Counter[str]) -> Pairs:
    columns = [pairs[name].tolist() for name in ("chosen", "rejected", "rule", "margin")]
    rows = (
        (number, chosen, rejected, RULES[rule].value, round(margin, 4))
        for number, (chosen, rejected, rule, margin) in enumerate(zip(*columns, strict=True))
    )
    table = candidates.table(
        "position bigint, chosen bigint, rejected bigint, reason text, margin float8", rows
    )
    reasons = {reason: count for reason, count in sorted(refused.items()) if count}
    return Pairs(table, len(pairs), reasons)
