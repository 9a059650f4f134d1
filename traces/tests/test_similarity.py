"""Signatures: the same everywhere, near what they estimate, found by their bands."""

import subprocess
import sys

import pytest

from traces.similarity import BANDS, PERMUTATIONS, VERSION, shingles, signatures, similarities

TEXT = "What is 17 plus 25?\nOnes: 7 + 5 = 12, write 2, carry 1.\nTens: 1 + 2 + 1 = 4.\n42"


def words(numbers) -> str:
    return " ".join(f"w{n}" for n in numbers)


def similarity(one: str, other: str) -> float:
    first, second = signatures([one, other])
    return similarities(first.minima, [second.minima])[0]


def test_the_digest_of_a_text_never_changes():
    """Another digest needs another VERSION: stored signatures would be compared with new ones."""
    (signature,) = signatures([TEXT])
    assert VERSION == 201
    assert signature.minima[:16].hex() == "7d23b57dc9c45714c3d7e3c08cd2c2c1"
    assert signature.bands[:2] == [-2401245712205128140, -740785901116108610]


def test_another_process_computes_the_same():
    code = f"from traces.similarity import signatures; print(signatures([{TEXT!r}]))"
    command = [sys.executable, "-c", code]
    printed = {
        subprocess.run(
            command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert printed == {str(signatures([TEXT]))}


def test_a_signature_takes_half_a_kibibyte_and_16_numbers_of_64_bits():
    (signature,) = signatures([TEXT])
    assert len(signature.minima) == 4 * PERMUTATIONS == 512
    assert len(set(signature.bands)) == BANDS == 16
    assert all(-(2**63) <= band < 2**63 for band in signature.bands)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TEXT, TEXT.upper()),
        (TEXT, TEXT.replace(" ", "\n\t")),
        ("Straße, die lange", "STRASSE die LANGE!"),
        ("a b c d", "a b c d a b c d a b c d"[:7]),
        ("!?  +", "!? +"),
        (" ", "\n"),
    ],
)
def test_case_space_and_punctuation_make_no_difference(one, other):
    assert signatures([one]) == signatures([other])


@pytest.mark.parametrize(
    ("one", "other"),
    [("yes", "no"), ("a b", "b a"), ("?", "!"), ("a b c", "a c b"), ("a", "a a a")],
)
def test_short_texts_that_differ_are_not_similar(one, other):
    assert similarity(one, other) < 0.1


def test_a_text_is_the_set_of_its_three_words_in_a_row():
    first, second, third = shingles("a b c d e")
    assert shingles("a b c").tolist() == [first]
    assert shingles("b, c; d").tolist() == [second]
    assert shingles("C d E").tolist() == [third]
    assert len(shingles("a b")) == len(shingles("a")) == len(shingles("")) == 1


@pytest.mark.parametrize("changed", [20, 100, 200, 300])
def test_the_estimate_is_near_the_share_of_common_shingles(changed):
    one, other = words(range(600)), words([*range(600 - changed), *range(1_000, 1_000 + changed)])
    ours, theirs = set(shingles(one).tolist()), set(shingles(other).tolist())
    exact = len(ours & theirs) / len(ours | theirs)
    assert similarity(one, other) == pytest.approx(exact, abs=0.12)  # three standard errors


def test_similar_texts_share_a_band_and_others_do_not():
    near = [words([*range(95), *range(n, n + 5)]) for n in range(1_000, 2_000, 10)]
    far = [words(range(n, n + 100)) for n in range(3_000, 13_000, 100)]
    ours, *others = (set(found.bands) for found in signatures([words(range(100)), *near, *far]))
    assert [bool(ours & bands) for bands in others] == [True] * 100 + [False] * 100


def test_many_texts_at_once_give_what_each_gives_alone(monkeypatch):
    texts = [TEXT, "", words(range(50)), "a", words(range(5_000)), TEXT]
    alone = [signatures([text])[0] for text in texts]
    assert signatures(texts) == alone
    monkeypatch.setattr("traces.similarity.CHARS_AT_ONCE", 100)
    assert signatures(iter(texts)) == alone
    assert signatures([]) == []


def test_words_beyond_those_that_are_kept_are_hashed_alike(monkeypatch):
    long = " ".join(letter * 1_000 for letter in "abcdef")
    text = f"{words(range(20_000, 20_100))} {long}"
    before = shingles(text).tolist()
    monkeypatch.setattr("traces.similarity.KEPT_WORDS", 0)
    assert shingles(text).tolist() == before
