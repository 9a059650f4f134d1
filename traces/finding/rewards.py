"""What a reward would give: a weighted sum of scores, over the newest traces that match."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from traces.finding.filters import matching
from traces.models import Score, Trace
from traces.scorers.named import any_scorer_named, scorer_named
from traces.scorers.scorer import CannotScore, Content, Scorer, TryAgain

MAX_TRACES = 10_000
MAX_SECONDS = 5.0  # of reading and scoring, after which the traces so far are told of
IDS_AT_ONCE = 500
READ_AT_ONCE = 20  # a trace may take a mebibyte
BINS = 20
SHOWN = 5
MAX_REWARD = 1e100  # either way: what is beyond could not be summed up

Values = dict[str, float | None]  # by criteria; None is undecided


def preview_reward(*, weights: Mapping[str, float], where: dict[str, Any]) -> dict[str, Any]:
    """Reward the newest traces that match, and show how the rewards are spread.

    Scores that are stored count, those of our own scorers by their present version; what our own
    lack is computed, and not stored. A trace that lacks one, or has one undecided, gets no reward.
    """
    rewards: list[tuple[float, UUID]] = []
    shown: dict[UUID, Values] = {}
    left_out: Counter[str] = Counter()
    until = time.monotonic() + MAX_SECONDS
    trace_count = 0
    complete = True
    ours = {name: scorer for name in weights if (scorer := scorer_named(name))}
    for identity, stored, content in _scored(where, list(weights), ours):
        if trace_count == MAX_TRACES or time.monotonic() >= until:
            complete = False  # as there is this one
            break
        trace_count += 1
        values = stored if content is None else _completed(stored, ours, content)
        lacking = [criteria for criteria in weights if values.get(criteria) is None]
        left_out.update(lacking)
        reward = 0.0 if lacking else _sum(weights, values)
        if not lacking and abs(reward) <= MAX_REWARD:
            rewards.append((reward, identity))
            shown[identity] = values
    rewards.sort()
    return {
        "trace_count": trace_count,
        "complete": complete,
        "rewarded_count": len(rewards),
        "left_out": {criteria: left_out[criteria] for criteria in weights},
        "mean": sum(reward for reward, _ in rewards) / len(rewards) if rewards else None,
        "histogram": _histogram([reward for reward, _ in rewards]),
        "best": _rows(rewards[: -SHOWN - 1 : -1], shown),
        "worst": _rows(rewards[:SHOWN], shown),
    }


def _sum(weights: Mapping[str, float], values: Values) -> float:
    return sum(weight * (values[criteria] or 0.0) for criteria, weight in weights.items())


def _batches(where: dict[str, Any]) -> Iterator[list[UUID]]:
    rest = matching(where).order_by("-pk").values_list("pk", flat=True)
    ids = list(rest[:IDS_AT_ONCE])
    while ids:
        yield ids
        ids = list(rest.filter(pk__lt=ids[-1])[:IDS_AT_ONCE])


def _scored(
    where: dict[str, Any], names: list[str], ours: Mapping[str, Scorer]
) -> Iterator[tuple[UUID, Values, Content | None]]:
    """Give traces with their stored scores, and what they hold where they lack one of our own."""
    for ids in _batches(where):
        stored = _stored(ids, names)
        lacking = [pk for pk in ids if not ours.keys() <= stored[pk].keys()]
        yield from ((pk, stored[pk], None) for pk in set(ids).difference(lacking))
        for start in range(0, len(lacking), READ_AT_ONCE):
            for pk, content in _contents(lacking[start : start + READ_AT_ONCE]):
                yield pk, stored[pk], content


def _completed(stored: Values, ours: Mapping[str, Scorer], content: Content) -> Values:
    """Compute the scores of our own that are not stored."""
    computed = {
        name: _computed(scorer, content) for name, scorer in ours.items() if name not in stored
    }
    return {**stored, **computed}


def _computed(scorer: Scorer, content: Content) -> float | None:
    try:
        return scorer.score(content).value
    except (CannotScore, TryAgain):
        return None


def _stored(ids: list[UUID], names: list[str]) -> dict[UUID, Values]:
    """Read scores: our own of the present version, of others those that came last."""
    found: dict[UUID, Values] = {pk: {} for pk in ids}
    ours = {name: scorer.version for name in names if (scorer := any_scorer_named(name))}
    scores = Score.objects.filter(trace__in=ids, criteria__in=names).order_by("pk")
    for pk, criteria, version, value in scores.values_list(
        "trace_id", "criteria", "scorer_version", "value"
    ):
        if ours.get(criteria, version) == version:
            found[pk][criteria] = value
    return found


def _contents(ids: list[UUID]) -> Iterator[tuple[UUID, Content]]:
    rows = Trace.objects.filter(pk__in=ids)
    for pk, *content in rows.values_list("pk", "prompt", "steps", "final_answer", "meta"):
        yield pk, Content(*content)


def _histogram(rewards: list[float]) -> list[dict[str, float]]:
    """Count sorted rewards in bins as wide as each other; one bin where all are the same."""
    if not rewards:
        return []
    low, high = rewards[0], rewards[-1]
    width = (high - low) / BINS
    if not width:
        return [{"low": low, "high": high, "count": len(rewards)}]
    counts = Counter(min(int((reward - low) / width), BINS - 1) for reward in rewards)
    return [
        {"low": low + number * width, "high": low + (number + 1) * width, "count": counts[number]}
        for number in range(BINS)
    ]


def _rows(rewards: list[tuple[float, UUID]], shown: Mapping[UUID, Values]) -> list[dict[str, Any]]:
    """Show traces with their rewards; those that were deleted meanwhile are left out."""
    ids = [pk for _, pk in rewards]
    previews = {row["id"]: row for row in Trace.objects.filter(pk__in=ids).previews()}
    names = ("id", "prompt_preview", "final_answer_preview")
    return [
        {"reward": reward, "scores": shown[pk], **{name: previews[pk][name] for name in names}}
        for reward, pk in rewards
        if pk in previews
    ]
