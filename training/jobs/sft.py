"""Fine-tune a model on exported traces with Tunix's PeftTrainer.

    python training/jobs/sft.py --config FILE --data train.jsonl --output DIR

Writes run_manifest.json, metrics.jsonl, checkpoints/, tokenizer/, result.json and loss.png to DIR.
"""

import argparse
import dataclasses
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import msgspec
import root  # noqa: F401  # so that what is next is found
from batches import Batches, Example, read_data, tokenize
from errors import InputError, exit_on_input_error
from loss_plot import plot_losses
from run_config import RunConfig, load_config, template_name
from run_record import (
    DRAFT,
    LOSS_PLOT,
    MANIFEST,
    METRICS,
    RESULT,
    TOKENIZER,
    provenance,
    read_json,
    read_metrics,
    sha256_of,
    write_json,
)
from tokenization import TokenizerLike, load_tokenizer, make_tokenizer

from traces.reasoning.templates import TEMPLATES, Template


@dataclasses.dataclass(frozen=True)
class Prepared:
    """Everything a run needs, checked."""

    config: RunConfig
    template: Template
    tokenizer: TokenizerLike
    train: list[Example]
    evaluation: list[Example]
    too_long: int
    recipe: dict[str, Any]

    def batches(self, examples: list[Example]) -> Batches:
        return Batches(
            examples,
            batch_size=self.config.data.batch_size,
            max_buckets=self.config.data.max_buckets,
            pad=self.tokenizer.pad_id(),
            seed=self.config.training.seed,
        )


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="tunix_sft or training_example")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--eval-data", type=Path, help="the loss on it is taken during training")
    parser.add_argument("--manifest", type=Path, help="of the dataset: its key and digest are kept")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--max-steps", type=int, help="stop there; --resume goes on")
    parser.add_argument("--dry-run", action="store_true", help="check everything, train nothing")
    options = parser.parse_args()
    if options.max_steps is not None and options.max_steps < 1:
        raise InputError(f"--max-steps: {options.max_steps} is less than 1")
    return options


def prepare(options: argparse.Namespace) -> Prepared:
    config = load_config(options.config)
    turns = template_name(config)
    template = TEMPLATES[turns]
    pairs, fmt = read_data(options.data, template, config.data.completion)
    if options.resume and (options.output / MANIFEST).exists():
        tokenizer = load_tokenizer(options.output / TOKENIZER)
    else:
        tokenizer = make_tokenizer(config, [pair.prompt + pair.completion for pair in pairs])
    train, too_long = tokenize(pairs, tokenizer, config.data.max_length)
    if not train:
        raise InputError(
            f"{options.data}: every line is longer than data.max_length "
            f"({config.data.max_length} tokens)"
        )
    evaluation: list[Example] = []
    if options.eval_data is not None:
        eval_pairs, _ = read_data(options.eval_data, template, config.data.completion)
        evaluation, _ = tokenize(eval_pairs, tokenizer, config.data.max_length)
        if not evaluation:
            raise InputError(f"{options.eval_data}: every line is longer than data.max_length")
    dataset = read_json(options.manifest) if options.manifest else {}
    recipe = {
        "dataset_key": dataset.get("dataset_key"),
        "content_digest": dataset.get("content_digest"),
        "data_sha256": sha256_of(options.data),
        "data_format": fmt,
        "prompt_template": turns,
        "training_config": msgspec.to_builtins(config),
        "seed": config.training.seed,
    }
    return Prepared(config, template, tokenizer, train, evaluation, too_long, recipe)


def check_output(options: argparse.Namespace, prepared: Prepared) -> None:
    """Refuse to overwrite a run, and to resume one with other data or settings."""
    output: Path = options.output
    if not (output / MANIFEST).exists():
        begun = {TOKENIZER, MANIFEST + DRAFT} if options.resume else set()  # before a kill
        if output.exists() and not (output.is_dir() and _names(output) <= begun):
            raise InputError(f"{output}: holds something that is no run of this program")
        return
    if not options.resume:
        raise InputError(f"{output}: holds a run; give --resume to go on, or another directory")
    earlier = read_json(output / MANIFEST)
    for field in ("data_sha256", "training_config"):
        if _lasting(earlier.get("recipe", {}).get(field)) != _lasting(prepared.recipe[field]):
            raise InputError(f"{output / MANIFEST}: recipe.{field} differs: this is another run")


def _lasting(value: Any) -> Any:
    """Leave out what may change while a run lasts: its devices, and how it is asked later."""
    if not isinstance(value, dict):
        return value
    return {key: part for key, part in value.items() if key not in ("mesh", "generation")}


def _names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def describe(prepared: Prepared, steps: int) -> dict[str, Any]:
    batches = prepared.batches(prepared.train)
    return {
        "examples": len(prepared.train),
        "too_long": prepared.too_long,
        "evaluation_examples": len(prepared.evaluation),
        "tokens": sum(len(example.tokens) for example in prepared.train),
        "padded_lengths": batches.lengths,
        "padding_share": round(batches.padding_share(), 4),
        "vocabulary": prepared.tokenizer.size,
        "steps": steps,
    }


def main() -> None:
    options = parse_arguments()
    prepared = prepare(options)
    check_output(options, prepared)
    # imports JAX and Tunix: what is wrong above costs no wait
    from model_loading import describe as describe_model
    from model_loading import make_mesh, model_shape
    from training_loop import train

    total = prepared.config.training.steps
    steps = min(total, options.max_steps or total)
    if options.dry_run:
        make_mesh(prepared.config)
        shape = model_shape(prepared.config, vocabulary=prepared.tokenizer.size)
        shown = {**describe(prepared, steps), "model": describe_model(shape)}
        print(json.dumps(shown, indent=2))
        return
    result = train(prepared, options.output.resolve(), steps, provenance())
    write_json(options.output / RESULT, {**describe(prepared, steps), **result})
    plot_losses(read_metrics(options.output / METRICS), options.output / LOSS_PLOT)


if __name__ == "__main__":
    exit_on_input_error(main)
