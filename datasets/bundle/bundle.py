"""A dataset as one archive, with all that training from it needs."""

import hashlib
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from datasets.bundle import configs, croissant
from datasets.bundle.card import card
from datasets.bundle.evaluations import EvaluationFile, evaluation_files
from datasets.bundle.files import DataFile, data_files
from datasets.bundle.texts import template
from datasets.bundle.zipped import WRITER, Entry, Written, whole, zipped
from datasets.export.reading import manifest_pieces, trace_id_pieces
from datasets.models import Dataset
from datasets.serializers import DatasetDetailSerializer


@dataclass(frozen=True, kw_only=True)
class Bundle:
    """A dataset in some formats, by split; of no formats, in the usual ones that have rows.

    Invalid, or Conflict, where a format cannot be had of it.
    """

    dataset: Dataset
    formats: Sequence[str] | None = None
    with_answers: bool = False

    @cached_property
    def files(self) -> list[DataFile]:
        return data_files(self.dataset, self.formats)

    @cached_property
    def evaluations(self) -> list[EvaluationFile]:
        return evaluation_files(self.dataset, with_answers=self.with_answers)

    @cached_property
    def entries(self) -> list[Entry]:
        """Give what is in it: what says how to read it first, the sums of all last."""
        return [
            whole("README.md", card(self.dataset, self.files, self.evaluations)),
            self._manifest(),
            whole("tunix_data.py", template("tunix_data.py")),
            *(whole(name, text) for name, text in configs.written(self.files)),
            *(file.entry() for file in self.files),
            *(entry for one in self.evaluations for entry in one.entries()),
            croissant.entry(self.dataset, self.files),
            Entry(name="SHA256SUMS", version="", pieces=_sums),
        ]

    @property
    def file_name(self) -> str:
        return f"{self.dataset.key}.zip"

    @cached_property
    def etag(self) -> str | None:
        """Name the bytes, where they never change."""
        versions = [entry.version for entry in self.entries]
        if None in versions:
            return None
        named = "\n".join([WRITER, *(f"{entry.name} {entry.version}" for entry in self.entries)])
        return f'"{hashlib.sha256(named.encode()).hexdigest()[:32]}"'

    def pieces(self) -> Generator[bytes]:
        return zipped(self.entries)

    def _manifest(self) -> Entry:
        """Give the manifest, with what says which files there are, and which to train on."""
        chosen = {file.name for file in configs.to_train_on(self.files)}
        fields: dict[str, Any] = {
            **DatasetDetailSerializer(self.dataset).data,
            "files": [
                {**file.described(), "trained_on": file.name in chosen} for file in self.files
            ],
            "evalsets": [one.described() for one in self.evaluations],
        }

        def pieces(_: Sequence[Written]) -> Generator[bytes]:
            with closing(trace_id_pieces(self.dataset)) as trace_ids:
                yield from manifest_pieces(fields, trace_ids)

        version = hashlib.sha256(msgspec.json.encode(fields)).hexdigest()  # its ids are the build's
        return Entry(name="manifest.json", version=version, pieces=pieces)


def _sums(written: Sequence[Written]) -> Generator[bytes]:
    """Yield what `sha256sum --check` reads."""
    for one in written:
        yield f"{one.sha256}  {one.name}\n".encode()
