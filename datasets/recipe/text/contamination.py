"""Which items of an evaluation set stand in a text: by the words that they share.

An item is found where the text has the same words, or where those n words in a row that both have
cover a share of the item's words. What more of the items have than a few, and than one in a
hundred, is the set's template and not an item's content: it covers nothing and need not be covered.
Items that have the same words count as one, the first.

n words in a row are known by a hash, so that an index takes some fifty bytes a word; what is found
by hashes is compared word by word.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, repeat
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from datasets.recipe.text.ranges import Numbers, ranges
from datasets.recipe.text.words import words_of

TEMPLATE_ITEMS = 3  # so many items may have the same n words in a row,
TEMPLATE_SHARE = 0.01  # or so many of all,
TEMPLATE_MOST = 100  # but not more: what one text is compared with stays bounded
WORDS_AT_ONCE = 20_000
MOST_WORDS = 4_000_000  # of the items of an index, each of which takes 100 to 250 bytes
MAX_EVIDENCE_CHARS = 300
PRESENT_BITS = 22  # of hashes: a table of 4 MiB tells which of them no item has

_WEIGHT = np.uint64(0x9E3779B97F4A7C15)  # odd: its powers tell places in a row apart
_RUN = re.compile(rb"\x01+")

Grams = NDArray[np.uint64]
Ids = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Match:
    """An item by its number, the share of it that a text has, and the longest run of that."""

    item: int
    share: float
    words: str


class TooManyWords(Exception):
    """The items have more words than an index may hold."""


class ItemIndex:
    """Where which n words in a row stand in items; `template_count` of them are the template.

    TooManyWords where the items have more than `most` of them, as soon as that is seen.
    """

    def __init__(
        self, prompts: Iterable[str], *, n: int = 5, share: float = 0.5, most: int = MOST_WORDS
    ) -> None:
        self._n = n
        self._share = share
        self._numbers: dict[str, int] = {}  # of words, from 1 on; 0 is a word of no item
        self._equal: dict[bytes, int] = {}
        self._items: list[int] = []  # the first of those with the same words
        texts: list[Ids] = []
        self.word_count = 0
        for item, prompt in enumerate(prompts):
            ids = self._learned(words_of(prompt))
            self.word_count += len(ids)
            if self.word_count > most:
                raise TooManyWords
            if self._equal.setdefault(ids.tobytes(), len(texts)) == len(texts):
                texts.append(ids)
                self._items.append(item)
        self._vocabulary = ["", *self._numbers]
        self._ids = np.concatenate([np.zeros(0, np.uint32), *texts])
        self._bounds: Numbers = np.cumsum([0, *map(len, texts)])
        self._index()

    def _learned(self, words: list[str]) -> Ids:
        numbers = self._numbers
        return np.array([numbers.setdefault(word, len(numbers) + 1) for word in words], np.uint32)

    def _index(self) -> None:
        """Sort what n words in a row the items have, but for the template."""
        grams, places = _grams(self._ids, self._n)
        owners = _owners(places, self._bounds)
        inside = places + self._n <= self._bounds[owners + 1]
        grams, places, owners = grams[inside], places[inside], owners[inside]
        count = len(self._bounds) - 1
        _, kinds = np.unique(grams, return_inverse=True)
        having = np.bincount(np.unique(kinds * count + owners) // max(count, 1))
        most = min(max(TEMPLATE_ITEMS, count * TEMPLATE_SHARE), TEMPLATE_MOST)
        self.template_count = int((having > most).sum())
        is_content = having[kinds] <= most
        grams, places, owners = grams[is_content], places[is_content], owners[is_content]
        order = np.argsort(grams, kind="stable")
        self._grams, starts = np.unique(grams[order], return_index=True)
        self._starts: Numbers = np.append(starts, len(order))
        self._present = np.zeros(2**PRESENT_BITS, bool)
        self._present[_place(self._grams)] = True
        self._owners = owners[order].astype(np.int32)
        self._content = np.zeros(len(self._ids), bool)
        self._content[places] = True
        covered = np.zeros(len(self._ids) + self._n, bool)
        for offset in range(self._n):
            covered[places + offset] = True
        self._sizes = np.diff(np.append(0, np.cumsum(covered))[self._bounds])

    def find(self, texts: Iterable[list[str]]) -> Iterator[list[Match]]:
        """Yield for each text, as words, the items that stand in it: the largest share first."""
        some: list[list[str]] = []
        size = 0
        for words in texts:
            some.append(words)
            size += len(words)
            if size > WORDS_AT_ONCE:
                yield from self._found(some)
                some, size = [], 0
        if some:
            yield from self._found(some)

    def equal(self, words: list[str]) -> Match | None:
        """Give the item that has the same words."""
        number = self._numbers.get
        text = self._equal.get(np.array([number(word, 0) for word in words], np.uint32).tobytes())
        return None if text is None else Match(self._items[text], 1.0, _said(words))

    def _found(self, texts: list[list[str]]) -> Iterator[list[Match]]:
        number = self._numbers.get
        # a word of no item between two texts: no row of words reaches from one into the other
        bounds = np.cumsum([0, *(len(words) + 1 for words in texts)])
        parted = chain.from_iterable(chain(words, ("",)) for words in texts)
        ids = np.fromiter(map(number, parted, repeat(0)), np.uint32, bounds[-1])
        candidates = self._candidates(ids, bounds)
        for place, words in enumerate(texts):
            equal = self._equal.get(ids[bounds[place] : bounds[place + 1] - 1].tobytes())
            matches = list(self._compared(words, candidates.get(place, []), equal))
            yield sorted(matches, key=lambda match: (-match.share, match.item))

    def _candidates(self, ids: Ids, bounds: Numbers) -> dict[int, list[int]]:
        """Give by text the items that it shares enough n words in a row with to be covered."""
        grams, places = _grams(ids, self._n)
        perhaps = self._present[_place(grams)]  # most are not: no need to search
        grams, places = grams[perhaps], places[perhaps]
        at = np.searchsorted(self._grams, grams)
        at[at == len(self._grams)] = 0
        known = self._grams[at] == grams if len(self._grams) else np.zeros(len(at), bool)
        kinds = max(len(self._grams), 1)
        texts, at = np.divmod(np.unique(_owners(places[known], bounds) * kinds + at[known]), kinds)
        counts = self._starts[at + 1] - self._starts[at]
        owners = self._owners[ranges(self._starts[at], counts)]
        items = max(len(self._sizes), 1)
        pairs, shared = np.unique(np.repeat(texts, counts) * items + owners, return_counts=True)
        texts, owners = np.divmod(pairs, items)
        enough = shared * self._n >= self._share * self._sizes[owners]
        found = zip(texts[enough].tolist(), owners[enough].tolist(), strict=True)
        return {text: [item for _, item in pairs] for text, pairs in groupby(found, itemgetter(0))}

    def _compared(
        self, words: list[str], candidates: list[int], equal: int | None
    ) -> Iterator[Match]:
        """Compare a text word by word with the items that it may have."""
        if equal is not None:
            yield Match(self._items[equal], 1.0, _said(words))
        theirs = set(_in_a_row(words, self._n)) if candidates else set()
        for item in candidates:
            if item != equal and (match := self._match(item, theirs)):
                yield match

    def _match(self, item: int, theirs: set[tuple[str, ...]]) -> Match | None:
        begin, end = self._bounds[item : item + 2].tolist()
        own = [self._vocabulary[number] for number in self._ids[begin:end].tolist()]
        content = self._content[begin:end].tolist()
        covered = bytearray(len(own))
        for place, gram in enumerate(_in_a_row(own, self._n)):
            if content[place] and gram in theirs:
                covered[place : place + self._n] = b"\x01" * self._n
        share = covered.count(1) / int(self._sizes[item])
        if share < self._share:
            return None
        first, last = max((run.span() for run in _RUN.finditer(covered)), key=_length)
        return Match(self._items[item], share, _said(own[first:last]))


def _length(span: tuple[int, int]) -> int:
    return span[1] - span[0]


def _in_a_row(words: Sequence[str], n: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(n)), strict=False)


def _said(words: Sequence[str]) -> str:
    """Give words as evidence, shortened where they are very many."""
    text = " ".join(words[:MAX_EVIDENCE_CHARS])
    return text if len(text) <= MAX_EVIDENCE_CHARS else f"{text[: MAX_EVIDENCE_CHARS - 1]}…"


def _owners(places: Numbers, bounds: Numbers) -> Numbers:
    """Give the number of what each place is in, where the first begins at the first bound."""
    owners: Numbers = np.searchsorted(bounds, places, side="right") - 1
    return owners


def _place(grams: Grams) -> Grams:
    """Give the place of each hash in the table of those that are present."""
    return grams * _WEIGHT >> np.uint64(64 - PRESENT_BITS)


def _grams(ids: Ids, n: int) -> tuple[Grams, Numbers]:
    """Hash every n words in a row that are all words of items; with where they begin."""
    count = max(len(ids) - n + 1, 0)
    whole = np.ones(count, bool)
    grams = np.zeros(count, np.uint64)
    for offset in range(n):
        column = ids[offset : offset + count]
        whole &= column != 0
        grams = grams * _WEIGHT + column
    places = np.flatnonzero(whole)
    return grams[places], places
