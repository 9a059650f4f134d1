"""Ask a model the problems of an evaluation set and write its answers as traces.

    python training/jobs/generate.py --model DIR --config FILE --eval-set FILE --output FILE

`--model base` asks the configured model before any training.
"""

import argparse
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import msgspec
import root  # noqa: F401  # so that what is next is found
from errors import InputError, exit_on_input_error
from evalset import Problem, read_problems
from progress_bar import progress_bar
from run_config import RunConfig, load_config, parse_config, template_name
from run_record import CHECKPOINTS, DRAFT, MANIFEST, TOKENIZER, read_json
from tokenization import TokenizerLike, load_tokenizer, make_tokenizer

from traces.reasoning.templates import INSTRUCTION, TEMPLATES, Template, parse

BASE = "base"
ROUND_TO = 8  # tokens of the longest prompt
MAX_RAW_CHARS = 20_000


@dataclass(frozen=True)
class Asked:
    """The model to ask: its configuration, template and tokenizer, and its checkpoints if any."""

    name: str
    config: RunConfig
    template: Template
    instruction: str
    tokenizer: TokenizerLike
    checkpoints: Path | None

    def question(self, problem: Problem) -> str:
        return self.template.prompt(problem.prompt + self.instruction)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, help="the output directory of sft.py, or base")
    parser.add_argument("--config", type=Path, required=True, help="its `generation` is used")
    parser.add_argument("--eval-set", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--tokenizer", type=Path, help="for base: the tokenizer/ of a run")
    parser.add_argument("--max-examples", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry-run", action="store_true", help="check everything, ask nothing")
    options = parser.parse_args()
    if not 0 <= options.seed < 2**31:
        raise InputError(f"--seed: {options.seed} is not in 0 to {2**31 - 1}")
    if options.max_examples is not None and options.max_examples < 1:
        raise InputError(f"--max-examples: {options.max_examples} is less than 1")
    if options.tokenizer is not None and options.model != BASE:
        raise InputError("--tokenizer: is for --model base; a run has its own")
    return options


def find_model(options: argparse.Namespace, config: RunConfig) -> Asked:
    if options.model == BASE:
        template = TEMPLATES[template_name(config)]
        return Asked(BASE, config, template, "", base_tokenizer(options, config), None)
    directory = Path(options.model).resolve()
    manifest = read_json(directory / MANIFEST)
    checkpoints = directory / CHECKPOINTS
    if not checkpoints.is_dir() or not any(checkpoints.iterdir()):
        raise InputError(f"{checkpoints}: no checkpoint")
    try:
        recipe = manifest["recipe"]
        own = parse_config(recipe["training_config"], directory / MANIFEST)
        template = TEMPLATES[recipe["prompt_template"]]
        instruction = INSTRUCTION if recipe["data_format"] == "training_example" else ""
        name = str(manifest["run_id"])
    except (KeyError, TypeError) as error:
        raise InputError(f"{directory / MANIFEST}: {error}: missing") from None
    own = msgspec.structs.replace(own, mesh=config.mesh)  # of this machine, not the run's
    return Asked(
        name, own, template, instruction, load_tokenizer(directory / TOKENIZER), checkpoints
    )


def base_tokenizer(options: argparse.Namespace, config: RunConfig) -> TokenizerLike:
    """Give the tokenizer of a model before training; words are known only to the run's."""
    if options.tokenizer is not None:
        return load_tokenizer(options.tokenizer)
    if config.tokenizer.kind == "words" and config.tokenizer.max_words > 0:
        raise InputError("--tokenizer: is needed: the words are those of a run's training set")
    return make_tokenizer(config, [])


def as_trace(problem: Problem, text: str, asked: Asked, seed: int, step: int) -> dict[str, Any]:
    """Shape an answer as a trace that can be sent as it is."""
    steps, answer = parse(text)
    if steps:
        shown = [{"i": i, "type": "reasoning", "content": step} for i, step in enumerate(steps)]
    else:
        shown = [{"i": 0, "type": "output", "content": text[:MAX_RAW_CHARS] or "(empty)"}]
    meta = {
        "source": "evaluation",
        "eval_id": problem.id,
        "model": asked.name,
        "checkpoint_step": step,
        "seed": seed,
        "reference_answer": problem.expected_answer,
        "raw_text": text[:MAX_RAW_CHARS],
    }
    return {
        "trace_version": "1.0",
        "prompt": problem.prompt,
        "final_answer": answer,
        "steps": shown,
        "meta": meta,
    }


def answers(
    asked: Asked, problems: list[Problem], generation: Any, seed: int
) -> Iterator[tuple[Problem, str, int]]:
    """Yield each problem with the text that the model wrote and the checkpoint's step."""
    from sampling import load_sampler

    questions = [asked.question(problem) for problem in problems]
    longest = 1 + max(len(asked.tokenizer.encode(text)) for text in questions)
    max_prompt = -(-longest // ROUND_TO) * ROUND_TO
    sample, step = load_sampler(asked, generation, max_prompt)
    fsdp = asked.config.mesh.fsdp
    size = min(generation.batch_size, -(-len(problems) // fsdp) * fsdp)
    progress = progress_bar(total=len(problems), desc=f"asking {asked.name[:8]}")
    for at in range(0, len(problems), size):
        part = questions[at : at + size]
        filled = part + [part[-1]] * (size - len(part))  # one shape, compiled once
        texts = sample(filled, seed + at)
        for problem, text in zip(problems[at : at + size], texts, strict=False):
            yield problem, clean(text, asked.template), step
        progress.update(len(part))
    progress.close()


def clean(text: str, template: Template) -> str:
    """Cut at the end of the turn; what cannot be stored as text is replaced."""
    return (
        text.partition(template.end)[0]
        .replace("\x00", "\ufffd")
        .encode("utf-8", "replace")
        .decode()
    )


def main() -> None:
    options = parse_arguments()
    config = load_config(options.config)
    problems = read_problems(options.eval_set)[: options.max_examples]
    asked = find_model(options, config)
    if options.dry_run:
        from sampling import check_model  # the imports are part of what is checked

        check_model(asked)
        shown = {
            "model": asked.name,
            "problems": len(problems),
            "first": asked.question(problems[0]),
        }
        print(json.dumps(shown, indent=2, ensure_ascii=False))
        return
    found = answers(asked, problems, config.generation, options.seed)
    first = next(found)  # what is wrong with the model shows before anything is written
    options.output.parent.mkdir(parents=True, exist_ok=True)
    draft = options.output.with_name(options.output.name + DRAFT)
    with draft.open("w", encoding="utf-8") as file:
        for problem, text, step in itertools.chain([first], found):
            trace = as_trace(problem, text, asked, options.seed, step)
            file.write(json.dumps(trace, ensure_ascii=False) + "\n")
    draft.replace(options.output)


if __name__ == "__main__":
    exit_on_input_error(main)
