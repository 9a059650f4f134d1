"""MinHash signatures of texts, and the bands by which similar ones are found.

A text is the set of its shingles: every three words that follow each other, case ignored. The
similarity of two texts is the Jaccard index of the sets, and the share of equal minima estimates
it: of 128, with a standard error of sqrt(s * (1 - s) / 128), 0.044 at most. The minima of two sets
in one are the smaller ones of both, so that those of a whole come from those of its parts.

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
import struct
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

PERMUTATIONS = 128
BANDS = 16
BAND_MINIMA = 4
SHINGLE_WORDS = 3
SEED = 20_250_731
PARAMETERS = 2  # one more with every change of what is above or below, or of what is stored
VERSION = 100 * RMinHash.ALGORITHM_VERSION + PARAMETERS  # others are never compared

MINIMA_TYPE = "<u4"
KEPT_WORDS = 200_000
KEPT_WORD_CHARS = 32
CHARS_AT_ONCE = 1_000_000

Minima = NDArray[np.uint32]  # (texts, PERMUTATIONS)

_words = re.compile(r"\w+").findall
# What the expression and `casefold` do to ASCII.
_FOLDED = bytes(ord(chr(n).lower()) if re.match(r"\w", chr(n)) else ord(" ") for n in range(128))
_FOLDED += bytes(128)
_packed = struct.Struct(f"<{PERMUTATIONS}I").pack
# Odd, and otherwise of no meaning: the golden ratio's and those of other known mixers.
_WEIGHTS = [np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9)]
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(31)


class _WordHashes(dict[bytes, int]):
    """64-bit hashes by word; computes and keeps those that it lacks, up to a bound."""

    def __missing__(self, word: bytes) -> int:
        value = int.from_bytes(hashlib.blake2b(word, digest_size=8).digest(), "little")
        if len(word) <= KEPT_WORD_CHARS and len(self) < KEPT_WORDS:
            self[word] = value
        return value


_word_hash = _WordHashes().__getitem__


def minima_of(texts: Sequence[str]) -> Minima:
    """Compute the minima of texts, in order; once of those that are equal."""
    places: dict[str, int] = {}
    wanted = [places.setdefault(text, len(places)) for text in texts]
    found = [_minima(some) for some in _parted(list(places))]
    if not found:
        return np.empty((0, PERMUTATIONS), MINIMA_TYPE)
    minima: Minima = np.concatenate(found)
    return minima if len(places) == len(wanted) else minima[wanted]


def _parted(texts: list[str]) -> Iterator[list[str]]:
    """Split texts so that no part takes much memory, but for one long text."""
    part: list[str] = []
    chars = 0
    for text in texts:
        part.append(text)
        chars += len(text)
        if chars > CHARS_AT_ONCE:
            yield part
            part, chars = [], 0
    if part:
        yield part


def _minima(texts: list[str]) -> Minima:
    hashes, counts = shingles(texts)
    offsets = np.zeros(len(counts) + 1, np.uint64)
    np.cumsum(counts, out=offsets[1:])
    digests = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, PERMUTATIONS, SEED)
    packed = b"".join([_packed(*row) for row in digests.to_rows()])  # numpy reads lists slowly
    return np.frombuffer(packed, MINIMA_TYPE).reshape(len(texts), PERMUTATIONS)


def shingles(texts: Sequence[str]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hash every three words in a row; of a shorter text, all words as one.

    Gives the hashes of all texts in one row, and how many there are of each.
    """
    words: list[bytes] = []
    ends: list[int] = []
    for text in texts:
        found = _folded_words(text)
        words += found
        words += [b""] * (SHINGLE_WORDS - len(found))
        ends.append(len(words))
    hashes = np.fromiter(map(_word_hash, words), np.uint64, count=len(words))
    first, second, third = _WEIGHTS
    rows = hashes[:-2] * first + hashes[1:-1] * second + hashes[2:] * third
    borders = np.array(ends)
    inside = np.ones(len(words), bool)
    inside[borders - 1] = inside[borders - 2] = False  # the next text's words follow
    return rows[inside[:-2]], np.diff(borders, prepend=0) - (SHINGLE_WORDS - 1)


def _folded_words(text: str) -> list[bytes]:
    """Split at what is no word, and where there is none, at white space; one word at least."""
    if text.isascii() and (found := text.encode().translate(_FOLDED).split()):
        return found
    folded = text.casefold()
    return [word.encode() for word in _words(folded) or folded.split() or [""]]


def merged(one: Minima, other: Minima) -> Minima:
    """Give the minima of texts from those of their two parts."""
    return np.minimum(one, other)


def bands_of(minima: Minima) -> NDArray[np.int64]:
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


def stored_minima(rows: Sequence[bytes]) -> Minima:
    """Read minima as they are stored, a row a text."""
    return np.frombuffer(b"".join(rows), MINIMA_TYPE).reshape(len(rows), PERMUTATIONS)


def similarities(one: Minima, others: Minima) -> list[float]:
    """Estimate the Jaccard index of one text with each of the others."""
    shares: list[float] = (others == one).mean(axis=1).tolist()
    return shares
