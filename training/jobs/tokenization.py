"""Tokenizers behind one interface, which is the one that Tunix's sampler asks for."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec
from errors import InputError
from run_config import RunConfig

SPECIALS = ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>")
PAD, EOS, BOS, UNK = range(4)
_PIECES = re.compile(r"<(?:start|end)_of_turn>| ?[A-Za-z]+|[^A-Za-z]")


class TokenizerLike(Protocol):
    """Token ids are plain integers below `size`; `encode` adds no mark of its own."""

    size: int

    def encode(self, text: str) -> list[int]: ...
    def decode(self, ids: Iterable[int]) -> str: ...
    def bos_id(self) -> int | None: ...
    def eos_id(self) -> int: ...
    def pad_id(self) -> int: ...
    def save(self, directory: Path) -> None: ...


class WordTokenizer:
    """Specials, 256 bytes, and frequent words as single tokens; digits go one by one.

    Any text round-trips: what is no known word is written as its UTF-8 bytes.
    """

    FILE = "words.json"

    def __init__(self, words: list[str]) -> None:
        self.words = words
        first_word = len(SPECIALS) + 256
        self.size = first_word + len(words)
        self._ids = {text: number for number, text in enumerate(SPECIALS)}
        self._ids |= {text: first_word + number for number, text in enumerate(words)}
        self._bytes = [text.encode() for text in SPECIALS]
        self._bytes += [bytes([value]) for value in range(256)]
        self._bytes += [word.encode() for word in words]

    @classmethod
    def learn(cls, texts: Iterable[str], max_words: int) -> "WordTokenizer":
        """Take the words that are most frequent in `texts`, at least twice each."""
        counts = Counter(
            piece
            for text in texts
            for piece in _PIECES.findall(text)
            if len(piece) > 1 and piece not in SPECIALS
        )
        ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        return cls([word for word, count in ranked if count > 1][:max_words])

    def encode(self, text: str) -> list[int]:
        ids: list[int] = []
        for piece in _PIECES.findall(text):
            known = self._ids.get(piece)
            if known is not None:
                ids.append(known)
            else:
                ids += [len(SPECIALS) + value for value in piece.encode()]
        return ids

    def decode(self, ids: Iterable[int]) -> str:
        shown = [self._bytes[i] for i in map(int, ids) if UNK < i < self.size]
        return b"".join(shown).decode("utf-8", errors="replace")

    def bos_id(self) -> int:
        return BOS

    def eos_id(self) -> int:
        return EOS

    def pad_id(self) -> int:
        return PAD

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.words, ensure_ascii=False)
        (directory / self.FILE).write_text(text, encoding="utf-8")


class SentencePieceTokenizer:
    """A SentencePiece model; its file is kept beside the run."""

    FILE = "tokenizer.model"

    def __init__(self, path: Path) -> None:
        import sentencepiece

        self.path = path
        try:
            self._model = sentencepiece.SentencePieceProcessor(model_file=str(path))
        except (RuntimeError, OSError):
            raise InputError(f"{path}: no SentencePiece model") from None
        self.size = self._model.vocab_size()

    def encode(self, text: str) -> list[int]:
        return self._model.encode(text)  # type: ignore[no-any-return]

    def decode(self, ids: Iterable[int]) -> str:
        return self._model.decode([i for i in map(int, ids) if 0 <= i < self.size])  # type: ignore[no-any-return]

    def bos_id(self) -> int | None:
        return _given(self._model.bos_id())

    def eos_id(self) -> int:
        return self._model.eos_id()  # type: ignore[no-any-return]

    def pad_id(self) -> int:
        return max(self._model.pad_id(), 0)

    def save(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        if self.path != directory / self.FILE:
            shutil.copyfile(self.path, directory / self.FILE)


class DirectoryTokenizer:
    """The tokenizer in a Hugging Face directory."""

    FILE = "tokenizer.json"

    def __init__(self, directory: Path) -> None:
        from transformers import AutoTokenizer

        try:
            self._model: Any = AutoTokenizer.from_pretrained(directory, local_files_only=True)
        except Exception as error:  # whatever the parsers of its files raise
            reason = " ".join(str(error).split())
            raise InputError(f"{directory}: no tokenizer: {reason}") from None
        if self._model.eos_token_id is None:
            raise InputError(f"{directory}: its tokenizer names no eos_token")
        self.size = len(self._model)

    def encode(self, text: str) -> list[int]:
        return self._model.encode(text, add_special_tokens=False)  # type: ignore[no-any-return]

    def decode(self, ids: Iterable[int]) -> str:
        known = [i for i in map(int, ids) if 0 <= i < self.size]
        return self._model.decode(known, skip_special_tokens=False)  # type: ignore[no-any-return]

    def bos_id(self) -> int | None:
        return self._model.bos_token_id  # type: ignore[no-any-return]

    def eos_id(self) -> int:
        return self._model.eos_token_id  # type: ignore[no-any-return]

    def pad_id(self) -> int:
        """Give the padding's id; one that no text holds, because the sampler hides it."""
        for pad in (self._model.pad_token_id, self._model.unk_token_id):
            if pad is not None:
                return pad  # type: ignore[no-any-return]
        return self.eos_id()

    def save(self, directory: Path) -> None:
        self._model.save_pretrained(directory)


def _given(identity: int) -> int | None:
    return identity if identity >= 0 else None


def make_tokenizer(config: RunConfig, texts: Iterable[str]) -> TokenizerLike:
    """Make the configured tokenizer; `words` learns from the training texts."""
    settings = config.tokenizer
    if settings.kind == "words":
        return WordTokenizer.learn(texts, settings.max_words)
    if settings.kind == "sentencepiece":
        return SentencePieceTokenizer(Path(settings.path or ""))
    return DirectoryTokenizer(Path(settings.path or config.model.directory or ""))


def _read_words(path: Path) -> list[str]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=list[str])
    except (OSError, ValueError):
        raise InputError(f"{path}: no list of words") from None


def load_tokenizer(directory: Path) -> TokenizerLike:
    """Load what a run saved."""
    if (words := directory / WordTokenizer.FILE).exists():
        return WordTokenizer(_read_words(words))
    if (directory / DirectoryTokenizer.FILE).exists():
        return DirectoryTokenizer(directory)
    if (model := directory / SentencePieceTokenizer.FILE).exists():
        return SentencePieceTokenizer(model)
    raise InputError(f"{directory}: no tokenizer")
