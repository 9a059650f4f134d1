"""A trace's signature: of its prompt and of its solution apart, and how COPY takes it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
from numpy.typing import NDArray

from traces.finding.minhash import (
    BANDS,
    PERMUTATIONS,
    VERSION,
    Minima,
    bands_of,
    merged,
    minima_of,
)

COPY_COLUMNS = "trace_id, version, prompt_minima, solution_minima, bands"
COPY_OPTIONS = "FORMAT BINARY"

Texts = tuple[str, list[dict[str, Any]], str]  # a trace's prompt, steps and final answer

_HEAD = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TAIL = b"\xff\xff"
_BIGINT = 20  # the type's number in PostgreSQL
_MINIMA_BYTES = 4 * PERMUTATIONS
_ARRAY_BYTES = 20 + 12 * BANDS
_BAND = np.dtype([("size", ">i4"), ("value", ">i8")])
# Of fixed width: numpy fills a column of all rows at once. Sizes are those of what follows.
_ROW = np.dtype(
    [
        ("columns", ">i2"),
        ("id_size", ">i4"),
        ("id", "V16"),
        ("version_size", ">i4"),
        ("version", ">i2"),
        ("prompt_size", ">i4"),
        ("prompt", f"V{_MINIMA_BYTES}"),
        ("solution_size", ">i4"),
        ("solution", f"V{_MINIMA_BYTES}"),
        ("array_size", ">i4"),
        ("dimensions", ">i4"),
        ("has_null", ">i4"),
        ("element_type", ">i4"),
        ("elements", ">i4"),
        ("first_index", ">i4"),
        ("bands", _BAND, BANDS),
    ]
)


class _Step(msgspec.Struct):
    content: str


_said = msgspec.json.Decoder(list[_Step]).decode


@dataclass(frozen=True)
class Signatures:
    """Those of some traces: minima of prompts and solutions, and bands of both texts in one."""

    prompts: Minima
    solutions: Minima

    @classmethod
    def of(cls, texts: Sequence[Texts]) -> "Signatures":
        solutions = [solution(steps, answer) for _, steps, answer in texts]
        return cls(minima_of([prompt for prompt, *_ in texts]), minima_of(solutions))

    @property
    def whole(self) -> Minima:
        return merged(self.prompts, self.solutions)


def solution(steps: list[dict[str, Any]], final_answer: str) -> str:
    """Give all that a trace says of its own."""
    return "\n".join([*[step["content"] for step in steps], final_answer])


def stored_solution(steps: str, final_answer: str) -> str:
    """Give the same of steps as jsonb writes them, of which nothing else is read."""
    return "\n".join([*[step.content for step in _said(steps)], final_answer])


def copy_rows(trace_ids: Sequence[UUID], found: Signatures) -> bytes:
    """Render rows for COPY with COPY_OPTIONS and COPY_COLUMNS, without its head and tail."""
    rows = np.empty(len(trace_ids), _ROW)
    rows["columns"] = 5
    rows["id_size"] = 16
    rows["id"] = np.frombuffer(b"".join([one.bytes for one in trace_ids]), "V16")
    rows["version_size"] = 2
    rows["version"] = VERSION
    for name, minima in (("prompt", found.prompts), ("solution", found.solutions)):
        rows[f"{name}_size"] = _MINIMA_BYTES
        rows[name] = _as_bytes(minima)
    rows["array_size"] = _ARRAY_BYTES
    rows["dimensions"] = 1
    rows["has_null"] = 0
    rows["element_type"] = _BIGINT
    rows["elements"] = BANDS
    rows["first_index"] = 1
    rows["bands"]["size"] = 8
    rows["bands"]["value"] = bands_of(found.whole)
    return rows.tobytes()


def copy_file(rows: Sequence[bytes]) -> bytes:
    return b"".join([_HEAD, *rows, _TAIL])


def _as_bytes(minima: Minima) -> NDArray[np.void]:
    return np.ascontiguousarray(minima).view(f"V{_MINIMA_BYTES}").reshape(len(minima))
