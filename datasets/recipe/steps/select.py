"""The step that orders the candidates and keeps the first of them, or the first of each stratum.

`random` sorts by SHA-256("order:{seed}:{content_hash}"), so that the same traces come in the same
order on any machine; ids tell equal contents apart. `latest` goes by id, and so by arrival.
"""

from typing import Any

from datasets.recipe.candidates import COLUMNS, Candidates
from datasets.recipe.hashing import MAX_SHOWN_CHARS, of_meta, sha256
from datasets.recipe.recipe import Recipe, Strategy
from datasets.recipe.rules import MAX_STRATA
from datasets.recipe.shares import allotted
from tunix_site.errors import Invalid


def apply(recipe: Recipe, candidates: Candidates) -> dict[str, int]:
    before = candidates.count
    limit = None if recipe.limit is None else candidates.in_sample(recipe.limit)
    if recipe.stratify_by is not None and limit is not None:
        return candidates.part(*shared(recipe, candidates, places(recipe, candidates, limit)))
    if limit is None or before <= limit or candidates.note is None:
        candidates.store(*ordered(recipe, candidates))
        return {"beyond_the_limit": before - candidates.count}
    return candidates.part(*parted(recipe, candidates, limit))


def ordered(recipe: Recipe, candidates: Candidates) -> tuple[str, list[Any]]:
    """Give SQL and parameters for what is kept, with its position, in order."""
    rank, order, parameters = ranked(recipe)
    query = f"""
        SELECT {COLUMNS}, row_number() OVER (ORDER BY {order}) - 1 AS position, '' AS split
        FROM (
            SELECT {COLUMNS}, {rank} AS rank FROM {candidates.rows} ORDER BY {order} LIMIT %s
        ) AS kept
        ORDER BY {order}
    """  # noqa: S608
    return query, [*parameters, *candidates.parameters, recipe.limit]


def parted(recipe: Recipe, candidates: Candidates, limit: int) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all, in order, those beyond the limit with the reason."""
    rank, order, parameters = ranked(recipe)
    query = f"""
        SELECT {COLUMNS}, position, '' AS split, NULL::jsonb AS because,
               CASE WHEN position >= %s THEN 'beyond_the_limit' END AS reason
        FROM (
            SELECT {COLUMNS}, row_number() OVER (ORDER BY {order}) - 1 AS position
            FROM (SELECT {COLUMNS}, {rank} AS rank FROM {candidates.rows}) AS kept
        ) AS kept
        ORDER BY position
    """  # noqa: S608
    return query, [limit, *parameters, *candidates.parameters]


def places(recipe: Recipe, candidates: Candidates, limit: int) -> dict[str, int]:
    """Store what value of `stratify_by` each has; give how many of each value are kept.

    Invalid where there are more than MAX_STRATA, or where a weight is for a value of no trace; a
    sample does not tell that.
    """
    value, parameters = of_meta(recipe.stratify_by or "")
    candidates.store(
        f"""
        SELECT {COLUMNS}, {value} AS stratum
        FROM {candidates.rows} JOIN traces_trace AS trace ON trace.id = kept.id
        """,  # noqa: S608
        [*parameters, *candidates.parameters],
    )
    sizes = candidates.sizes("stratum", most=MAX_STRATA + 1)
    if len(sizes) > MAX_STRATA:
        raise Invalid({"stratify_by": [f"There are more than {MAX_STRATA:,} values of it."]})
    if not isinstance(recipe.weights, dict):
        return allotted(
            limit, sizes, sizes if recipe.weights == "proportional" else dict.fromkeys(sizes, 1)
        )
    missing = recipe.weights.keys() - sizes
    if missing and candidates.sampled is None:
        raise Invalid({"weights": [f"No trace has the value {min(missing)!a:.80}."]})
    return allotted(limit, sizes, recipe.weights)


def shared(recipe: Recipe, candidates: Candidates, places: dict[str, int]) -> tuple[str, list[Any]]:
    """Give SQL and parameters for all, in order, those beyond their stratum's share with it."""
    rank, order, parameters = ranked(recipe)
    query = f"""
        SELECT {COLUMNS}, kept.reason, '' AS split,
               CASE WHEN kept.reason IS NOT NULL THEN
                   jsonb_build_object('value', left(kept.stratum, {MAX_SHOWN_CHARS}))
               END AS because,
               row_number() OVER (PARTITION BY kept.reason ORDER BY {order}) - 1 AS position
        FROM (
            SELECT kept.*,
                   CASE WHEN row_number() OVER (PARTITION BY kept.stratum ORDER BY {order})
                   > share.places THEN 'beyond_its_share' END AS reason
            FROM (SELECT kept.*, {rank} AS rank FROM {candidates.rows}) AS kept
            JOIN unnest(%s::text[], %s::bigint[]) AS share (stratum, places)
            ON share.stratum = kept.stratum
        ) AS kept
        ORDER BY position
    """  # noqa: S608
    shares = [list(places), list(places.values())]
    return query, [*parameters, *candidates.parameters, *shares]


def ranked(recipe: Recipe) -> tuple[str, str, list[Any]]:
    """Give SQL for a candidate's rank and for the order, with parameters for the rank."""
    if recipe.selection_strategy == Strategy.RANDOM:
        return sha256("kept.content_hash"), "rank, id", [f"order:{recipe.seed}:"]
    return "0", "id DESC", []
