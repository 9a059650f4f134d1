"""The files of data in a bundle: a format in a split each."""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from datasets.bundle.names import UNSPLIT, split_names
from datasets.bundle.zipped import Entry, Written
from datasets.export.export import Export
from datasets.formats.containers import LINES
from datasets.formats.format import Format
from datasets.formats.known import FORMATS
from datasets.formats.options import Metadata
from datasets.models import Dataset

BUNDLED = {name: fmt for name, fmt in FORMATS.items() if LINES in fmt.containers}
DEFAULT = ("chat", "prompt_completion", "grpo", "tunix_tagged")  # those of them that have rows
OF_PAIRS = ("preference", "preference_tunix")  # as well, where there are pairs


@dataclass(frozen=True)
class DataFile:
    """An export in lines, and the name of its split to loaders."""

    export: Export
    split: str

    @property
    def has_rows(self) -> bool:
        return self.export.row_count > 0

    @property
    def name(self) -> str:
        return f"{self.export.fmt.name}.{self.split}.{LINES.suffix}"

    def entry(self) -> Entry:
        def pieces(_: Sequence[Written]) -> Generator[bytes]:
            return self.export.pieces()

        return Entry(name=self.name, version=self.export.etag, pieces=pieces)

    def described(self) -> dict[str, Any]:
        """Say what it is, for manifest.json."""
        return {
            "name": self.name,
            "format": self.export.fmt.name,
            "format_version": self.export.fmt.version,
            "split": self.export.split,
            "row_count": self.export.row_count,
            "left_out": self.export.left_out,
        }


def data_files(dataset: Dataset, formats: Sequence[str] | None) -> list[DataFile]:
    """Give a file for each format and split; of no formats, for the usual ones that have rows."""
    if formats is not None:
        return [file for name in formats for file in _files(dataset, BUNDLED[name])]
    usual = (*DEFAULT, *(OF_PAIRS if dataset.recipe.pair else ()))
    found = [list(_files(dataset, BUNDLED[name])) for name in usual]
    return [file for files in found if any(file.has_rows for file in files) for file in files]


def _files(dataset: Dataset, fmt: Format) -> Iterator[DataFile]:
    """Give a file a split; metadata as text, as loaders want a column of one type."""
    export = Export(dataset=dataset, fmt=fmt, metadata=Metadata.JSON)
    if not dataset.splits:
        yield DataFile(export, UNSPLIT)
    for split, name in split_names(dataset.splits).items():
        yield DataFile(replace(export, split=split), name)
