"""The whole loop on generated problems: ingest, score, build, export, train, evaluate, report."""

import json
import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from training.programs import CONFIGS, run_program
from tunix_rt import Client, Conflict
from tunix_rt.results import Built
from tunix_site.progress_bar import progress_bar

SEED = 0
ADDITION = "addition"
ADDITION_COUNT = 1_250
OTHER_FAMILIES = {"gsm_symbolic": 300, "gcd": 100, "chain_sum": 100}
DATASET = "demo-addition"
MAX_VERSIONS = 100
SPLITS = {"train": 0.76, "validation": 0.03, "held-out": 0.21}

MAX_TRAINING_TRACES = 1_000
MIN_HELD_OUT = 200
MAX_ACCURACY_BEFORE = 0.02
MIN_ACCURACY_AFTER = 0.90


class DemoFailed(Exception):
    """The loop did not close; the message says where."""


@dataclass
class Demo:
    """One run: where its files go, the site it talks to, and what it has measured."""

    directory: Path
    client: Client
    say: Callable[[str], None]
    timings: dict[str, float] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """Go once around the loop; return the report."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        with self._step("Generating problems with worked steps"):
            families = {ADDITION: ADDITION_COUNT, **OTHER_FAMILIES}
            for family, count in families.items():
                run_program(
                    "problems", family=family, count=count, seed=SEED, output=self._problems(family)
                )
        with self._step("Sending them over HTTP in batches"):
            ids = [self._send(family) for family in families]
        with self._step("Scoring the addition traces"):
            self._score(ids[0])
        with self._step("Building a dataset and exporting it"):
            dataset = self._build_and_export()
        with self._step("Training on the worked steps"):
            self._train("run", "demo_addition_cpu")
        with self._step("Training the control, without the steps"):
            self._train("control", "demo_addition_cpu_answer_only")
        with self._step("Asking the held-out problems before and after"):
            self._ask()
        with self._step("Reporting"):
            report = self._report(dataset)
        with self._step("Sending the answers back as traces"):
            for name in ("before", "after"):
                sent = self.client.traces.batch(read_lines(self._file(f"{name}.jsonl")))
                report["answers_sent_back"] = report.get("answers_sent_back", 0) + len(sent.ids)
        self._write(report)
        return report

    def _step(self, title: str) -> "Step":
        return Step(self, title)

    def _file(self, name: str) -> Path:
        return self.directory / name

    def _problems(self, family: str) -> Path:
        return self._file(f"problems-{family}.jsonl")

    def _send(self, family: str) -> list[str]:
        sent = self.client.traces.batch(read_lines(self._problems(family)))
        return [identity for identity in sent.ids if identity]

    def _score(self, ids: list[str]) -> None:
        for trace_id in progress_bar(ids, desc="scoring"):
            self.client.traces.score(trace_id, "baseline")

    def _build_and_export(self) -> dict[str, Any]:
        """Build the dataset, and check that what is held out is nowhere in what is trained on."""
        built = self._build()
        key = built["dataset_key"]
        self._file("manifest.json").write_text(
            json.dumps(self.client.datasets.manifest(key), indent=2)
        )
        for split in SPLITS:
            for fmt in ("tunix_sft", "record"):
                self.client.datasets.export(
                    key,
                    self._file(f"{split}.{fmt}.jsonl"),
                    format=fmt,
                    split=split,
                    digest=built["content_digest"],
                )
        train = list(read_lines(self._file("train.record.jsonl")))
        held_out = list(read_lines(self._file("held-out.record.jsonl")))
        self._write_eval_set(held_out)
        shared = operands(train) & operands(held_out)
        checks = {
            f"at most {MAX_TRAINING_TRACES} training traces": len(train) <= MAX_TRAINING_TRACES,
            f"at least {MIN_HELD_OUT} held-out problems": len(held_out) >= MIN_HELD_OUT,
            "no pair of operands in both": not shared,
        }
        refuse_unless(checks)
        return {**built, "training_traces": len(train), "held_out": len(held_out)}

    def _build(self) -> Built:
        """Build the dataset, under the first version that is not taken."""
        recipe: dict[str, Any] = {
            "filters": {"family": ADDITION},
            "where": {"source": f"problems/{ADDITION}", "criteria": "baseline"},
            "limit": None,
            "selection_strategy": "random",
            "seed": SEED,
            "splits": SPLITS,
        }
        for version in range(1, MAX_VERSIONS + 1):
            try:
                return self.client.datasets.build(DATASET, str(version), **recipe)
            except Conflict:
                continue
        raise DemoFailed(f"{MAX_VERSIONS} versions of {DATASET} are taken.")

    def _write_eval_set(self, records: list[dict[str, Any]]) -> None:
        with self._file("evalset.jsonl").open("w") as file:
            for record in records:
                problem = {
                    "id": record["id"],
                    "prompt": record["prompt"],
                    "expected_answer": record["meta"]["reference_answer"],
                    "category": record["meta"]["family"],
                    "difficulty": record["meta"]["difficulty"],
                }
                file.write(json.dumps(problem) + "\n")

    def _train(self, name: str, config: str) -> None:
        run_program(
            "sft",
            config=CONFIGS / f"{config}.yaml",
            data=self._file("train.tunix_sft.jsonl"),
            eval_data=self._file("validation.tunix_sft.jsonl"),
            manifest=self._file("manifest.json"),
            output=self._file(name),
        )

    def _ask(self) -> None:
        config = CONFIGS / "demo_addition_cpu.yaml"
        questions: dict[str, str | int | Path] = {
            "config": config,
            "eval_set": self._file("evalset.jsonl"),
            "seed": SEED,
        }
        run_program(
            "generate",
            model="base",
            tokenizer=self._file("run") / "tokenizer",
            output=self._file("before.jsonl"),
            **questions,
        )
        for name, model in (("after", "run"), ("control", "control")):
            run_program(
                "generate",
                model=self._file(model),
                output=self._file(f"{name}.jsonl"),
                **questions,
            )

    def _report(self, dataset: dict[str, Any]) -> dict[str, Any]:
        run_program(
            "report",
            before=self._file("before.jsonl"),
            after=self._file("after.jsonl"),
            control=self._file("control.jsonl"),
            eval_set=self._file("evalset.jsonl"),
            output=self.directory,
        )
        report: dict[str, Any] = read_json(self._file("report.json"))
        report["dataset"] = dataset
        report["training"] = read_json(self._file("run") / "result.json")
        report["control_training"] = read_json(self._file("control") / "result.json")
        report["checks"] = {
            f"at most {MAX_ACCURACY_BEFORE:.0%} right before": report["before"]["accuracy"]
            <= MAX_ACCURACY_BEFORE,
            f"at least {MIN_ACCURACY_AFTER:.0%} right after": report["after"]["accuracy"]
            >= MIN_ACCURACY_AFTER,
        }
        return report

    def _write(self, report: dict[str, Any]) -> None:
        report["seconds"] = self.timings
        self._file("report.json").write_text(json.dumps(report, indent=2, ensure_ascii=False))
        with self._file("report.md").open("a") as file:
            file.write(summary(report))
        refuse_unless(report["checks"])


class Step:
    """Says what happens, and notes how long it took."""

    def __init__(self, demo: Demo, title: str) -> None:
        self.demo, self.title = demo, title

    def __enter__(self) -> None:
        self.demo.say(f"\n== {self.title}")
        self.started = time.perf_counter()

    def __exit__(self, *error: object) -> None:
        self.demo.timings[self.title] = round(time.perf_counter() - self.started, 2)


def summary(report: dict[str, Any]) -> str:
    training, control, dataset = (
        report["training"],
        report["control_training"],
        report["dataset"],
    )
    lines = [
        "",
        "## The run",
        "",
        f"Dataset `{dataset['dataset_key']}`, digest `{dataset['content_digest'][:16]}`: "
        f"{dataset['training_traces']} training traces, {dataset['held_out']} held out; no pair of "
        "operands is in both, in either order.",
        "",
        f"Trained for {training['final_step']} steps in {training['seconds']} s "
        f"({training['tokens_per_second']:,.0f} tokens/s), {training['parameters']:,} parameters; "
        f"the control, the same model on the same problems without their steps, for "
        f"{control['final_step']} steps in {control['seconds']} s.",
        "",
        "![loss](run/loss.png)",
        "",
        "| check | met |",
        "| --- | --- |",
        *[f"| {name} | {'yes' if met else 'no'} |" for name, met in report["checks"].items()],
        "",
        "| step | seconds |",
        "| --- | --- |",
        *[f"| {title} | {seconds} |" for title, seconds in report["seconds"].items()],
    ]
    return "\n".join(lines) + "\n"


def operands(records: Iterable[dict[str, Any]]) -> set[frozenset[int]]:
    return {frozenset(record["meta"]["operands"]) for record in records}


def refuse_unless(checks: dict[str, bool]) -> None:
    failed = [name for name, met in checks.items() if not met]
    if failed:
        raise DemoFailed(f"Not met: {'; '.join(failed)}.")


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
