"""Which attempts at one prompt make a pair, told without a database."""

from collections import Counter
from itertools import combinations

import pytest

from datasets.recipe.pairing import Attempt, in_order, most_longer, proposals
from datasets.recipe.recipe import PairRule

RIGHT, WRONG = {"answer": "4", "is_right": True}, {"answer": "5", "is_right": False}


def attempt(name: str, **known) -> Attempt:
    known = {"answer": name, "chars": 100, **known}
    return Attempt(position=ord(name), id=name, content_hash=f"content {name}", **known)


def pairs(attempts, *rules: str, refused=None) -> list[str]:
    found = proposals(attempts, [PairRule(rule) for rule in rules], refused or Counter())
    return [one.chosen.id + one.rejected.id for one in found]


def refusals(attempts, *rules: str) -> Counter[str]:
    refused: Counter[str] = Counter()
    list(proposals(attempts, [PairRule(rule) for rule in rules], refused))
    return refused


def test_the_first_right_one_meets_the_first_wrong_one_and_so_on():
    attempts = [
        *(attempt("a", **WRONG), attempt("b", **RIGHT), attempt("c", **WRONG)),
        *(attempt("d", **RIGHT), attempt("e", **RIGHT), attempt("f", answer="7")),
    ]
    assert pairs(attempts, "right_over_wrong") == ["ba", "dc"]


def test_the_order_follows_from_the_seed_and_what_the_attempts_say():
    attempts = [attempt(name) for name in "abcdefgh"]
    assert in_order(attempts, 7) == in_order(reversed(attempts), 7)
    assert in_order(attempts, 7) != in_order(attempts, 8) != attempts
    copies = [one._replace(content_hash="same") for one in attempts]
    assert in_order(reversed(copies), 7) == copies


def test_copies_are_one_attempt():
    copy = attempt("b", **RIGHT)._replace(content_hash="content a")
    attempts = [attempt("a", **RIGHT), copy, attempt("c", **WRONG), attempt("d", **WRONG)]
    assert pairs(attempts, "right_over_wrong") == ["ac"]


def test_verdicts_make_pairs_of_different_answers_alone():
    attempts = [
        *(attempt("a", status="approved", answer="1,000"), attempt("b", status="rejected")),
        *(attempt("c", status="approved", answer="2"), attempt("d", status="rejected")),
    ]
    attempts[1] = attempts[1]._replace(answer="$1000")
    refused: Counter[str] = Counter()
    found = proposals(attempts, [PairRule.APPROVED_OVER_REJECTED], refused)
    assert [one.chosen.id + one.rejected.id for one in found] == ["cd"]
    assert refused == {"same_answer": 1}


def test_what_people_prefer_is_taken_as_they_say_whatever_the_answers_are():
    attempts = [
        attempt("a", answer="4", better_than={"content b", "elsewhere"}),
        attempt("b", answer="4"),
    ]
    assert pairs(attempts, "preferred") == ["ab"]


@pytest.mark.parametrize("order", [1, -1])
def test_what_people_prefer_both_ways_is_no_pair_and_counted_once(order):
    attempts = [attempt("a", better_than={"content b"}), attempt("b", better_than={"content a"})][
        ::order
    ]
    assert pairs(attempts, "preferred") == []
    assert refusals(attempts, "preferred") == {"disputed": 1}


def test_what_people_prefer_is_said_of_all_copies():
    better = {"better_than": {"content c"}}
    copy = attempt("b", **better)._replace(content_hash="content a")
    attempts = [attempt("a", **better), copy, attempt("c")]
    assert pairs(attempts, "preferred") == ["ac"]
    assert refusals(attempts, "preferred") == {}


def test_attempts_meet_where_the_same_was_said_before_them():
    here, there = {"context": "here"}, {"context": "there"}
    attempts = [
        *(attempt("a", **RIGHT, **here), attempt("b", **RIGHT, **there), attempt("c", **RIGHT)),
        *(attempt("d", **WRONG, **there), attempt("e", **WRONG), attempt("f", **WRONG)),
    ]
    assert pairs(attempts, "right_over_wrong") == ["bd", "ce"]
    assert refusals(attempts, "right_over_wrong") == {"other_context": 1}
    preferred = [attempt("a", **here, better_than={"content b"}), attempt("b", **there)]
    assert pairs(preferred, "preferred") == []
    assert refusals(preferred, "preferred") == {"other_context": 1}


@pytest.mark.parametrize(
    ("chars", "found"), [(90, ["ab"]), (91, []), (100, []), (111, []), (112, ["ba"])]
)
def test_a_shorter_right_one_is_better_from_a_tenth_on(chars, found):
    attempts = [attempt("a", **RIGHT, chars=chars), attempt("b", **RIGHT)]
    assert pairs(attempts, "shorter_right") == found
    assert refusals(attempts, "shorter_right") == ({} if found else {"hardly_shorter": 1})


def test_the_margin_is_by_how_much_the_shorter_one_is():
    attempts = [attempt("a", **RIGHT, chars=75), attempt("b", **RIGHT)]
    (pair,) = proposals(attempts, [PairRule.SHORTER_RIGHT], Counter())
    assert pair.margin == 0.25


def test_right_ones_meet_two_by_two():
    attempts = [attempt(name, **RIGHT, chars=n) for n, name in enumerate("abcde", 1)]
    assert pairs(attempts, "shorter_right") == ["ab", "cd"]


def test_of_two_contents_the_first_rule_makes_the_pair():
    attempts = [
        attempt("a", **RIGHT, status="rejected", better_than={"content b"}),
        attempt("b", **WRONG, status="approved"),
    ]
    assert pairs(attempts, "preferred", "right_over_wrong", "approved_over_rejected") == ["ab"]
    assert pairs(attempts, "approved_over_rejected", "preferred") == ["ba"]
    assert refusals(attempts, "approved_over_rejected", "preferred") == {}


@pytest.mark.parametrize(
    ("longer", "others", "share", "stay"),
    [
        (100, 100, 0.6, 100),
        (200, 100, 0.6, 150),
        (5, 0, 0.6, 0),
        (5, 0, 1, 5),
        (5, 5, 0, 0),
        (10, 9, 0.1, 1),
        (10, 8, 0.1, 0),
    ],
)
def test_the_longer_ones_are_no_more_than_their_share(longer, others, share, stay):
    assert most_longer(longer, others, share) == stay


def test_the_share_is_never_passed():
    for longer, others in combinations(range(40), 2):
        for percent in (10, 33, 60):
            stay = most_longer(longer, others, percent / 100)
            assert 100 * stay <= percent * (stay + others)
