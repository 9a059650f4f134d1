"""Signatures: the same everywhere, near what they estimate, found by their bands."""

import subprocess
import sys

import numpy as np
import pytest

from traces.finding.minhash import (
    BANDS,
    PERMUTATIONS,
    VERSION,
    bands_of,
    merged,
    minima_of,
    shingles,
    similarities,
    stored_minima,
)

TEXT = "What is 17 plus 25?\nOnes: 7 + 5 = 12, write 2, carry 1.\nTens: 1 + 2 + 1 = 4.\n42"


def words(numbers) -> str:
    return " ".join(f"w{n}" for n in numbers)


def similarity(one: str, other: str) -> float:
    first, second = minima_of([one, other])
    return similarities(first, second[np.newaxis])[0]


def shingled(text: str) -> list[int]:
    hashes, counts = shingles([text])
    assert counts.tolist() == [len(hashes)]
    return hashes.tolist()


def test_the_digest_of_a_text_never_changes():
    """Another digest needs another VERSION: stored signatures would be compared with new ones."""
    minima = minima_of([TEXT])
    assert VERSION == 202
    assert minima.tobytes()[:16].hex() == "7d23b57dc9c45714c3d7e3c08cd2c2c1"
    assert bands_of(minima)[0, :2].tolist() == [-2401245712205128140, -740785901116108610]


def test_another_process_computes_the_same():
    code = f"from traces.finding.minhash import minima_of; print(minima_of([{TEXT!r}]).tolist())"
    command = [sys.executable, "-c", code]
    printed = {
        subprocess.run(
            command, env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert printed == {str(minima_of([TEXT]).tolist())}


def test_a_signature_takes_half_a_kibibyte_and_16_numbers_of_64_bits():
    minima = minima_of([TEXT])
    assert len(minima.tobytes()) == 4 * PERMUTATIONS == 512
    (bands,) = bands_of(minima).tolist()
    assert len(set(bands)) == BANDS == 16
    assert all(-(2**63) <= band < 2**63 for band in bands)
    assert similarities(minima[0], stored_minima([minima.tobytes()])) == [1.0]


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
    assert minima_of([one]).tolist() == minima_of([other]).tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [("yes", "no"), ("a b", "b a"), ("?", "!"), ("a b c", "a c b"), ("a", "a a a")],
)
def test_short_texts_that_differ_are_not_similar(one, other):
    assert similarity(one, other) < 0.1


def test_a_text_is_the_set_of_its_three_words_in_a_row():
    first, second, third = shingled("a b c d e")
    assert shingled("a b c") == [first]
    assert shingled("b, c; d") == [second]
    assert shingled("C d E") == [third]
    assert len(shingled("a b")) == len(shingled("a")) == len(shingled("")) == 1


def test_no_shingle_reaches_from_one_text_into_the_next():
    texts = ["a b c d", "", "e", "f g h", "a b c d e"]
    hashes, counts = shingles(texts)
    assert counts.tolist() == [2, 1, 1, 1, 3]
    assert hashes.tolist() == [one for text in texts for one in shingled(text)]


@pytest.mark.parametrize(
    "text", ["Snake_case, 3.14 and #tags", "a\x1cb\x0bc\x00d \x1f e", "don't-stop [it]: NOW"]
)
def test_ascii_is_split_as_all_else_is(text):
    """A letter beyond ASCII sends a text the other way."""
    assert shingled(f"{text} ż")[:-1] == shingled(text)


def test_without_words_white_space_splits():
    assert shingled("? \x1c +\x1f!") == shingled("? + !") != shingled("?+!")


@pytest.mark.parametrize("changed", [20, 100, 200, 300])
def test_the_estimate_is_near_the_share_of_common_shingles(changed):
    one, other = words(range(600)), words([*range(600 - changed), *range(1_000, 1_000 + changed)])
    assert similarity(one, other) == pytest.approx(exact(one, other), abs=0.12)


def exact(one: str, other: str) -> float:
    ours, theirs = set(shingled(one)), set(shingled(other))
    return len(ours & theirs) / len(ours | theirs)


def test_the_minima_of_a_whole_come_from_those_of_its_parts():
    whole = "a b c d e f"
    first, second = minima_of(["a b c d", "c d e f"])
    assert merged(first, second).tolist() == minima_of([whole])[0].tolist()


def test_similar_texts_share_a_band_and_others_do_not():
    near = [words([*range(95), *range(n, n + 5)]) for n in range(1_000, 2_000, 10)]
    far = [words(range(n, n + 100)) for n in range(3_000, 13_000, 100)]
    rows = bands_of(minima_of([words(range(100)), *near, *far])).tolist()
    ours, *others = map(set, rows)
    assert [bool(ours & bands) for bands in others] == [True] * 100 + [False] * 100


@pytest.mark.parametrize(
    ("bands", "rows", "threshold"), [(25, 5, 0.7), (21, 6, 0.8), (12, 10, 0.9)]
)
def test_near_duplicates_of_each_threshold_are_found_by_bands_of_the_same_minima(
    bands, rows, threshold
):
    """What is stored must serve thresholds that the stored bands were not made for."""
    texts = [words(range(1_000 * n, 1_000 * n + 100)) for n in range(60)]
    copies = [spoiled(text, 3) if n % 2 else spoiled(text, 1) for n, text in enumerate(texts)]
    minima = minima_of(texts + copies)[:, : bands * rows].reshape(-1, bands, rows)
    ours, theirs = minima[:60], minima[60:]
    alike = [exact(*pair) >= threshold for pair in zip(texts, copies, strict=True)]
    share_a_band = (ours == theirs).all(axis=2).any(axis=1)
    assert sum(alike) > 20
    found = sum(share_a_band[alike])
    assert found / sum(alike) > 0.95
    strangers = (ours == np.roll(theirs, 1, axis=0)).all(axis=2).any(axis=1)
    assert not strangers.any()


def spoiled(text: str, count: int) -> str:
    """Change so many words, far from each other."""
    changed = text.split()
    for number in range(count):
        changed[20 + 25 * number] = f"other{number}"
    return " ".join(changed)


def test_many_texts_at_once_give_what_each_gives_alone(monkeypatch):
    texts = [TEXT, "", words(range(50)), "a", words(range(5_000)), "é è", TEXT]
    alone = [minima_of([text])[0].tolist() for text in texts]
    assert minima_of(texts).tolist() == alone
    monkeypatch.setattr("traces.finding.minhash.CHARS_AT_ONCE", 100)
    assert minima_of(texts).tolist() == alone
    assert minima_of([]).shape == (0, PERMUTATIONS)


def test_words_beyond_those_that_are_kept_are_hashed_alike(monkeypatch):
    long = " ".join(letter * 1_000 for letter in "abcdef")
    text = f"{words(range(20_000, 20_100))} {long}"
    before = shingled(text)
    monkeypatch.setattr("traces.finding.minhash.KEPT_WORDS", 0)
    assert shingled(text) == before
