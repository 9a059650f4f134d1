"""A dataset in a format: its first rows as they are written, and what can be downloaded."""

from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse
from rest_framework.exceptions import APIException

from datasets.export.export import Export
from datasets.formats.containers import LINES, PARQUET
from datasets.formats.format import Format
from datasets.formats.known import FORMATS
from datasets.formats.pairs import PAIRS
from datasets.models import Dataset
from pages.datasets.bars import WHOLE
from tunix_site.database.patience import patience
from tunix_site.errors import text_of

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
    row_count: int
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
    return [name for name, fmt in FORMATS.items() if dataset.recipe.pair or fmt.rows is not PAIRS]


def in_format(dataset: Dataset, name: str) -> InFormat:
    """Show a dataset in a format that it has, or in the first one; in bounded time."""
    names = formats_of(dataset)
    fmt = FORMATS[name if name in names else FIRST]
    try:
        with patience(SECONDS):
            whole = Export(dataset=dataset, fmt=fmt, container=fmt.containers[0])
            written = cut(whole.first(ROWS)) if LINES in fmt.containers else []
            downloads = [*_downloads(dataset, fmt)]
            left_out = [
                f"{count:,} {LEFT_OUT.get(reason, reason)}"
                for reason, count in whole.left_out.items()
            ]
    except APIException as error:
        return InFormat(fmt.name, names, [], [], [], text_of(error.detail))
    return InFormat(fmt.name, names, written, downloads, left_out, "")


def cut(lines: list[str]) -> list[Written]:
    """Give lines, of long ones their beginning."""
    return [Written(line[:MAX_LINE_CHARS], len(line) > MAX_LINE_CHARS) for line in lines]


def _downloads(dataset: Dataset, fmt: Format) -> Iterator[Download]:
    for split in (None, *sorted(dataset.splits)):
        export = Export(dataset=dataset, fmt=fmt, container=fmt.containers[0], split=split)
        asked = {"format": fmt.name, **({"split": split} if split else {})}
        yield Download(
            split=split or WHOLE,
            row_count=export.row_count,
            lines=_address("dataset-export", dataset, asked) if LINES in fmt.containers else "",
            parquet=_address("dataset-export-parquet", dataset, asked)
            if PARQUET in fmt.containers
            else "",
        )


def _address(route: str, dataset: Dataset, asked: dict[str, str]) -> str:
    return f"{reverse(route, args=[dataset.key])}?{urlencode(asked)}"
