"""Data is read by line and field, and batched with little padding, in the seed's order."""

import collections
import itertools
import json

import numpy as np
import pytest
from batches import Batches, bucket_lengths, read_data, tokenize
from errors import InputError
from helpers import addition, example_line, response, sft_line, write_lines
from tokenization import WordTokenizer

from traces.reasoning.templates import INSTRUCTION, TEMPLATES

GEMMA, CHATML = TEMPLATES["gemma"], TEMPLATES["chatml"]


def examples_of(lengths):
    """Examples of these lengths, told apart by their first token."""
    pairs = zip(itertools.count(10), lengths, strict=False)
    tokens = [np.full(length, number, dtype=np.int32) for number, length in pairs]
    Example = collections.namedtuple("Example", ["tokens", "start"])
    return [Example(one, len(one) // 2) for one in tokens]


def batches_of(examples, **changes):
    return Batches(examples, **{"batch_size": 4, "max_buckets": 3, "pad": 0, "seed": 0, **changes})


@pytest.mark.parametrize(
    ("make_line", "fmt", "ending"),
    [(sft_line, "tunix_sft", ""), (example_line, "training_example", INSTRUCTION)],
)
@pytest.mark.parametrize("template", [GEMMA, CHATML])
def test_both_formats_are_read_and_put_into_turns(tmp_path, make_line, fmt, ending, template):
    path = write_lines(tmp_path / "data.jsonl", [make_line(number) for number in range(3)])
    pairs, found = read_data(path, template, "reasoning")
    assert found == fmt
    prompt, steps, answer = addition(1)
    assert pairs[1].prompt == template.prompt(prompt + ending)
    assert pairs[1].completion == response(steps, answer) + template.end


def test_reasoning_can_be_left_out(tmp_path):
    path = write_lines(tmp_path / "data.jsonl", [sft_line(1)])
    (pair,), _ = read_data(path, GEMMA, "answer_only")
    assert pair.completion == f"Answer: {addition(1)[2]}<end_of_turn>"


def test_empty_lines_are_passed_over(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text(f"\n{json.dumps(sft_line(0))}\r\n  \n{json.dumps(sft_line(1))}")
    assert len(read_data(path, GEMMA, "reasoning")[0]) == 2


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "the file holds no line"),
        (b"\n \n", "the file holds no line"),
        (b"{", "line 1: no JSON"),
        (b"[1]", "line 1: no JSON object"),
        (b"\xff", "line 1: not UTF-8"),
        (b"[" * 100_000, "line 1: no JSON: nests too deep"),
        (b'{"a": 1}', "line 1: neither prompts nor prompt and response"),
        (b'GOOD\n{"prompts": 5}', "line 2: prompts: not a string"),
        (b'GOOD\n\n{"prompt": "a", "response": "b"}', "line 3: prompts: not a string"),
        (b"GOOD\nGOOD\n\xc3", "line 3: not UTF-8"),
        (b'{"prompt": "a\\ud800", "response": "b"}', "line 1: prompt: a lone surrogate"),
    ],
)
def test_what_cannot_be_read_is_named_by_line_and_field(tmp_path, raw, message):
    path = tmp_path / "data.jsonl"
    path.write_bytes(raw.replace(b"GOOD", json.dumps(sft_line(0)).encode()))
    with pytest.raises(InputError) as caught:
        read_data(path, GEMMA, "reasoning")
    assert str(caught.value).startswith(f"{path}: {message}")
    assert "\n" not in str(caught.value)


def test_the_loss_counts_from_the_models_turn_on(tmp_path):
    path = write_lines(tmp_path / "data.jsonl", [sft_line(number) for number in range(3)])
    pairs, _ = read_data(path, GEMMA, "reasoning")
    tokenizer = WordTokenizer.learn([pair.completion for pair in pairs], 50)
    examples, too_long = tokenize(pairs, tokenizer, 500)
    assert too_long == 0
    for pair, example in zip(pairs, examples, strict=True):
        assert example.tokens[0] == tokenizer.bos_id()
        assert tokenizer.decode(example.tokens[: example.start]) == pair.prompt
        assert tokenizer.decode(example.tokens[example.start :]) == pair.completion


