"""MinHash signatures of texts, and the bands by which similar ones are found.

A text is the set of its shingles: every three words that follow each other, case ignored. The
similarity of two texts is the Jaccard index of the sets, and the share of equal minima estimates
it: of 128, with a standard error of sqrt(s * (1 - s) / 128), 0.044 at most.

Two signatures are compared where at least one of 16 bands of 4 minima is equal in both. The chance
of that at similarity s is 1 - (1 - s**4)**16:

    s        0.1    0.2   0.3   0.4   0.5   0.6   0.7   0.8
    chance   0.002  0.03  0.12  0.34  0.64  0.89  0.99  0.9998

Digests are the same in every process and on every platform: words are hashed by BLAKE2b, the rest
is arithmetic modulo 2**64, stored with the low byte first. Only a letter that is new in Unicode is
a word in the Python versions that know it alone.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

PERMUTATIONS = 128
BANDS = 16
BAND_MINIMA = 4
SHINGLE_WORDS = 3
SEED = 20_250_731
PARAMETERS = 1  # one more with every change of what is above or below
VERSION = 100 * RMinHash.ALGORITHM_VERSION + PARAMETERS  # others are never compared

MINIMA_TYPE = "<u4"
KEPT_WORDS = 200_000
KEPT_WORD_CHARS = 32
CHARS_AT_ONCE = 1_000_000

_words = re.compile(r"\w+").findall
# Odd, and otherwise of no meaning: the golden ratio's and those of other known mixers.
_WEIGHTS = [np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)]
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(31)


@dataclass(frozen=True)
class Signature:
    minima: bytes
    bands: list[int]


class _WordHashes(dict[str, int]):
    """64-bit hashes by word; computes and keeps those that it lacks, up to a bound."""

    def __missing__(self, word: str) -> int:
        value = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "little")
        if len(word) <= KEPT_WORD_CHARS and len(self) < KEPT_WORDS:
            self[word] = value
        return value


_word_hash = _WordHashes().__getitem__


def signatures(texts: Iterable[str]) -> list[Signature]:
    """Compute the signatures of texts, in order."""
    found: list[Signature] = []
    rows: list[NDArray[np.uint64]] = []
    chars = 0
    for text in texts:
        rows.append(shingles(text))
        chars += len(text)
        if chars > CHARS_AT_ONCE:
            found += _signatures(rows)
            rows, chars = [], 0
    return found + _signatures(rows) if rows else found


def shingles(text: str) -> NDArray[np.uint64]:
    """Hash every three words in a row; of a shorter text, all words as one."""
    folded = text.casefold()
    words = _words(folded) or folded.split() or [""]
    words += [""] * (SHINGLE_WORDS - len(words))
    hashes = np.fromiter(map(_word_hash, words), np.uint64, count=len(words))
    first, second, third = _WEIGHTS
    found: NDArray[np.uint64] = hashes[:-2] * first + hashes[1:-1] * second + hashes[2:] * third
    return found


def _signatures(rows: Sequence[NDArray[np.uint64]]) -> list[Signature]:
    offsets = np.zeros(len(rows) + 1, np.uint64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    digests = RMinHash.digest_matrix_from_flat_token_hashes(
        np.concatenate(rows), offsets, PERMUTATIONS, SEED
    )
    minima = np.array(digests.to_rows(), MINIMA_TYPE)
    return [
        Signature(row.tobytes(), bands)
        for row, bands in zip(minima, _bands(minima).tolist(), strict=True)
    ]


def _bands(minima: NDArray[Any]) -> NDArray[np.int64]:
    """Hash each band with its number, so that different bands are never equal but by chance."""
    chosen = np.ascontiguousarray(minima[:, : BANDS * BAND_MINIMA])
    pairs = chosen.view("<u8").astype(np.uint64).reshape(len(minima), BANDS, BAND_MINIMA // 2)
    first, second, third = _WEIGHTS
    numbers = np.arange(1, BANDS + 1, dtype=np.uint64) * third
    bands = _mixed(_mixed(pairs[:, :, 0] * first + numbers) + pairs[:, :, 1] * second)
    return bands.view(np.int64)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> _SHIFT)) * _MIX
    return values ^ (values >> _SHIFT)


def similarities(minima: bytes, others: Sequence[bytes]) -> list[float]:
    """Estimate the Jaccard index of one signature with each of the others."""
    one = np.frombuffer(minima, MINIMA_TYPE)
    many = np.frombuffer(b"".join(others), MINIMA_TYPE).reshape(len(others), PERMUTATIONS)
    shares: list[float] = (many == one).mean(axis=1).tolist()
    return shares
