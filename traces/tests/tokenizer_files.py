"""Tokenizer files, written by the libraries that read them."""

import io
from pathlib import Path
from typing import Any

import sentencepiece
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors


def words(**fields: Any) -> Tokenizer:
    """Make a tokenizer of which each word, and each row of signs, is a token."""
    model = models.WordLevel({"[UNK]": 0, "[CLS]": 1}, **{"unk_token": "[UNK]", **fields})
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


def write_words(path: Path, **fields: Any) -> Path:
    words(**fields).save(str(path))
    return path


def write_words_with_more(path: Path) -> Path:
    """Write one that adds a token, cuts to two and fills to fifty."""
    tokenizer = words()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A", special_tokens=[("[CLS]", 1)]
    )
    tokenizer.enable_truncation(2)
    tokenizer.enable_padding(length=50)
    tokenizer.save(str(path))
    return path


def write_growing(path: Path) -> Path:
    """Write one that makes of each `a` as many as no memory holds."""
    tokenizer = words()
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace("a", "a" * 1_000)] * 5)
    tokenizer.save(str(path))
    return path


def write_pieces(path: Path) -> Path:
    """Write a SentencePiece model of which a byte of a text is a piece where no longer one is."""
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([f"{n} and {n} are {2 * n}" for n in range(50)]),
        model_writer=model,
        vocab_size=340,
        hard_vocab_limit=False,
        add_dummy_prefix=False,
        byte_fallback=True,
        minloglevel=2,
    )
    path.write_bytes(model.getvalue())
    return path
