"""Training data: exported lines read, tokenized, and put into batches with little padding."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import root  # noqa: F401  # so that what is next is found
from errors import InputError
from tokenization import TokenizerLike

from traces.reasoning.templates import Format, Template, answer_only, read_line, recognise

ROUND_TO = 8  # tokens; lengths of buckets


@dataclass(frozen=True)
class Pair:
    """What is said up to the reply, and the reply that shall be learnt, with the turns' marks."""

    prompt: str
    completion: str


@dataclass(frozen=True)
class Example:
    """Token ids, and where the model's turn begins: the loss counts from there on."""

    tokens: np.ndarray  # int32 (length,)
    start: int


@dataclass(frozen=True)
class Batch:
    tokens: np.ndarray  # int32 (batch, length), padded on the right
    loss_mask: np.ndarray  # bool (batch, length), true on the model's turn
    real_tokens: int  # how many are no padding


def read_data(path: Path, template: Template, completion: str) -> tuple[list[Pair], Format]:
    """Read `tunix_sft` or `training_example` lines; InputError names line and field."""
    pairs: list[Pair] = []
    fmt: Format | None = None
    try:
        with path.open("rb") as file:
            for number, raw in enumerate(file, start=1):
                if not raw.strip():
                    continue
                try:
                    line = _object(raw)
                    fmt = fmt or recognise(line)
                    said, answer = read_line(line, fmt)
                except ValueError as error:
                    raise InputError(f"{path}: line {number}: {error}") from None
                if completion == "answer_only":
                    answer = answer_only(answer)
                pairs.append(Pair(template.conversation(said), template.completion(answer)))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    if fmt is None:
        raise InputError(f"{path}: the file holds no line")
    return pairs, fmt


def _object(raw: bytes) -> dict[str, Any]:
    try:
        line = json.loads(raw.decode())
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: byte {error.start}") from None
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"no JSON: {getattr(error, 'msg', 'nests too deep')}") from None
    if not isinstance(line, dict):
        raise ValueError("no JSON object")
    return line


def tokenize(
    pairs: list[Pair], tokenizer: TokenizerLike, max_length: int
) -> tuple[list[Example], int]:
    """Give the examples that fit in `max_length` tokens, and how many do not."""
    bos = tokenizer.bos_id()
    head = [bos] if bos else []  # as the sampler does, which takes 0 for none
    examples = []
    for pair in pairs:
        prompt = head + tokenizer.encode(pair.prompt)
        tokens = prompt + tokenizer.encode(pair.completion)
        if len(tokens) <= max_length:
            examples.append(Example(np.array(tokens, dtype=np.int32), len(prompt)))
    return examples, len(pairs) - len(examples)


def bucket_lengths(examples: list[Example], max_buckets: int) -> list[int]:
    """Choose the lengths to pad to: quantiles of the examples' own, rounded up."""
    lengths = sorted(len(example.tokens) for example in examples)
    picks = [
        lengths[-(-len(lengths) * share // max_buckets) - 1] for share in range(1, max_buckets + 1)
    ]
    return sorted({-(-length // ROUND_TO) * ROUND_TO for length in picks})


class Batches:
    """An endless, seeded order of batches: every example once an epoch, each epoch shuffled anew.

    Iterating starts from the beginning, so that a resumed run passes over what it saw.
    """

    def __init__(
        self, examples: list[Example], *, batch_size: int, max_buckets: int, pad: int, seed: int
    ) -> None:
        self.examples = examples
        self.batch_size = batch_size
        self.lengths = bucket_lengths(examples, max_buckets)
        self.pad = pad
        self.seed = seed

    def __iter__(self) -> Iterator[Batch]:
        shuffle = random.Random(self.seed).shuffle  # noqa: S311  # reproducible, not secret
        waiting: dict[int, list[Example]] = {length: [] for length in self.lengths}
        while True:
            epoch = list(self.examples)
            shuffle(epoch)
            for example in epoch:
                length = self._bucket(example)
                waiting[length].append(example)
                if len(waiting[length]) == self.batch_size:
                    yield collate(waiting[length], length, self.pad)
                    waiting[length] = []

    def once(self) -> Iterator[Batch]:
        """Every example once, in order; the last batches are filled up with lines of no loss."""
        for length in self.lengths:
            chosen = [example for example in self.examples if self._bucket(example) == length]
            for at in range(0, len(chosen), self.batch_size):
                yield collate(
                    chosen[at : at + self.batch_size], length, self.pad, rows=self.batch_size
                )

    def _bucket(self, example: Example) -> int:
        return next(length for length in self.lengths if len(example.tokens) <= length)

    def padding_share(self) -> float:
        """How much of an epoch's tokens is padding."""
        padded = sum(self._bucket(example) for example in self.examples)
        return 1 - sum(len(example.tokens) for example in self.examples) / padded


def collate(examples: list[Example], length: int, pad: int, *, rows: int | None = None) -> Batch:
    shape = (rows or len(examples), length)
    tokens = np.full(shape, pad, dtype=np.int32)
    mask = np.zeros(shape, dtype=bool)
    for row, example in enumerate(examples):
        tokens[row, : len(example.tokens)] = example.tokens
        mask[row, example.start : len(example.tokens)] = True
    return Batch(tokens, mask, sum(len(example.tokens) for example in examples))
