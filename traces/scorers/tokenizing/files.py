"""The tokenizer files that an administrator gave: NAME.json and NAME.model in one folder.

A name is looked for among those that are there: no path is made of it. A file that was replaced is
another tokenizer.
"""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from traces.scorers.tokenizing.worker import KINDS, MAX_BYTES

MAX_NAME_CHARS = 48
NAME = rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{MAX_NAME_CHARS - 1}}}"


@dataclass(frozen=True)
class Tokenizer:
    """A tokenizer's file, as it was when it was found."""

    name: str
    path: Path
    size: int
    changed_ns: int

    @property
    def digest(self) -> str:
        """Give the SHA-256 of the file, in hexadecimal; OSError where it has gone."""
        return _digest(self)


def tokenizers_in(folder: Path) -> dict[str, Tokenizer]:
    """Find the tokenizers of a folder, by name; of two files of one name it is the JSON."""
    found: dict[str, Tokenizer] = {}
    for path in _paths(folder):
        if path.suffix in KINDS and re.fullmatch(NAME, path.stem) and (told := _told(path)):
            found.setdefault(path.stem, Tokenizer(path.stem, path, told.st_size, told.st_mtime_ns))
    return found


def _paths(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:  # it has gone, or may not be read any more: there are none
        return []


def _told(path: Path) -> os.stat_result | None:
    """Give size and time of a file that can be read and is not too large."""
    try:
        told = path.stat()
    except OSError:  # it has gone meanwhile, or is a link to nothing
        return None
    is_fit = stat.S_ISREG(told.st_mode) and 0 < told.st_size <= MAX_BYTES
    return told if is_fit and os.access(path, os.R_OK) else None


@lru_cache(maxsize=64)
def _digest(tokenizer: Tokenizer) -> str:
    with tokenizer.path.open("rb") as file:
        return hashlib.sha256(file.read(MAX_BYTES)).hexdigest()
