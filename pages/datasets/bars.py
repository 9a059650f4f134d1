"""Counts as bars: the funnel of a build, and histograms of what a dataset holds, split by split."""

import itertools
from collections.abc import Iterator
from typing import Any, NamedTuple

from datasets.recipe.scored import UNIT_SCORES
from datasets.statistics.edges import ranges
from pages.datasets.words import STEPS, reason_in_words

WHOLE = "all"  # what a dataset without splits has its counts under
ONE, FROM_ONE = "1", "1 to 2"  # of scores that are 1 at most
NAMES = {"steps": "Steps", "chars": "Characters", "sources": "Sources", "models": "Models"}


class Taken(NamedTuple):
    """How many a step took away for a reason."""

    number: int
    reason: str


class Line(NamedTuple):
    """A step of the funnel; widths are in per cent of what matched."""

    step: str
    came: int
    left: int
    width: float
    taken: list[Taken]
    more_than_half: bool
    pairs: int | None
    not_paired: list[Taken]


class Cell(NamedTuple):
    """How many of a split, and how wide, in per cent of its most frequent value."""

    number: int
    width: float


class Histogram(NamedTuple):
    """Rows of a value's name and a cell for each split."""

    title: str
    splits: list[str]
    rows: list[tuple[str, list[Cell]]]


def funnel_lines(funnel: list[dict[str, Any]]) -> list[Line]:
    """Give the steps; what does not match is not counted among what is taken away."""
    most = max((line["out"] for line in funnel), default=0) or 1
    return [
        Line(
            step=STEPS.get(line["step"], line["step"]),
            came=line["in"],
            left=line["out"],
            width=round(100 * line["out"] / most, 1),
            taken=_taken(line["reasons"]),
            more_than_half=bool(line.get("more_than_half")),
            pairs=line.get("pairs"),
            not_paired=_taken(line.get("not_paired", {})),
        )
        for line in funnel
    ]


def _taken(reasons: dict[str, int]) -> list[Taken]:
    return [Taken(count, reason_in_words(reason)) for reason, count in reasons.items()]


def _ranges(name: str, edges: list[float]) -> list[str]:
    """Say between which values is counted; whole numbers are told without those that follow."""
    if name == "scores":
        return [*ranges(edges)]
    inner = [
        f"{low:,}" if high == low + 1 else f"{low:,} to {high - 1:,}"
        for low, high in itertools.pairwise(edges)
    ]
    return [f"below {edges[0]:,}", *inner, f"from {edges[-1]:,}"]


def histograms(stats: dict[str, Any]) -> Iterator[Histogram]:
    """Yield what was counted of each split; nothing of datasets that are older than these."""
    by_split = dict(sorted(stats.get("by_split", {}).items()))
    edges = {name: _ranges(name, values) for name, values in stats.get("edges", {}).items()}
    if not by_split:
        return
    for name in ("steps", "chars"):
        yield _histogram(NAMES[name], edges[name], {s: t[name] for s, t in by_split.items()})
    for criteria, version, scale in _scorers(by_split):
        title = criteria if criteria.startswith("tokens:") else f"Score {criteria} {version}"
        counts = {
            split: _scores(told, criteria, version, len(edges[scale]))
            for split, told in by_split.items()
        }
        names = [
            ONE if criteria in UNIT_SCORES and name == FROM_ONE else name for name in edges[scale]
        ]
        yield _histogram(title, [*names, "undecided"], counts)
    for name in ("sources", "models"):
        yield _named(NAMES[name], {split: _values(told[name]) for split, told in by_split.items()})
    yield _named("Answers", {split: told["answers"] for split, told in by_split.items()})


def _scorers(by_split: dict[str, Any]) -> list[tuple[str, str, str]]:
    found = {
        (score["criteria"], score["scorer_version"], score["edges"])
        for told in by_split.values()
        for score in told["scores"]
    }
    return sorted(found)


def _scores(told: dict[str, Any], criteria: str, version: str, length: int) -> list[int]:
    for score in told["scores"]:
        if (score["criteria"], score["scorer_version"]) == (criteria, version):
            return [*score["counts"], score["undecided"]]
    return [0] * (length + 1)


def _values(told: dict[str, Any]) -> dict[str, int]:
    return {**{name or "none": n for name, n in told["values"].items()}, "others": told["others"]}


def _named(title: str, counts: dict[str, dict[str, int]]) -> Histogram:
    """Put values in the order of how often they come."""
    sums: dict[str, int] = {}
    for of_split in counts.values():
        for name, count in of_split.items():
            sums[name] = sums.get(name, 0) + count
    names = sorted(sums, key=lambda name: -sums[name])
    lists = {split: [of.get(name, 0) for name in names] for split, of in counts.items()}
    return _histogram(title, names, lists, between=False)


def _histogram(
    title: str, names: list[str], counts: dict[str, list[int]], *, between: bool = True
) -> Histogram:
    """Leave out what is empty at both ends, or, of names, wherever it is."""
    there = [place for place in range(len(names)) if any(of[place] for of in counts.values())]
    shown = range(there[0], there[-1] + 1) if there and between else there
    most = {split: max(of, default=0) or 1 for split, of in counts.items()}
    rows = [
        (
            names[place],
            [
                Cell(of[place], round(100 * of[place] / most[split], 1))
                for split, of in counts.items()
            ],
        )
        for place in shown
    ]
    return Histogram(title, [split or WHOLE for split in counts], rows)