def test_what_is_too_long_is_left_out_and_counted(tmp_path):
    path = write_lines(tmp_path / "data.jsonl", [sft_line(number) for number in range(3)])
    pairs, _ = read_data(path, GEMMA, "reasoning")
    tokenizer = WordTokenizer([])
    whole, _ = tokenize(pairs, tokenizer, 10_000)
    lengths = [len(example.tokens) for example in whole]
    examples, too_long = tokenize(pairs, tokenizer, max(lengths) - 1)
    assert too_long == lengths.count(max(lengths))
    assert len(examples) == 3 - too_long
    assert len(tokenize(pairs, tokenizer, max(lengths))[0]) == 3


def test_padding_is_a_small_share():
    lengths = [20 + (7 * number) % 180 for number in range(500)]
    shares = {
        buckets: batches_of(examples_of(lengths), max_buckets=buckets).padding_share()
        for buckets in (1, 4, 8)
    }
    assert shares[8] < shares[4] < shares[1]
    assert shares[1] == pytest.approx(1 - sum(lengths) / (500 * 200))
    assert shares[8] < 0.1


def test_buckets_are_few_hold_the_longest_and_divide_by_eight():
    examples = examples_of([1, 5, 9, 100, 101, 102, 103, 999])
    lengths = bucket_lengths(examples, 3)
    assert len(lengths) <= 3
    assert lengths[-1] == 1000
    assert all(length % 8 == 0 for length in lengths)
    assert bucket_lengths(examples_of([5]), 4) == [8]


def test_every_example_comes_once_an_epoch():
    lengths = [10 + number % 40 for number in range(60)]
    examples = examples_of(lengths)
    batches = batches_of(examples, batch_size=5)
    seen = collections.Counter()
    for epoch in range(1, 4):
        while sum(seen.values()) < epoch * 60:
            seen.update(int(row[0]) for row in next_batch(batches, sum(seen.values()) // 5).tokens)
        # buckets fill up at their own pace: at most one unfinished batch of each is out of step
        late = sum(abs(seen[int(example.tokens[0])] - epoch) for example in examples)
        assert late <= 2 * 3 * 4
        assert max(seen.values()) <= epoch + 1


def next_batch(batches, number):
    return next(itertools.islice(iter(batches), number, None))


def test_with_one_bucket_every_epoch_holds_every_example_exactly():
    batches = batches_of(examples_of([10] * 20), batch_size=5, max_buckets=1)
    stream = iter(batches)
    epochs = [
        [int(row[0]) for batch in itertools.islice(stream, 4) for row in batch.tokens]
        for _ in range(3)
    ]
    assert [sorted(epoch) for epoch in epochs] == 3 * [list(range(10, 30))]
    assert epochs[0] != epochs[1] != epochs[2]


def test_the_order_is_the_seeds():
    examples = examples_of([10 + number % 30 for number in range(50)])

    def order(seed):
        stream = iter(batches_of(examples, seed=seed))
        return [batch.tokens.tolist() for batch in itertools.islice(stream, 40)]

    assert order(1) == order(1)
    assert order(1) != order(2)


def test_a_batch_may_be_larger_than_the_data():
    stream = iter(batches_of(examples_of([10, 12, 20]), batch_size=8))
    batch = next(stream)
    assert batch.tokens.shape[0] == 8
    assert set(batch.tokens[:, 0]) <= {10, 11, 12}


def test_batches_are_padded_on_the_right_and_masked():
    examples = examples_of([9, 16])
    batch = next(iter(batches_of(examples, batch_size=2, max_buckets=1, pad=3)))
    assert batch.tokens.shape == batch.loss_mask.shape == (2, 16)
    assert batch.tokens.dtype == np.int32
    assert batch.loss_mask.dtype == bool
    assert batch.real_tokens == 25
    for tokens, mask in zip(batch.tokens, batch.loss_mask, strict=True):
        length = 9 if tokens[0] == 10 else 16
        assert set(tokens[length:]) <= {3}
        assert mask.tolist() == [length // 2 <= at < length for at in range(16)]


def test_an_evaluation_takes_every_example_once_in_batches_of_one_size():
    examples = examples_of([10 + number % 30 for number in range(11)])
    taken = list(batches_of(examples).once())
    assert {batch.tokens.shape[0] for batch in taken} == {4}
    counted = [int(row[0]) for batch in taken for row in batch.tokens if row.any()]
    assert sorted(counted) == list(range(10, 21))
    assert sum(int(batch.loss_mask.sum()) for batch in taken) == sum(
        len(example.tokens) - example.start for example in examples
    )
    assert sum(batch.real_tokens for batch in taken) == sum(len(e.tokens) for e in examples)
