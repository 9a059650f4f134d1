"""Programs that write what the training programs would, but train nothing."""

import itertools
import json

from training import demo
from training.demo import read_lines

ADDITIONS = 50
OTHERS = {"gcd": 3, "chain_sum": 2}


class Programs:
    """Stands in for the training programs; what they find out can be set."""

    def __init__(self):
        self.calls = []
        self.accuracy = {"before": 0.0, "after": 0.98, "control": 0.5}
        self.seconds = 50.0
        self.pairs = list(itertools.islice(itertools.combinations(range(100, 999), 2), ADDITIONS))

    def run(self, name, **arguments):
        self.calls.append((name, arguments))
        getattr(self, name)(**arguments)

    def problems(self, *, family, count, seed, output):
        pairs = self.pairs if family == "addition" else [(n, n) for n in range(count)]
        assert len(pairs) == count
        with output.open("w") as file:
            for left, right in pairs:
                file.write(json.dumps(problem(family, left, right)) + "\n")

    def sft(self, *, config, data, eval_data, manifest, output):
        assert config.exists()
        output.mkdir()
        (output / "tokenizer").mkdir()
        result = {
            "final_step": 400,
            "seconds": self.seconds,
            "tokens_per_second": 12_345.6,
            "parameters": 213_000,
        }
        (output / "result.json").write_text(json.dumps(result))

    def generate(self, *, model, config, eval_set, seed, output, tokenizer=None):
        assert tokenizer is None or tokenizer.is_dir()
        with output.open("w") as file:
            for question in read_lines(eval_set):
                answer = problem("answers", 1, 2)
                answer |= {"prompt": question["prompt"], "meta": {"source": "evaluation"}}
                del answer["external_id"]
                file.write(json.dumps(answer) + "\n")

    def report(self, *, before, after, control, eval_set, output):
        counts = {name: {"accuracy": accuracy} for name, accuracy in self.accuracy.items()}
        report = {**counts, "problems": len(list(read_lines(eval_set)))}
        (output / "report.json").write_text(json.dumps(report))
        (output / "report.md").write_text("# Before and after\n")


def problem(family, left, right) -> dict:
    return {
        "trace_version": "1.0",
        "prompt": f"What is {left}+{right}?",
        "final_answer": str(left + right),
        "steps": [{"i": 0, "type": "reasoning", "content": f"{left} and {right}"}],
        "meta": {
            "source": f"problems/{family}",
            "family": family,
            "reference_answer": str(left + right),
            "operands": [left, right],
            "difficulty": "easy",
        },
        "external_id": f"{family}-{left}-{right}",
    }


def put_in_place(monkeypatch) -> Programs:
    """Have a smaller demo run stand-ins."""
    made = Programs()
    monkeypatch.setattr(demo, "run_program", made.run)
    monkeypatch.setattr(demo, "ADDITION_COUNT", ADDITIONS)
    monkeypatch.setattr(demo, "OTHER_FAMILIES", OTHERS)
    monkeypatch.setattr(demo, "MIN_HELD_OUT", 5)
    return made
