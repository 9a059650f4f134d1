"""What near duplicates are told by: the candidates' signatures in an order, and their texts."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import reduce
from hashlib import blake2b
from typing import Any
from uuid import UUID

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from datasets.recipe.hashing import BEGUN_BY_SYSTEM, asked
from datasets.recipe.text.answers import answer_key
from datasets.recipe.text.banding import Classes
from datasets.recipe.text.ranges import Numbers
from datasets.recipe.text.shingling import Row
from traces.finding.minhash import MINIMA_TYPE, PERMUTATIONS, VERSION, Minima, merged, minima_of
from traces.finding.signatures import stored_solution
from tunix_site.database.copy_out import copy_out
from tunix_site.errors import Conflict

READ_AT_ONCE = 500
CHARS_AT_ONCE = 2_000_000  # the texts of a trace may take a mebibyte
BYTES_AT_ONCE = 4 * 1024**2
NO_MINIMA = f"decode(repeat('00', {4 * PERMUTATIONS}), 'hex')"
DELETED_MEANWHILE = "A trace was deleted meanwhile: try again."

_HEAD_BYTES = 19  # of a binary COPY; each value has its size before it
_TAIL_BYTES = 2
_COLUMNS = [
    ("columns", ">i2"),
    ("place_size", ">i4"),
    ("place", ">i8"),
    ("id_size", ">i4"),
    ("id", "V16"),
    ("chars_size", ">i4"),
    ("chars", ">i8"),
    ("known_size", ">i4"),
    ("known", "i1"),
]


class Part(StrEnum):
    """A text of a trace.

    Signatures of prompts and solutions are stored. That of a question, which is the prompt as it is
    hashed, is the prompt's where the system says nothing before it, and computed elsewhere.
    """

    PROMPT = "prompt"
    SOLUTION = "solution"
    QUESTION = "question"


STORED = {
    Part.PROMPT: "prompt_minima",
    Part.SOLUTION: "solution_minima",
    Part.QUESTION: "prompt_minima",
}
# how much has to be read to take off what the system says, NULL where it says nothing
BEGUN = f"""LEFT JOIN traces_trace AS trace ON trace.id = ordered.id
    CROSS JOIN LATERAL (SELECT octet_length(({BEGUN_BY_SYSTEM})::text) AS bytes) AS begun"""
NOT_BEGUN = "CROSS JOIN (SELECT NULL::integer AS bytes) AS begun"


@dataclass(frozen=True)
class Signed:
    """Traces in an order: their ids, characters and minima, of some of their parts in one."""

    ids: NDArray[np.void]
    chars: Numbers
    minima: Minima
    parts: Sequence[Part]

    def id(self, row: int) -> UUID:
        return UUID(bytes=self.ids[row].tobytes())

    def texts(self, rows: Sequence[int]) -> Iterator[Row]:
        """Read what rows say; Conflict where a trace is not there any more."""
        for some in self.portions(rows):
            for row, *columns in self._read(some):
                yield row, [_said(part, *columns) for part in self.parts]

    def portions(self, rows: Sequence[int]) -> Iterator[Sequence[int]]:
        """Part rows so that the texts of some fit in memory."""
        ends = np.cumsum(self.chars[rows])
        start = 0
        while start < len(rows):
            most = CHARS_AT_ONCE + (ends[start - 1] if start else 0)
            fit = int(np.searchsorted(ends, most, side="right"))
            stop = min(max(fit, start + 1), start + READ_AT_ONCE)
            yield rows[start:stop]
            start = stop

    def _read(self, rows: Sequence[int]) -> Iterator[Any]:
        """Yield rows with what `_said` takes, of which what is in no part is empty."""
        places = dict(enumerate(rows, 1))
        with connection.cursor() as cursor:
            cursor.execute(_texts_query(self.parts), [self._as_array(rows)])
            found = cursor.fetchall()
        if len(found) < len(rows):
            raise Conflict(DELETED_MEANWHILE)
        for place, *texts in sorted(found):
            yield places[place], *texts

    def _as_array(self, rows: Sequence[int]) -> str:
        """Give the ids of rows as PostgreSQL reads an array."""
        digits = self.ids[rows].tobytes().hex()
        return f"{{{','.join(digits[at : at + 32] for at in range(0, len(digits), 32))}}}"


def _texts_query(parts: Sequence[Part]) -> str:
    prompt = "trace.prompt" if set(parts) - {Part.SOLUTION} else "''"
    begun = BEGUN_BY_SYSTEM if Part.QUESTION in parts else "NULL"
    own = "trace.steps, trace.final_answer" if Part.SOLUTION in parts else "'[]', ''"
    return f"""
        SELECT wanted.number, {prompt}, {begun}, {own}
        FROM unnest(%s::uuid[]) WITH ORDINALITY AS wanted (id, number)
        JOIN traces_trace AS trace ON trace.id = wanted.id
    """  # noqa: S608


def _said(part: Part, prompt: str, begun: str | None, steps: str, answer: str) -> str:
    match part:
        case Part.PROMPT:
            return prompt
        case Part.QUESTION:
            return asked(prompt, begun)
        case Part.SOLUTION:
            return stored_solution(steps, answer)


def signed(ordered: str, count: int, parts: Sequence[Part]) -> Signed:
    """Read the signatures of a table's traces (place, id, total_chars), and compute those missing.

    Two queries, and one for each few hundred that are missing.
    """
    found = Signed(
        ids=np.zeros(count, "V16"),
        chars=np.zeros(count, np.int64),
        minima=np.zeros((count, PERMUTATIONS), MINIMA_TYPE),
        parts=parts,
    )
    missing: list[int] = []
    minima = ", ".join(f"coalesce(signature.{STORED[part]}, {NO_MINIMA})" for part in parts)
    query = f"""
        SELECT ordered.place, ordered.id, ordered.total_chars + coalesce(begun.bytes, 0)::bigint,
               signature.trace_id IS NOT NULL AND begun.bytes IS NULL, {minima}
        FROM {ordered} AS ordered LEFT JOIN traces_signature AS signature
        ON signature.trace_id = ordered.id AND signature.version = %s
        {BEGUN if Part.QUESTION in parts else NOT_BEGUN}
    """  # noqa: S608
    with copy_out(query, [VERSION], options="FORMAT BINARY") as copy:
        for rows in _binary_rows(copy, _row(parts)):
            places = rows["place"].astype(np.int64)
            found.ids[places] = rows["id"]
            found.chars[places] = rows["chars"]
            found.minima[places] = reduce(merged, [rows[part.value] for part in parts])
            missing += places[rows["known"] == 0].tolist()
    for some in found.portions(missing):
        _compute(found, some)
    return found


def answer_classes(ordered: str, count: int) -> Classes:
    """Give by place what a trace's final answer comes to, as a number."""
    classes = np.zeros(count, np.uint64)
    query = f"""
        SELECT trace.final_answer, string_agg(ordered.place::text, ' ')
        FROM {ordered} AS ordered JOIN traces_trace AS trace ON trace.id = ordered.id
        GROUP BY trace.final_answer
    """  # noqa: S608
    with copy_out(query, []) as copy:
        for answer, places in copy.rows():
            key = blake2b(answer_key(answer).encode(), digest_size=8).digest()
            classes[np.fromstring(places, np.int64, sep=" ")] = int.from_bytes(key, "little")
    return classes


def _compute(found: Signed, rows: Sequence[int]) -> None:
    said = zip(*(texts for _, texts in found.texts(rows)), strict=True)
    found.minima[rows] = reduce(merged, [minima_of(texts) for texts in said])


def _row(parts: Sequence[Part]) -> np.dtype[Any]:
    """Give what a binary COPY makes of a row."""
    minima = [
        column
        for part in parts
        for column in ((f"{part}_size", ">i4"), (str(part), MINIMA_TYPE, PERMUTATIONS))
    ]
    return np.dtype([*_COLUMNS, *minima])


def _binary_rows(copy: Iterable[bytes], row: np.dtype[Any]) -> Iterator[NDArray[Any]]:
    """Read a binary COPY of such rows, many at once."""
    held = bytearray()
    start = _HEAD_BYTES
    for data in copy:
        held += data
        if len(held) > BYTES_AT_ONCE:
            end = start + (len(held) - start) // row.itemsize * row.itemsize
            yield np.frombuffer(held[start:end], row)
            del held[:end]
            start = 0
    yield np.frombuffer(held[start:-_TAIL_BYTES], row)
