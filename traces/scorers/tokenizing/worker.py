"""The program that counts tokens, for an array of path, digest and texts on each line of input.

It is run by path, loads nothing of the site, asks no network, and may be killed at any time: what a
tokenizer's file makes of a text, and of memory, is not known before. Before the first answer it
says that it is ready. It ends when nobody asks it for so many seconds as its argument says, and
when it took too long or too much memory for one line.
"""

import hashlib
import json
import logging
import resource
import select
import signal
import sys
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

MAX_BYTES = 64 * 1024**2  # of a file; large vocabularies take half of that
MAX_LOADED = 3  # each may take some hundred MiB
MAX_MEMORY_BYTES = 2 * 1024**3  # of addresses
MAX_LOAD_SECONDS = 15.0  # of processor time
MAX_COUNT_SECONDS = 5.0
READY = "ready"  # as who asks expects it
UNREADABLE = "unreadable"
UNCOUNTABLE = "uncountable"

Count = Callable[[str], int]


def main(idle_seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's interrupt is for who asks
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    tell(READY)
    while select.select([sys.stdin], [], [], idle_seconds)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        path, digest, texts = json.loads(line)
        answer = counted(path, digest, texts)
        signal.setitimer(signal.ITIMER_PROF, 0)
        tell(answer)


def tell(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def counted(path: str, digest: str, texts: list[str]) -> list[int] | str:
    """Count the tokens of each text, or say why not; of no texts it is known that they could be."""
    try:
        signal.setitimer(signal.ITIMER_PROF, MAX_LOAD_SECONDS)
        count = loaded(path, digest)
    except MemoryError:
        sys.exit(1)  # what is left of the memory is not known
    except Exception:  # whatever a library says of a file
        return UNREADABLE
    try:
        signal.setitimer(signal.ITIMER_PROF, MAX_COUNT_SECONDS)
        return [count(text) for text in texts]
    except MemoryError:
        sys.exit(1)
    except Exception:  # whatever it stumbles over
        return UNCOUNTABLE


@lru_cache(maxsize=MAX_LOADED)
def loaded(path: str, digest: str) -> Count:
    """Read a file, if it is still the one of this SHA-256, and give what counts by it."""
    with Path(path).open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError("It is being replaced.")
    return KINDS[Path(path).suffix](data)


def of_json(data: bytes) -> Count:
    """Read a file of Hugging Face's `tokenizers`, without the lengths that it cuts or fills to."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(data)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def of_sentencepiece(data: bytes) -> Count:
    """Read a SentencePiece model."""
    from sentencepiece import SentencePieceProcessor

    processor = SentencePieceProcessor(model_proto=data)
    return lambda text: len(processor.encode(text))


KINDS = {".json": of_json, ".model": of_sentencepiece}

if __name__ == "__main__":
    main(float(sys.argv[1]))
