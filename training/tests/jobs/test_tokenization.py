"""Every tokenizer gives text back as it was, and decodes whatever ids a model may emit."""

import json
import random

import pytest
from errors import InputError
from helpers import (
    GEMMA_SPECIALS,
    QWEN_SPECIALS,
    directory_config,
    sft_line,
    train_sentencepiece,
    write_config,
    write_tokenizer,
)
from run_config import load_config
from tokenization import WordTokenizer, load_tokenizer, make_tokenizer

TEXTS = [
    sft_line(3)["prompts"],
    "",
    "  two  spaces, a\ttab\n\n\nand lines\r\n",
    "3.14159, 1,000,000 and -5e10",
    "日本語, Ünïcödé, 😀, \u200b and \u2028",
    "<start_of_turn><end_of_turn><pad></s>",
]
KINDS = ["words", "bytes", "sentencepiece", "gemma directory", "qwen directory"]


@pytest.fixture(scope="module")
def tokenizers(tmp_path_factory):
    """One of each kind, made as a configuration asks for it."""
    base = tmp_path_factory.mktemp("tokenizers")
    texts = [sft_line(number)["prompts"] for number in range(20)]
    for name, specials in (("gemma", GEMMA_SPECIALS), ("qwen", QWEN_SPECIALS)):
        (base / name).mkdir()
        names = {"eos_token": specials[1], "pad_token": specials[0]}
        names |= {"bos_token": "<bos>"} if name == "gemma" else {}
        write_tokenizer(base / name, specials, names)
    piece = train_sentencepiece(base / "piece")
    settings = {
        "words": {"kind": "words"},
        "bytes": {"kind": "words", "max_words": 0},
        "sentencepiece": {"kind": "sentencepiece", "path": str(piece)},
        "gemma directory": {"kind": "directory", "path": str(base / "gemma")},
        "qwen directory": {"kind": "directory", "path": str(base / "qwen")},
    }
    return {
        kind: make_tokenizer(load_config(write_config(base / "c.yaml", tokenizer=asked)), texts)
        for kind, asked in settings.items()
    }


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("kind", KINDS)
def test_text_comes_back_as_it_was(tokenizers, kind, text):
    tokenizer = tokenizers[kind]
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    assert all(type(i) is int and 0 <= i < tokenizer.size for i in ids)


@pytest.mark.parametrize("kind", KINDS)
def test_encoding_adds_no_mark_of_its_own(tokenizers, kind):
    tokenizer = tokenizers[kind]
    assert tokenizer.encode("") == []
    marks = {tokenizer.bos_id(), tokenizer.eos_id(), tokenizer.pad_id()}
    assert not marks & set(tokenizer.encode("What is 1+1?"))


@pytest.mark.parametrize("kind", KINDS)
def test_any_ids_decode_to_text(tokenizers, kind):
    tokenizer = tokenizers[kind]
    draw = random.Random(0)
    for _ in range(20):
        ids = [draw.randrange(tokenizer.size + 64) for _ in range(30)]
        tokenizer.decode(ids).encode()
    assert tokenizer.decode([tokenizer.size + 1]) == ""


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_tokenizer_is_the_same(tokenizers, kind, tmp_path):
    tokenizer = tokenizers[kind]
    tokenizer.save(tmp_path / "tokenizer")
    loaded = load_tokenizer(tmp_path / "tokenizer")
    assert type(loaded) is type(tokenizer)
    assert loaded.size == tokenizer.size
    assert [loaded.encode(text) for text in TEXTS] == [tokenizer.encode(text) for text in TEXTS]
    for identity in ("bos_id", "eos_id", "pad_id"):
        assert getattr(loaded, identity)() == getattr(tokenizer, identity)()


@pytest.mark.parametrize("kind", ["words", "bytes", "sentencepiece", "gemma directory"])
def test_the_marks_of_a_turn_are_single_tokens(tokenizers, kind):
    for mark in ("<start_of_turn>", "<end_of_turn>"):
        assert len(tokenizers[kind].encode(mark)) == 1


def test_a_family_without_bos_has_none(tokenizers):
    assert tokenizers["qwen directory"].bos_id() is None
    assert tokenizers["gemma directory"].bos_id() == GEMMA_SPECIALS.index("<bos>")


def test_words_are_learned_by_frequency_and_digits_go_one_by_one():
    texts = ["ones ones ones", "tens tens tens tens", "once", "123 123"]
    tokenizer = WordTokenizer.learn(texts, max_words=3)
    assert tokenizer.words == [" tens", " ones"]
    assert len(tokenizer.encode(" ones")) == 1
    assert len(tokenizer.encode("once")) == 4
    assert len(tokenizer.encode("123")) == 3
    assert WordTokenizer.learn(texts, max_words=1).words == [" tens"]
    assert WordTokenizer.learn(texts, max_words=0).words == []


def test_a_tokenizer_without_padding_hides_none_of_the_text(tmp_path):
    write_tokenizer(tmp_path, GEMMA_SPECIALS, {"eos_token": "<eos>", "unk_token": "<unk>"})
    tokenizer = load_tokenizer(tmp_path)
    assert tokenizer.pad_id() == GEMMA_SPECIALS.index("<unk>")


def test_what_is_no_tokenizer_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match="no tokenizer"):
        load_tokenizer(tmp_path)
    (tmp_path / "words.json").write_text('{"a": 1}')
    with pytest.raises(InputError, match=r"words\.json: no list of words"):
        load_tokenizer(tmp_path)


def test_a_broken_tokenizer_is_refused_by_name(tmp_path):
    piece = tmp_path / "broken.model"
    piece.write_bytes(b"no model")
    asked = {"kind": "sentencepiece", "path": str(piece)}
    config = load_config(write_config(tmp_path / "c.yaml", tokenizer=asked))
    with pytest.raises(InputError, match=r"broken\.model: no SentencePiece model"):
        make_tokenizer(config, [])
    directory = tmp_path / "model"
    directory.mkdir()
    config = load_config(directory_config(tmp_path / "d.yaml", "qwen3", directory))
    with pytest.raises(InputError, match="model: no tokenizer"):
        make_tokenizer(config, [])
    write_tokenizer(directory, QWEN_SPECIALS, {})
    with pytest.raises(InputError, match="names no eos_token"):
        make_tokenizer(config, [])
    (directory / "tokenizer.json").write_text(json.dumps({"model": 5}))
    with pytest.raises(InputError, match="model: no tokenizer"):
        make_tokenizer(config, [])
