"""A dataset in a format: its first rows as they are written, and what can be downloaded."""

from itertools import zip_longest
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from datasets.export.export import Export
from datasets.formats.containers import LINES, PARQUET
from datasets.formats.known import FORMATS
from datasets.models import Dataset
from pages.datasets.bars import WHOLE
from pages.shared.refusals import refusable
from tunix_site.database.patience import patience
from tunix_site.errors import Unavailable

ROWS = 3
MAX_LINE_CHARS = 4_000
SECONDS = 3.0
FIRST = "chat"
LEFT_OUT = {
    "several_turns": "of several turns",
    "tools": "with calls of tools",
    "media": "with media",
    "truncated": "cut off before their answer",
    "unreadable": "whose messages are no turns",
    "other_tools": "with other calls of tools",
    "unlabelled": "that nobody labelled",
    "same_reply": "that reply the same",
    "no_reference": "without a reference answer",
    "several_references": "with several reference answers",
}


class Written(NamedTuple):
    """A line of an export, as much of it as is shown."""

    text: str
    is_cut: bool


class Download(NamedTuple):
    """An export that can be fetched: as lines, as Parquet, or both."""

    split: str
    row_count: int | None  # none where to count them takes too long
    lines: str
    parquet: str


class InFormat(NamedTuple):
    """What a dataset is in a format; `problem` says why it cannot be told."""

    name: str
    names: list[str]
    written: list[Written]
    downloads: list[Download]
    left_out: list[str]
    problem: str


def formats_of(dataset: Dataset) -> list[str]:
    """Name the formats that a dataset has: pairs where its recipe asks for some."""
    return [name for name, fmt in FORMATS.items() if not fmt.rows.refusal(dataset)]


def in_format(dataset: Dataset, name: str) -> InFormat:
    """Show a dataset in a format that it has, or in the first one; in bounded time.

    What is not read by then is left out: the rows come first, the counts of the splits last.
    """
    names = formats_of(dataset)
    fmt = FORMATS[name if name in names else FIRST]
    splits = [None, *sorted(dataset.splits)]
    exports = [
        Export(dataset=dataset, fmt=fmt, container=fmt.containers[0], split=split)
        for split in splits
    ]
    lines: list[str] = []
    reasons: dict[str, int] = {}
    counts: list[int] = []
    with refusable(Unavailable) as refused, patience(SECONDS) as limit:
        if LINES in fmt.containers:
            lines = exports[0].first(ROWS)
        limit()
        reasons = exports[0].left_out
        for export in exports:
            limit()
            counts.append(export.row_count)
    return InFormat(
        fmt.name,
        names,
        cut(lines),
        [_download(export, count) for export, count in zip_longest(exports, counts)],
        [f"{count:,} {LEFT_OUT.get(reason, reason)}" for reason, count in reasons.items()],
        refused.text,
    )


def cut(lines: list[str]) -> list[Written]:
    """Give lines, of long ones their beginning."""
    return [Written(line[:MAX_LINE_CHARS], len(line) > MAX_LINE_CHARS) for line in lines]


def _download(export: Export, row_count: int | None) -> Download:
    fmt, split = export.fmt, export.split
    asked = urlencode({"format": fmt.name, **({"split": split} if split else {})})
    lines, parquet = (
        f"{reverse(route, args=[export.dataset.key])}?{asked}"
        if container in fmt.containers
        else ""
        for route, container in (("dataset-export", LINES), ("dataset-export-parquet", PARQUET))
    )
    return Download(split or WHOLE, row_count, lines, parquet)
