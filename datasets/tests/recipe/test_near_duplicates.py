"""Near duplicates go where something like them stays, and nothing else goes."""

import random
from collections import Counter

import numpy as np
import pytest

from datasets.recipe.text.comparing import (
    CHARS_AT_ONCE,
    MOST_A_BUCKET,
    MOST_COMPARED,
    ROWS_AT_ONCE,
)
from datasets.recipe.text.near_duplicates import STAYS, Duplicates, near_duplicates
from datasets.recipe.text.near_groups import near_groups
from datasets.recipe.text.shingling import Shingles, jaccard, shingled
from datasets.tests.recipe.problems import word_problems
from traces.finding.minhash import minima_of
from traces.tests.real_data import read_problems

THRESHOLD = 0.8
RECALL = 0.98


def sets_of(texts) -> list[Shingles]:
    return [found for _, found in shingled((row, [text]) for row, text in enumerate(texts))]


def reading(texts):
    return lambda rows: ((row, [texts[row]]) for row in rows)


def duplicates(texts, threshold=THRESHOLD, **parameters) -> Duplicates:
    return near_duplicates(
        minima_of(texts), threshold=threshold, texts=reading(texts), **parameters
    )


def stays(found: Duplicates) -> list[int]:
    return np.flatnonzero(found.like == STAYS).tolist()


def varied(texts, count, seed) -> list[str]:
    """Take texts again and again, with more or less of their words changed."""
    dice = random.Random(seed)
    words = [word for text in texts for word in text.split()]

    def changed(text: str) -> str:
        share = dice.choice([0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.5])
        return " ".join(
            dice.choice(words) if dice.random() < share else word for word in text.split()
        )

    return [changed(dice.choice(texts)) for _ in range(count)]


def similar_pairs(sets, threshold) -> set[tuple[int, int]]:
    """Compare all with all."""
    having: dict[int, list[int]] = {}
    pairs = set()
    for row, own in enumerate(sets):
        shared = Counter(other for shingle in own.tolist() for other in having.get(shingle, ()))
        pairs |= {(other, row) for other in shared if jaccard(own, sets[other]) >= threshold}
        for shingle in own.tolist():
            having.setdefault(shingle, []).append(row)
    return pairs


def check_against_all_pairs(texts):
    """What goes is like what stays, exactly; of the pairs, next to none stays whole."""
    found, sets = duplicates(texts), sets_of(texts)
    staying = set(stays(found))
    assert len(texts) - len(staying) > len(texts) / 10
    for row in set(range(len(texts))) - staying:
        other = int(found.like[row])
        assert other < row
        assert other in staying
        assert found.similarity[row] == jaccard(sets[row], sets[other]) >= THRESHOLD
    pairs = similar_pairs(sets, THRESHOLD)
    left = sum(one in staying and other in staying for one, other in pairs)
    assert left <= (1 - RECALL) * len(pairs)


def test_what_goes_is_like_something_that_stays_and_next_to_nothing_is_missed():
    check_against_all_pairs(varied(word_problems(900, seed=1), 2_500, seed=2))


@pytest.mark.real_data
def test_so_it_is_with_5_000_real_solutions():
    problems = read_problems("train")[:2_000]
    check_against_all_pairs(varied([problem["answer"] for problem in problems], 5_000, seed=3))


def test_the_first_stays_and_the_last_is_compared_with_it_alone():
    """The third is like the second, which goes, and not like the first."""
    words = [f"word{number}" for number in range(100)]
    texts = [" ".join(words[shift : shift + 60]) for shift in (0, 5, 10)]
    found = duplicates(texts)
    assert found.like.tolist() == [STAYS, 0, STAYS]
    assert found.similarity.tolist() == [0, 53 / 63, 0]
    groups = near_groups(minima_of(texts), threshold=THRESHOLD, texts=reading(texts))
    assert groups.firsts.tolist() == [0, 0, 0]


def test_rows_of_different_classes_are_never_like_each_other():
    text = word_problems(1, seed=4)[0]
    found = duplicates([text] * 4, classes=np.array([7, 8, 7, 8], np.uint64))
    assert found.like.tolist() == [STAYS, STAYS, 0, 1]


