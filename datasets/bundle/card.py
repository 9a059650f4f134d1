"""README.md: the dataset card, with the head that Hugging Face reads."""

from collections.abc import Iterator, Sequence
from string import Template
from typing import Any

import msgspec

from datasets.bundle.evaluations import EvaluationFile
from datasets.bundle.files import DataFile
from datasets.bundle.texts import as_yaml, template
from datasets.models import Dataset

SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "n>100M")


def card(dataset: Dataset, files: Sequence[DataFile], evaluations: Sequence[EvaluationFile]) -> str:
    """Write it; what comes from outside stands as JSON in a block that it cannot end."""
    return Template(template("README.md")).substitute(
        head=as_yaml(_head(dataset, files)),
        key=dataset.key,
        name=dataset.name,
        version=dataset.version,
        trace_count=f"{dataset.trace_count:,}",
        created_at=f"{dataset.created_at:%Y-%m-%d}",
        digest=dataset.content_digest,
        files="\n".join(map(_row, files)),
        evaluations="\n".join(_evaluated(evaluations)),
        recipe=_in_a_block(dataset.recipe.document()),
    )


def _head(dataset: Dataset, files: Sequence[DataFile]) -> dict[str, Any]:
    """Give a config of the loader for each format, its files by split.

    Those without rows are left out: the loader refuses a format whole where one of them is named.
    """
    configs: dict[str, list[dict[str, str]]] = {}
    for file in files:
        if not file.has_rows:
            continue
        described = {"split": file.split, "path": file.name}
        configs.setdefault(file.export.fmt.name, []).append(described)
    return {
        "pretty_name": f"{dataset.name} {dataset.version}",
        "task_categories": ["text-generation"],
        "tags": ["reasoning"],
        "size_categories": [_size(dataset.trace_count)],
        "configs": [
            {"config_name": name, "data_files": parts, **({} if number else {"default": True})}
            for number, (name, parts) in enumerate(configs.items())
        ],
    }


def _size(count: int) -> str:
    """Give the class of a count as Hugging Face names them: by powers of ten from 1,000 on."""
    return SIZES[min(max(len(str(count)) - 3, 0), len(SIZES) - 1)]


def _row(file: DataFile) -> str:
    export = file.export
    left_out = sum(export.left_out.values())
    fmt = f"{export.fmt.name} {export.fmt.version}"
    return f"| `{file.name}` | {fmt} | {export.row_count:,} | {left_out:,} |"


def _evaluated(evaluations: Sequence[EvaluationFile]) -> Iterator[str]:
    if not evaluations:
        yield "It was not compared with any evaluation set."
        return
    yield "Traces in which items of these stand were taken away:"
    yield ""
    for one in evaluations:
        answers = "with their answers" if one.with_answers else "without their answers"
        yield f"- `{one.evalset.key}` ({one.evalset.item_count:,} items): `{one.name}`, {answers}"


def _in_a_block(document: Any) -> str:
    """Write JSON that holds no mark of Markdown's blocks: what could be one is escaped."""
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    return text.replace("`", "\\u0060").replace("~", "\\u007e")
