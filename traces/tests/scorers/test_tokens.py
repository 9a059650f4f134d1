"""The tokens of a trace, counted by tokenizer files of all kinds."""

import os
import threading
from pathlib import Path

import pytest
import sentencepiece

from traces.scorers import program
from traces.scorers.scorer import TryAgain
from traces.scorers.tokenizing import counting, worker
from traces.scorers.tokenizing.files import MAX_NAME_CHARS, Tokenizer, tokenizers_in
from traces.scorers.tokens import scorer_of
from traces.tests.scorers.contents import content
from traces.tests.tokenizer_files import (
    write_growing,
    write_pieces,
    write_words,
    write_words_with_more,
)

UNREADABLE = "The file of the tokenizer `bad` cannot be read as one."


def tokenizer(path) -> Tokenizer:
    return tokenizers_in(path.parent)[path.stem]


def undecided(reason: str) -> dict:
    return {"outcome": "undecided", "reason": reason, "unit": "tokens"}


def test_each_text_is_counted_by_itself(tmp_path):
    scorer = scorer_of(tokenizer(write_words(tmp_path / "words.json")))
    found = scorer.score(content("Twice 2 is 4.", "So it is 4!", answer="4"))
    assert found.value == 6 + 10 + 1
    assert found.details == {"prompt": 6, "steps": 10, "final_answer": 1, "unit": "tokens"}
    assert scorer.criteria == "tokens:words"


def test_an_empty_answer_has_no_tokens(tmp_path):
    scorer = scorer_of(tokenizer(write_words(tmp_path / "words.json")))
    assert scorer.score(content("Four.", answer="")).details["final_answer"] == 0


def test_nothing_is_added_cut_off_or_filled_in(tmp_path):
    plain = scorer_of(tokenizer(write_words(tmp_path / "plain.json")))
    more = scorer_of(tokenizer(write_words_with_more(tmp_path / "more.json")))
    assert more.score(content()) == plain.score(content())


def test_a_sentencepiece_model_counts(tmp_path):
    path = write_pieces(tmp_path / "pieces.model")
    library = sentencepiece.SentencePieceProcessor(model_file=str(path))
    found = scorer_of(tokenizer(path)).score(content("é" * 10))
    assert found.details["steps"] == len(library.encode("é" * 10)) == 20
    assert found.value == sum(
        len(library.encode(text)) for text in ("What is 2 plus 2?", "é" * 10, "4")
    )


def test_the_version_is_that_of_the_file_s_content(tmp_path):
    first = scorer_of(tokenizer(write_words(tmp_path / "a.json"))).version
    (tmp_path / "b.json").write_bytes((tmp_path / "a.json").read_bytes())
    assert scorer_of(tokenizer(tmp_path / "b.json")).version == first
    assert first.startswith("tunix-1-")
    write_words_with_more(tmp_path / "a.json")
    assert scorer_of(tokenizer(tmp_path / "a.json")).version != first


def test_a_file_is_loaded_once_also_by_many_threads(tmp_path):
    path = write_words(tmp_path / "words.json")
    scorer = scorer_of(tokenizer(path))
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(scorer.score(content()).value))
        for _ in range(program.MAX_ASKING)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    path.unlink()
    assert [*found, scorer.score(content()).value] == [12] * (program.MAX_ASKING + 1)


def test_more_tokenizers_than_are_kept_count_each_by_its_own(tmp_path):
    paths = [tmp_path / f"{number}.json" for number in range(worker.MAX_LOADED + 2)]
    scorers = [scorer_of(tokenizer(write_words(path))) for path in paths[1:]]
    scorers.append(scorer_of(tokenizer(write_pieces(tmp_path / "pieces.model"))))
    for _ in range(2):
        *words, pieces = (scorer.score(content()).value for scorer in scorers)
        assert words == [12] * len(words)
        assert pieces > 12


def test_what_a_tokenizer_fails_on_is_undecided_and_not_told(tmp_path):
    path = write_words(tmp_path / "strict.json", unk_token="[NONE]")
    found = scorer_of(tokenizer(path)).score(content("A secret."))
    assert found.value is None
    assert found.details == undecided("the tokenizer fails on a text")


