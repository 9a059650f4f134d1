"""Evaluation items are found where they stand in a text, and nothing else is."""

import pytest

from datasets.recipe.text.contamination import (
    MAX_EVIDENCE_CHARS,
    ItemIndex,
    Match,
    TooManyWords,
)
from datasets.recipe.text.words import words_of
from datasets.tests.recipe.problems import planted, word_problems
from traces.tests.real_data import read_problems

EACH = 36
NUMBERS_FOUND = 0.9
MOST_FLAGGED = 0.001

EGGS = "A box holds 12 eggs, and Ana drops 3 of them. How many eggs are whole?"
SHIPS = "Seven ships leave the harbour at dawn. Two of them come back. Where are the others?"


def find(items, *texts, **parameters) -> list[list[Match]]:
    return list(ItemIndex(items, **parameters).find([words_of(text) for text in texts]))


def test_an_item_is_found_and_named_with_its_words():
    copy = EGGS.replace("drops", "loses").upper()
    ((match,),) = find([SHIPS, EGGS], f"Think well. {copy} Say why.")
    assert match == Match(item=1, share=15 / 16, words="3 of them how many eggs are whole")


def test_what_has_no_word_in_common_is_not():
    assert find([SHIPS, EGGS], "What is the capital of France?", "") == [[], []]


def check_planted(items, others):
    """Each kind of copy is found with its item first; next to none of the others is."""
    index = ItemIndex(items)
    for kind, copies in planted(items, others, EACH, seed=7).items():
        found = index.find([words_of(text) for text in copies.values()])
        right = sum(
            bool(matches) and matches[0].item == number
            for number, matches in zip(copies, found, strict=True)
        )
        assert right >= (NUMBERS_FOUND * EACH if kind == "numbers changed" else EACH), kind
    flagged = sum(map(bool, index.find([words_of(text) for text in others])))
    assert flagged <= MOST_FLAGGED * len(others)


def test_planted_questions_are_found_and_others_left_alone():
    check_planted(word_problems(300, seed=1), word_problems(2_000, seed=2))


@pytest.mark.real_data
def test_planted_questions_are_found_among_real_problems():
    test, train = (
        [problem["question"] for problem in read_problems(name)] for name in ("test", "train")
    )
    check_planted(test, train)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("Why?", "why"),
        ("!!!", "!!!"),
        ("Wer fährt in die Straße ein?", "WER FA\u0308HRT IN DIE STRASSE EIN"),
        ("x\u00b2 = 4", "x2=4"),
        ("What is 5 \u2212 3?", "What is 5 - 3?"),
    ],
)
def test_the_same_words_count_however_few_they_are(item, text):
    ((match,),) = find([SHIPS, item], text)
    assert (match.item, match.share) == (1, 1.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What is 5 - 3?", "What is 5 + 3?"),
        ("What is 5 * 3?", "What is 5 / 3?"),
        ("What is -5?", "What is 5?"),
        ("What is 2 - (3)?", "What is 2 + (3)?"),
        ("!!!", "???"),
    ],
)
def test_signs_before_numbers_tell_questions_apart(one, other):
    assert find([one], other) == [[]]


def test_the_share_decides():
    words = [f"word{number}" for number in range(20)]
    half = " ".join(words[:10])
    less = " ".join(words[:9])
    assert [[match.share for match in found] for found in find([" ".join(words)], half, less)] == [
        [0.5],
        [],
    ]
    assert find([" ".join(words)], less, share=0.45) == [[Match(0, 0.45, less)]]
    assert find([" ".join(words)], half, n=11) == [[]]


def test_of_several_items_the_one_that_is_there_most_comes_first():
    changed = EGGS.replace("Ana", "Ben").replace("whole", "left")
    ((first, second, third),) = find([SHIPS, changed, EGGS], f"{EGGS} {SHIPS}")
    assert (first.item, second.item, third.item) == (0, 2, 1)
    assert (first.share, second.share) == (1.0, 1.0)


def test_a_template_is_no_content():
    """It covers nothing, and what stands without it is found all the same."""
    template = " ".join(f"rule{number}" for number in range(80))
    items = word_problems(40, seed=3)
    index = ItemIndex([f"{template} {item}" for item in items])
    assert index.template_count >= 80 - 4
    others = [f"{template} {text}" for text in word_problems(40, seed=4)]
    assert list(index.find([words_of(text) for text in others])) == [[]] * 40
    found = index.find([words_of(text) for text in items])
    assert [matches[0].item for matches in found] == list(range(40))


def test_an_item_that_is_all_template_is_found_where_it_is_the_whole():
    items = [EGGS, *(f"{EGGS} {word}" for word in ("One", "Two", "Three")), SHIPS]
    assert find(items, EGGS, f"Well: {EGGS}") == [
        [Match(0, 1.0, " ".join(words_of(EGGS)))],
        [],
    ]


def test_a_question_that_stands_often_in_a_set_is_no_template():
    items = [SHIPS, EGGS, *[EGGS.upper()] * 9]
    index = ItemIndex(items)
    assert index.template_count == 0
    ((match,),) = index.find([words_of(f"Well: {EGGS}")])
    assert (match.item, match.share) == (1, 1.0)


def test_evidence_is_short():
    item = "seven words of which many stand here " * 300
    ((match,),) = find([item], item)
    assert len(match.words) == MAX_EVIDENCE_CHARS


def test_many_long_texts_are_looked_through_in_parts():
    filler = "nothing to see here at all " * 2_000
    texts = [filler, f"{filler} {EGGS} {filler}", EGGS, filler]
    assert [[match.item for match in found] for found in find([SHIPS, EGGS], *texts)] == [
        [],
        [1],
        [1],
        [],
    ]


def test_more_words_than_an_index_holds_are_not_read_to_the_end():
    prompts = iter([SHIPS] * 10)
    with pytest.raises(TooManyWords):
        ItemIndex(prompts, most=40)
    assert len(list(prompts)) == 7


def test_an_index_of_nothing_finds_nothing():
    assert find([], EGGS, "") == [[], []]


@pytest.mark.parametrize("sign", [*map(chr, range(128)), "- ", "-(", "x_9"])
def test_plain_text_is_parted_as_any_other(sign):
    """A word that is no ASCII has all of the text go the long way; it is left out here."""
    for text in (f"It was {sign}5 apples", f"Sums{sign}9 {sign}{sign} (3)", sign):
        *words, _ = words_of(f"{text}\nß")
        assert words_of(text) == (words or text.casefold().split())
