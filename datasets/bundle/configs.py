"""Configs of trainers for the files of a bundle: each is there where its trainer can read one."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from datasets.bundle.files import DataFile
from datasets.bundle.texts import as_yaml, template

TRAIN = ("train", "training")
HELD_OUT = ("validation", "valid", "val", "eval", "dev", "test")
MODEL = "Qwen/Qwen3-0.6B"

Files = dict[str, list[DataFile]]  # by format


def written(files: Sequence[DataFile]) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the configs."""
    by_format: Files = {}
    for file in files:
        by_format.setdefault(file.export.fmt.name, []).append(file)
    for name, write in CONFIGS.items():
        if text := write(by_format):
            yield name, text


def trained_on(files: Sequence[DataFile]) -> DataFile:
    """Give the file to train on: the one called so, or else the first."""
    return _called(files, TRAIN) or files[0]


def held_out(files: Sequence[DataFile]) -> DataFile | None:
    """Give the file to evaluate on, where one is called so."""
    return _called(files, HELD_OUT)


def _called(files: Sequence[DataFile], names: Sequence[str]) -> DataFile | None:
    by_split = {file.split.lower(): file for file in files}
    return next((by_split[name] for name in names if name in by_split), None)


def _tunix_sft(files: Files) -> str:
    return template("tunix-sft.yaml") if {"tunix_tagged", "tunix_sft"} & files.keys() else ""


def _tunix_grpo(files: Files) -> str:
    return template("tunix-grpo.yaml") if "grpo" in files else ""


def _of_trl(
    fmt: str, output: str, columns: Sequence[str], **settings: Any
) -> Callable[[Files], str]:
    """Give a config of TRL's command; it knows no file to evaluate on beside one to train on."""

    def write(files: Files) -> str:
        if fmt not in files:
            return ""
        name = trained_on(files[fmt]).name
        data = {"path": "json", "data_files": name, "split": "train", "columns": list(columns)}
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
    name = next((name for name in OF_AXOLOTL if name in files), None)
    if name is None:
        return ""
    evaluated = held_out(files[name])

    def described(file: DataFile) -> dict[str, Any]:
        return {"path": file.name, "ds_type": "json", "split": "train", **OF_AXOLOTL[name]}

    return as_yaml(
        {
            "base_model": MODEL,
            "datasets": [described(trained_on(files[name]))],
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
OF_LLAMA_FACTORY: dict[str, dict[str, Any]] = {
    "prompt_completion": {"columns": TEXTS},
    "unpaired": {"columns": {**TEXTS, "kto_tag": "label"}},
    "preference": {
        "ranking": True,
        "columns": {"prompt": "prompt", "chosen": "chosen", "rejected": "rejected"},
    },
    "messages": {
        "formatting": "sharegpt",
        "columns": {"messages": "messages"},
        "tags": {
            "role_tag": "role",
            "content_tag": "content",
            "user_tag": "user",
            "assistant_tag": "assistant",
            "system_tag": "system",
        },
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
    "tunix-sft.yaml": _tunix_sft,
    "tunix-grpo.yaml": _tunix_grpo,
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
    "rewards.py": lambda files: template("rewards.py") if "grpo" in files else "",
    "dataset_info.json": _dataset_info,
    "axolotl.yaml": _axolotl,
}