def test_a_file_that_makes_much_of_a_text_ends_the_program_alone(tmp_path):
    hostile = scorer_of(tokenizer(write_growing(tmp_path / "bad.json")))
    words = scorer_of(tokenizer(write_words(tmp_path / "words.json")))
    assert words.score(content()).value == 12
    found = hostile.score(content("an apple"))
    assert found.details == undecided("it took too long or too much memory")
    assert words.score(content()).value == 12


def test_a_file_that_takes_too_long_to_load_is_told_of(tmp_path, monkeypatch):
    scorer = scorer_of(tokenizer(write_words(tmp_path / "bad.json")))
    monkeypatch.setattr(counting.PROGRAM, "answer_seconds", 0.0)
    with pytest.raises(TryAgain, match="`bad` takes too long or too much memory to read"):
        scorer.score(content())
    monkeypatch.undo()
    assert scorer.score(content()).value == 12


def test_the_program_has_no_secrets_and_nothing_of_the_network(tmp_path):
    for path in (write_words(tmp_path / "words.json"), write_pieces(tmp_path / "pieces.model")):
        assert scorer_of(tokenizer(path)).score(content()).value
    process = Path(f"/proc/{counting.PROGRAM._running.pid}")
    assert (process / "environ").read_text().strip("\0") == "LANG=C.UTF-8"
    opened = [os.readlink(path) for path in (process / "fd").iterdir()]
    assert len(opened) >= 3
    assert not [name for name in opened if name.startswith("socket:")]


@pytest.mark.parametrize("text", ["a" * 50_000, " " * 50_000, "\n" * 50_000, "😀" * 12_500])
def test_hostile_texts_are_counted(tmp_path, text):
    for write, name in ((write_words, "words.json"), (write_pieces, "pieces.model")):
        found = scorer_of(tokenizer(write(tmp_path / name))).score(content(text))
        assert found.details["unit"] == "tokens"
        assert found.value is not None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("bad.json", b"{}"),
        ("bad.json", b"no JSON"),
        ("bad.model", b"no model"),
        ("bad.model", b"\0"),
    ],
)
def test_a_file_that_is_no_tokenizer_says_so(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(TryAgain) as refused:
        scorer_of(tokenizer(tmp_path / name)).score(content())
    assert str(refused.value) == UNREADABLE


def test_a_file_that_has_gone_says_so(tmp_path):
    scorer = scorer_of(tokenizer(write_words(tmp_path / "bad.json")))
    (tmp_path / "bad.json").unlink()
    with pytest.raises(TryAgain) as refused:
        scorer.score(content())
    assert str(refused.value) == UNREADABLE


def test_a_file_that_is_replaced_meanwhile_is_not_taken_for_it(tmp_path):
    path = write_words(tmp_path / "bad.json")
    scorer, times = scorer_of(tokenizer(path)), path.stat()
    path.write_bytes(path.read_bytes().replace(b"[CLS]", b"[SEP]"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(TryAgain):
        scorer.score(content())


def test_the_names_of_a_folder(tmp_path):
    for name in ("small.json", "Large-3.1.model", "small.model", "a" * MAX_NAME_CHARS + ".json"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link.json").symlink_to(tmp_path / "small.json")
    found = tokenizers_in(tmp_path)
    assert sorted(found) == ["Large-3.1", "a" * MAX_NAME_CHARS, "link", "small"]
    assert found["small"].path.name == "small.json"


@pytest.mark.parametrize(
    "name",
    [
        "words.txt",
        "words",
        ".json",
        ".hidden.json",
        "two words.json",
        "ä.json",
        "a\n.json",
        "a" * (MAX_NAME_CHARS + 1) + ".json",
    ],
)
def test_other_files_are_none(tmp_path, name):
    (tmp_path / name).write_bytes(b"x")
    assert tokenizers_in(tmp_path) == {}


def test_what_is_no_file_or_too_large_or_empty_is_none(tmp_path):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "empty.json").touch()
    (tmp_path / "endless.json").symlink_to("/dev/zero")
    (tmp_path / "nowhere.json").symlink_to(tmp_path / "gone")
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(worker.MAX_BYTES + 1)
    assert tokenizers_in(tmp_path) == {}
    assert tokenizers_in(tmp_path / "gone") == {}
