"""The evaluation sets that a dataset was kept apart from, with the same columns in each line."""

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import msgspec

from datasets.bundle.names import key_names
from datasets.bundle.texts import as_yaml
from datasets.bundle.zipped import Entry, Written, whole
from datasets.models import Dataset
from evalsets.document import Item
from evalsets.models import EvalSet
from evalsets.reading import items
from tunix_site.api.pieces import in_pieces

MAX_ANSWER_TOKENS = 1024
# what follows the last mark of an answer: in tags, behind a word, or as GSM8K has it
MARKED = r"(?:<answer>|Answer:|####)\s*([^<\n]+)"

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class EvaluationFile:
    """A set of questions; its answers come where they are asked for."""

    evalset: EvalSet
    safe_key: str
    with_answers: bool

    @property
    def name(self) -> str:
        return f"evalset.{self.safe_key}.jsonl"

    def entries(self) -> list[Entry]:
        """Give the questions; with their answers also the task that asks them."""
        version = f"{self.evalset.digest} {self.with_answers}"
        questions = Entry(name=self.name, version=version, pieces=self._pieces)
        if not self.with_answers:
            return [questions]
        return [questions, whole(f"lm-eval.{self.safe_key}.yaml", as_yaml(self._task()))]

    def described(self) -> dict[str, Any]:
        """Say what it is, for manifest.json."""
        return {
            "name": self.name,
            "key": self.evalset.key,
            "digest": self.evalset.digest,
            "item_count": self.evalset.item_count,
            "license": self.evalset.license or None,
            "with_answers": self.with_answers,
        }

    def _pieces(self, _: Sequence[Written]) -> Generator[bytes]:
        with closing(items(self.evalset)) as found:
            yield from in_pieces(_encode(self._line(item)) + b"\n" for item in found)

    def _line(self, item: Item) -> dict[str, Any]:
        """Give the columns; `meta` is none: it has any shape, and may tell the answer."""
        answers = {"expected_answer": item.expected_answer, "aliases": item.aliases}
        return {
            "id": item.id,
            "prompt": item.prompt,
            **(answers if self.with_answers else {}),
            "section": item.section,
            "category": item.category,
            "difficulty": item.difficulty,
        }

    def _task(self) -> dict[str, Any]:
        """Give a task of lm-evaluation-harness, run in this folder."""
        return {
            "task": self.safe_key,
            "dataset_path": "json",
            "dataset_kwargs": {"data_files": {"test": self.name}},
            "test_split": "test",
            "output_type": "generate_until",
            "doc_to_text": "{{prompt}}",
            "doc_to_target": "{{[expected_answer] + aliases}}",
            "generation_kwargs": {
                "until": [],
                "do_sample": False,
                "max_gen_toks": MAX_ANSWER_TOKENS,
            },
            "filter_list": [
                {
                    "name": "last-marked",
                    "filter": [
                        {"function": "regex", "regex_pattern": MARKED, "group_select": -1},
                        {"function": "take_first"},
                    ],
                }
            ],
            "metric_list": [
                {
                    "metric": "exact_match",
                    "aggregation": "mean",
                    "higher_is_better": True,
                    "ignore_case": True,
                    "regexes_to_ignore": [",", r"\$", r"\.$"],
                }
            ],
            "metadata": {"version": 1.0, "digest": self.evalset.digest},
        }


def evaluation_files(dataset: Dataset, *, with_answers: bool) -> list[EvaluationFile]:
    """Give the sets that the dataset was decontaminated against, in the recipe's order."""
    recipe = dataset.recipe.decontaminate
    keys = list(dict.fromkeys(one.eval_set for one in recipe.against)) if recipe else []
    found = {one.key: one for one in EvalSet.objects.existing().filter(key__in=keys)}
    names = key_names(key for key in keys if key in found)
    return [EvaluationFile(found[key], name, with_answers) for key, name in names.items()]
