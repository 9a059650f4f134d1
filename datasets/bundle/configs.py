"""Configs of trainers for the files of a bundle: each is there where its trainer has rows."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from datasets.bundle.files import DataFile
from datasets.bundle.names import UNSPLIT
from datasets.bundle.texts import as_yaml, template

TRAIN = ("train", "training")
HELD_OUT = ("validation", "valid", "val", "eval", "dev", "test")
MODEL = "Qwen/Qwen3-0.6B"

Files = dict[str, list[DataFile]]  # with rows, by format


def written(files: Sequence[DataFile]) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the configs."""
    by_format: Files = {}
    for file in files:
        if file.has_rows:
            by_format.setdefault(file.export.fmt.name, []).append(file)
    for name, write in CONFIGS.items():
        if text := write(by_format):
            yield name, text


def to_train_on(files: Sequence[DataFile]) -> list[DataFile]:
    """Choose a file of each format, if there is one with rows that is not held out."""
    by_format: Files = {}
    for file in files:
        by_format.setdefault(file.export.fmt.name, []).append(file)
    chosen = map(_trained_on, by_format.values())
    return [file for file in chosen if file is not None]


def _trained_on(files: Sequence[DataFile]) -> DataFile | None:
    """Give the file of the split called so, or else the largest of those that are not held out."""
    with_rows = [file for file in files if file.has_rows]
    others = [file for file in with_rows if _split(file).lower() not in HELD_OUT]
    return _called(with_rows, TRAIN) or max(
        others, key=lambda file: file.export.row_count, default=None
    )


def _called(files: Sequence[DataFile], names: Sequence[str]) -> DataFile | None:
    """Find the first name; where several differ by capitals alone, as it is written here."""
    for name in names:
        called = [file for file in files if _split(file).lower() == name]
        if called:
            return min(called, key=lambda file: _split(file) != name)
    return None


def _split(file: DataFile) -> str:
    """Give the split's own name: that of the file may be another."""
    return UNSPLIT if file.export.split is None else file.export.split


def _where_trained(name: str, *formats: str) -> Callable[[Files], str]:
    """Give a file that lies here as it is, where one of the formats can be trained on."""

    def write(files: Files) -> str:
        can = any(_trained_on(files.get(fmt, ())) for fmt in formats)
        return template(name) if can else ""

    return write


def _of_trl(
    fmt: str, output: str, columns: Sequence[str], **settings: Any
) -> Callable[[Files], str]:
    """Give a config of TRL's command; it knows no file to evaluate on beside one to train on."""

    def write(files: Files) -> str:
        file = _trained_on(files.get(fmt, ()))
        if file is None:
            return ""
        data = {"path": "json", "data_files": file.name, "split": "train", "columns": [*columns]}
        return as_yaml(
            {
                "model_name_or_path": MODEL,
                "datasets": [data],
                "output_dir": output,
                "learning_rate": 2.0e-5,
                "per_device_train_batch_size": 4,
                "num_train_epochs": 1,
                "report_to": "none",
                **settings,
            }
        )

    return write


def _dataset_info(files: Files) -> str:
    """Give LLaMA-Factory's list of datasets, each file by its name without the suffix."""
    known = {
        file.name.removesuffix(".jsonl"): {"file_name": file.name, **OF_LLAMA_FACTORY[name]}
        for name in OF_LLAMA_FACTORY
        for file in files.get(name, ())
    }
    return msgspec.json.format(msgspec.json.encode(known), indent=2).decode() if known else ""


def _axolotl(files: Files) -> str:
    trained = {name: _trained_on(files.get(name, ())) for name in OF_AXOLOTL}
    name, file = next(((name, file) for name, file in trained.items() if file), ("", None))
    if file is None:
        return ""
    evaluated = _called(files[name], HELD_OUT)

    def described(file: DataFile) -> dict[str, Any]:
        return {"path": file.name, "ds_type": "json", "split": "train", **OF_AXOLOTL[name]}

    return as_yaml(
        {
            "base_model": MODEL,
            "datasets": [described(file)],
            **({"test_datasets": [described(evaluated)]} if evaluated else {}),
            "sequence_len": 4096,
            "micro_batch_size": 4,
            "gradient_accumulation_steps": 1,
            "num_epochs": 1,
            "learning_rate": 2.0e-5,
            "optimizer": "adamw_torch",
            "lr_scheduler": "cosine",
            "bf16": "auto",
            "output_dir": "axolotl-run",
        }
    )


TEXTS = {"prompt": "prompt", "response": "completion"}
# not `messages`: it reads the content of a message alone, and so no thought
OF_LLAMA_FACTORY: dict[str, dict[str, Any]] = {
    "prompt_completion": {"columns": TEXTS},
    "unpaired": {"columns": {**TEXTS, "kto_tag": "label"}},
    "preference": {
        "ranking": True,
        "columns": {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    },
}
OF_AXOLOTL: dict[str, dict[str, Any]] = {
    "messages": {
        "type": "chat_template",
        "field_messages": "messages",
        "field_thinking": "reasoning_content",
    },
    "prompt_completion": {
        "type": {
            "field_instruction": "prompt",
            "field_output": "completion",
            "format": "{instruction}\n\n",
            "no_input_format": "{instruction}\n\n",
        }
    },
}
CONFIGS: dict[str, Callable[[Files], str]] = {
    "tunix-sft.yaml": _where_trained("tunix-sft.yaml", "tunix_tagged", "tunix_sft"),
    "tunix-grpo.yaml": _where_trained("tunix-grpo.yaml", "grpo"),
    "trl-sft.yaml": _of_trl("chat", "trl-sft-run", ("prompt", "completion")),
    "trl-kto.yaml": _of_trl("unpaired", "trl-kto-run", ("prompt", "completion", "label")),
    "trl-dpo.yaml": _of_trl("preference", "trl-dpo-run", ("prompt", "chosen", "rejected")),
    "trl-grpo.yaml": _of_trl(
        "grpo",
        "trl-grpo-run",
        ("prompt", "answer"),
        reward_funcs=["rewards.right_answer"],
        num_generations=4,
    ),
    "rewards.py": _where_trained("rewards.py", "grpo"),
    "dataset_info.json": _dataset_info,
    "axolotl.yaml": _axolotl,
}