def test_blocks_make_no_difference():
    texts = varied(word_problems(ROWS_AT_ONCE // 2, seed=5), 2 * ROWS_AT_ONCE + 10, seed=6)
    whole, done = duplicates(texts), []
    in_parts = duplicates(texts, sizes=np.full(len(texts), 10_000), check=done.append)
    assert stays(whole) == stays(in_parts)
    assert len(done) > 10
    assert done[-1] == len(texts)


def test_a_text_longer_than_fits_is_compared_alone():
    text = "So many words stand here that it takes long to read them. " * 10
    found = duplicates([text, text], sizes=np.array([10**9, 10**9]))
    assert found.like.tolist() == [STAYS, 0]


def test_several_texts_of_a_row_are_one():
    prompt, solution = word_problems(2, seed=7)
    minima = np.minimum(minima_of([prompt]), minima_of([solution]))
    found = near_duplicates(
        np.concatenate([minima, minima]),
        threshold=1,
        texts=lambda rows: ((row, [prompt, solution]) for row in rows),
    )
    assert (found.like.tolist(), found.similarity.tolist()) == ([STAYS, 0], [0, 1])


def test_a_template_of_80_words_before_each_leaves_all_that_differ():
    template = " ".join(f"rule{number}" for number in range(80))
    texts = [f"{template} {problem}" for problem in word_problems(3_000, seed=8)]
    assert stays(duplicates(texts, threshold=0.9)) == list(range(3_000))


def test_a_bucket_that_is_full_refuses_and_counts_it():
    """Ever more that share all but a few words: each is compared with so many, none is lost."""
    words = [f"word{number}" for number in range(60)]
    texts = [" ".join([*words, *[f"own{row}x{n}" for n in range(12)]]) for row in range(200)]
    found = duplicates(texts)
    assert stays(found) == list(range(200))
    assert found.refused > 200 - MOST_A_BUCKET


@pytest.mark.parametrize("at_once", [1, 50, 200])
def test_what_a_row_is_not_compared_with_is_counted(at_once):
    """All may be alike by their minima, and none is: each is compared with so many alone."""
    words = [f"word{number}" for number in range(60)]
    texts = [" ".join([*words, *[f"own{row}x{n}" for n in range(9)]]) for row in range(200)]
    sizes = np.full(200, CHARS_AT_ONCE // at_once)
    found = duplicates(texts, sizes=sizes)
    assert stays(found) == list(range(200))
    groups = near_groups(minima_of(texts), threshold=THRESHOLD, texts=reading(texts), sizes=sizes)
    assert groups.firsts.tolist() == list(range(200))
    for one in (found, groups):
        assert 100 < one.uncompared < 200 - MOST_COMPARED
        assert one.refused > 0


def test_texts_that_sketches_tell_apart_are_read_once():
    """Each is like those of the blocks before, but not by the threshold."""
    words = [f"word{number}" for number in range(160)]
    texts = [" ".join([*words, *[f"own{row}x{n}" for n in range(17)]]) for row in range(100)]
    read = Counter()

    def reading_once(rows):
        read.update(rows)
        return reading(texts)(rows)

    found = near_duplicates(
        minima_of(texts), threshold=0.9, texts=reading_once, sizes=np.full(100, 200_000)
    )
    assert stays(found) == list(range(100))
    assert len(read) > 50
    assert max(read.values()) == 1


def test_copies_of_one_text_leave_one():
    text = word_problems(1, seed=9)[0]
    found = duplicates([text] * (ROWS_AT_ONCE + 5))
    assert stays(found) == [0]
    assert found.refused == 0


@pytest.mark.parametrize("texts", [[], ["alone"], ["one thing", "quite another"]])
def test_where_nothing_is_alike_all_stay(texts):
    assert stays(duplicates(texts)) == list(range(len(texts)))
    groups = near_groups(minima_of(texts), threshold=0.7, texts=reading(texts))
    assert groups.firsts.tolist() == list(range(len(texts)))
    assert (groups.refused, groups.uncompared) == (0, 0)


def test_a_prompt_that_joined_a_group_is_compared_with_no_other_of_it():
    texts = [f"{' '.join(f'word{number}' for number in range(80))} {row}" for row in range(60)]
    read = Counter()

    def counted(rows):
        read.update(rows)
        return reading(texts)(rows)

    groups = near_groups(minima_of(texts), threshold=0.7, texts=counted, sizes=np.full(60, 500_000))
    assert groups.firsts.tolist() == [0] * 60
    assert groups.uncompared == 0  # of the others each is in its group already
    assert read.total() <= 2 * 60


def test_groups_are_what_hangs_together():
    texts = varied(word_problems(200, seed=10), 1_500, seed=11)
    groups = near_groups(
        minima_of(texts), threshold=0.7, texts=reading(texts), sizes=np.full(1_500, 10_000)
    ).firsts.tolist()
    pairs = similar_pairs(sets_of(texts), 0.7)
    assert sum(groups[one] != groups[other] for one, other in pairs) <= (1 - RECALL) * len(pairs)
    assert all(group <= row and groups[group] == group for row, group in enumerate(groups))
    assert 200 <= len(set(groups)) < 1_000
