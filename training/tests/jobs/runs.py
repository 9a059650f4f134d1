"""The runs that the tests look at: each trained once, while other things are tested."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from helpers import (
    directory_config,
    example_line,
    read_json,
    read_lines,
    run,
    sft_line,
    train_sentencepiece,
    write_config,
    write_gemma3,
    write_lines,
    write_qwen3,
)

TWO_DEVICES = {"XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
LORA = {"rank": 4, "alpha": 8.0}
MEMORISING = {
    "steps": 150,
    "warmup_steps": 10,
    "learning_rate": 0.02,
    "schedule": "linear",
    "checkpoint_every": 150,
}
RESUMED_STEPS, RESUMED_CHECKPOINTS = 120, 20


@dataclass
class Plan:
    """What a run is asked for, as it differs from the smallest configuration."""

    sections: dict = field(default_factory=dict)
    arguments: tuple = ()
    make_line: Callable = sft_line
    count: int = 24
    evaluates: bool = False
    environment: dict | None = None
    family: str | None = None  # of a directory's model, made for the run


PLANS = {
    "trained": Plan(evaluates=True),
    "whole": Plan(
        {
            "training": {
                "steps": RESUMED_STEPS,
                "warmup_steps": 10,
                "eval_every": 30,
                "checkpoint_every": RESUMED_CHECKPOINTS,
            }
        },
        evaluates=True,
    ),
    "again": Plan(),
    "other seed": Plan({"training": {"seed": 1}}),
    "decayed": Plan({"training": {"weight_decay": 100.0}}),
    "accumulated": Plan(
        {"data": {"batch_size": 2}, "training": {"gradient_accumulation": 2}}, evaluates=True
    ),
    "short": Plan(
        {
            "data": {"batch_size": 8},
            "training": {"steps": 1, "warmup_steps": 0, "eval_every": 9, "checkpoint_every": 9},
        },
        count=3,
        evaluates=True,
    ),
    "lora": Plan({"model": {"lora": LORA}}),
    "piece": Plan({"tokenizer": {"kind": "sentencepiece"}}),
    "bytes in half precision": Plan(
        {
            "model": {"dtype": "bfloat16"},
            "tokenizer": {"max_words": 0},
            "data": {"max_length": 256},
        }
    ),
    "memorised": Plan({"training": MEMORISING}, count=4),
    "gemma3": Plan(family="gemma3", make_line=example_line, count=8),
    "gemma3 lora": Plan({"model": {"lora": LORA}}, family="gemma3", count=8),
    "qwen3": Plan({"training": MEMORISING}, family="qwen3", make_line=example_line, count=4),
    "qwen3 lora": Plan({"model": {"lora": LORA}}, family="qwen3", count=8),
    "tp": Plan({"mesh": {"tp": 2}}, environment=TWO_DEVICES),
    "lora on two": Plan({"model": {"lora": LORA}, "mesh": {"fsdp": 2}}, environment=TWO_DEVICES),
}


class Run:
    """A finished run and what it said."""

    def __init__(self, directory, said):
        self.directory, self.said = directory, said
        self.manifest = read_json(directory / "run_manifest.json")
        self.metrics = read_lines(directory / "metrics.jsonl")
        self.result = read_json(directory / "result.json")
        self.losses = [line["loss"] for line in self.metrics]


class Runs:
    """Gives a plan's run, waiting for it where it is still under way."""

    def __init__(self, base, names):
        self.base = base
        self.held_out = write_lines(base / "held-out.jsonl", map(sft_line, range(24, 30)))
        self.manifest = base / "manifest.json"
        self.manifest.write_text('{"dataset_key": "sums-1", "content_digest": "abc"}')
        self._pool = ThreadPoolExecutor(max_workers=os.cpu_count())
        self._futures = {
            name: self._pool.submit(self._train, name) for name in PLANS if name in names
        }

    def __call__(self, name):
        return self._futures[name].result()

    def close(self):
        self._pool.shutdown(cancel_futures=True)

    def directory(self, name):
        path = self.base / name.replace(" ", "-")
        path.mkdir(exist_ok=True)
        return path

    def config(self, name):
        """Write a plan's configuration and what it names; give its path."""
        plan, directory = PLANS[name], self.directory(name)
        path, sections = directory / "config.yaml", dict(plan.sections)
        if path.exists():
            return path
        if plan.family is None:
            if sections.get("tokenizer", {}).get("kind") == "sentencepiece":
                piece = train_sentencepiece(directory / "piece")
                sections["tokenizer"] = {**sections["tokenizer"], "path": str(piece)}
            return write_config(path, **sections)
        if plan.family == "gemma3":
            write_gemma3(directory / "model", layers=1)
        else:
            write_qwen3(directory / "model", layers=1)
        sections["data"] = {"max_length": 256}
        return directory_config(path, plan.family, directory / "model", **sections)

    def data(self, name):
        plan, path = PLANS[name], self.directory(name) / "train.jsonl"
        return write_lines(path, [plan.make_line(number) for number in range(plan.count)])

    def arguments(self, name):
        """Give what sft.py is given, but for the output."""
        plan = PLANS[name]
        evaluated = ("--eval-data", self.held_out) if plan.evaluates else ()
        given = ("--config", self.config(name), "--data", self.data(name))
        return (*given, "--manifest", self.manifest, *evaluated, *plan.arguments)

    def _train(self, name):
        output = self.directory(name) / "run"
        given = (*self.arguments(name), "--output", output)
        _, said = run("sft", *given, environment=PLANS[name].environment)
        return Run(output, said)
