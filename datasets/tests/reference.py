"""Order and splits in a few lines of Python, to hold the SQL against."""

import hashlib
from collections.abc import Iterable

from traces.models import Trace


def random_order(traces: Iterable[Trace], seed: int) -> list[Trace]:
    return sorted(traces, key=lambda trace: (_sha256("order", seed, trace.content_hash), trace.id))


def split_of(trace: Trace, seed: int, splits: dict[str, float], *, by: str) -> str:
    hashed = trace.prompt_hash if by == "prompt" else trace.content_hash
    number = int(_sha256("split", seed, hashed).hex()[:13], 16)
    share = 0.0
    names = sorted(splits)
    for name in names:
        share += splits[name]
        if number < int(share * 2**52):
            return name
    return names[-1]


def content_digest(rows: Iterable[tuple[Trace, str]]) -> str:
    text = "".join(f"{trace.content_hash}\t{split}\n" for trace, split in rows)
    return hashlib.sha256(text.encode()).hexdigest()


def _sha256(word: str, seed: int, hashed: object) -> bytes:
    return hashlib.sha256(f"{word}:{seed}:{hashed}".encode()).digest()
