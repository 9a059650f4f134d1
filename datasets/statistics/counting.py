"""What the traces of a dataset are like, as a whole and of each split: counts and histograms."""

from typing import Any

from datasets.recipe.candidates import Candidates
from datasets.statistics.edges import EDGES, bucket_of, edges_of

MOST_VALUES = 20  # sources and models of a split; the others are counted together
MOST_SCORERS = 50  # criteria with their versions, the first by name
ANSWERS = ("none", "choice", "number", "text")

# By GROUPING(parts, in_steps, in_chars, source, model, answer_kind): what is told has no bit.
PARTS = 0b011111
TOLD = {
    PARTS: "parts",
    0b101111: "steps",
    0b110111: "chars",
    0b111011: "sources",
    0b111101: "models",
    0b111110: "answers",
}
NAMED = ("sources", "models")  # of which there may be very many

Row = tuple[Any, ...]


def statistics(
    cursor: Any, candidates: Candidates, splits: dict[str, float]
) -> tuple[dict[str, Any], dict[str, dict[str, int]]]:
    """Give the statistics of a dataset of such splits, and how many of each have which parts.

    The candidates are read once, and their scores once.
    """
    counted = _counted(cursor, candidates)
    part_counts: dict[str, dict[str, int]] = {}
    by_split: dict[str, Any] = {split: _nothing() for split in sorted(splits)}
    for split, told, value, number, *_ in counted:
        of_split = by_split.setdefault(split, _nothing())
        if TOLD[told] == "parts":
            part_counts.setdefault(split, {})[value] = number
            of_split["trace_count"] += number
        else:
            _tell(of_split, TOLD[told], value, number)
    for of_split in by_split.values():
        for name in NAMED:
            named = sum(of_split[name]["values"].values())
            of_split[name]["others"] = of_split["trace_count"] - named
    _tell_scores(by_split, _scores(cursor, candidates))
    in_split = {split: told["trace_count"] for split, told in by_split.items()}
    stats = {
        **_whole([row for row in counted if TOLD[row[1]] == "parts"]),
        "split_counts": {name: in_split.get(name, 0) for name in sorted(splits)},
        "edges": EDGES,
        "by_split": by_split,
    }
    return stats, part_counts


def _counted(cursor: Any, candidates: Candidates) -> list[Row]:
    """Give split, what is told, its values, the most frequent first, and how many traces have each.

    Behind these come sum, least and most of their steps, and sum and most of their characters.
    """
    cursor.execute(
        f"""
        SELECT split, told, value, number, steps, least_steps, most_steps, chars, most_chars
        FROM (
            SELECT counted.*, row_number() OVER (
                PARTITION BY split, told ORDER BY number DESC, value COLLATE "C"
            ) AS rank
            FROM (
                SELECT split,
                       GROUPING(parts, in_steps, in_chars, source, model, answer_kind) AS told,
                       coalesce(
                           parts::text, in_steps::text, in_chars::text, source, model, answer_kind
                       ) AS value, sum(number)::bigint AS number, sum(steps)::bigint AS steps,
                       min(least_steps) AS least_steps, max(most_steps) AS most_steps,
                       sum(chars)::bigint AS chars, max(most_chars) AS most_chars
                FROM (
                    SELECT split, parts, source, model, answer_kind,
                           width_bucket(step_count, %s::int[]) AS in_steps,
                           width_bucket(total_chars, %s::int[]) AS in_chars, count(*) AS number,
                           sum(step_count) AS steps, min(step_count) AS least_steps,
                           max(step_count) AS most_steps, sum(total_chars) AS chars,
                           max(total_chars) AS most_chars
                    FROM {candidates.rows}
                    GROUP BY split, parts, source, model, answer_kind, in_steps, in_chars
                ) AS alike
                GROUP BY GROUPING SETS (
                    (split, parts), (split, in_steps), (split, in_chars),
                    (split, source), (split, model), (split, answer_kind)
                )
            ) AS counted
        ) AS ranked
        WHERE rank <= {MOST_VALUES} OR NOT told = ANY(%s) ORDER BY split, told, rank
        """,  # noqa: S608
        [EDGES["steps"], EDGES["chars"], [bits for bits, name in TOLD.items() if name in NAMED]],
    )
    found: list[Row] = cursor.fetchall()
    return found


def _whole(groups: list[Row]) -> dict[str, Any]:
    *_, numbers, steps, least_steps, most_steps, chars, most_chars = zip(*groups, strict=True)
    return {
        "trace_count": sum(numbers),
        "avg_step_count": round(sum(steps) / sum(numbers), 2),
        "min_step_count": min(least_steps),
        "max_step_count": max(most_steps),
        "avg_total_chars": round(sum(chars) / sum(numbers), 2),
        "max_total_chars": max(most_chars),
    }


def _tell(of_split: dict[str, Any], name: str, value: str, number: int) -> None:
    told = of_split[name]
    if isinstance(told, list):
        told[int(value)] = number
    else:
        told.get("values", told)[value] = number


def _nothing() -> dict[str, Any]:
    return {
        "trace_count": 0,
        "steps": _empty("steps"),
        "chars": _empty("chars"),
        "sources": {"values": {}, "others": 0},
        "models": {"values": {}, "others": 0},
        "answers": dict.fromkeys(ANSWERS, 0),
        "scores": [],
    }


def _empty(edges: str) -> list[int]:
    return [0] * (len(EDGES[edges]) + 1)


def _scores(cursor: Any, candidates: Candidates) -> list[Row]:
    """Give split, criteria, version, bucket and count; no bucket where it was undecided."""
    cursor.execute(
        f"""
        SELECT split, criteria, scorer_version, bucket, count
        FROM (
            SELECT counted.*, dense_rank() OVER (
                ORDER BY criteria COLLATE "C", scorer_version COLLATE "C"
            ) AS rank
            FROM (
                SELECT kept.split, score.criteria, score.scorer_version, count(*) AS count,
                       {bucket_of("score.criteria", "score.value")} AS bucket
                FROM {candidates.rows} JOIN traces_score AS score ON score.trace_id = kept.id
                GROUP BY kept.split, score.criteria, score.scorer_version, bucket
            ) AS counted
        ) AS ranked
        WHERE rank <= {MOST_SCORERS} ORDER BY rank
        """,  # noqa: S608
    )
    found: list[Row] = cursor.fetchall()
    return found


def _tell_scores(by_split: dict[str, Any], scores: list[Row]) -> None:
    """Add each to the last of its split, or begin another, as they come by their names."""
    for split, criteria, version, bucket, count in scores:
        told, edges = by_split[split]["scores"], edges_of(criteria)
        if not told or (told[-1]["criteria"], told[-1]["scorer_version"]) != (criteria, version):
            named = {"criteria": criteria, "scorer_version": version, "edges": edges}
            told.append({**named, "counts": _empty(edges), "undecided": 0})
        if bucket is None:
            told[-1]["undecided"] = count
        else:
            told[-1]["counts"][bucket] = count
