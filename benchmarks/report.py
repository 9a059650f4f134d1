"""What was measured, as a table and as JSON; the targets stand beside the figures."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Kind = Literal["share", "times", "absolute", "rate", "growth"]
SMALLER_IS_BETTER: set[Kind] = {"times", "absolute", "growth"}


@dataclass(frozen=True, kw_only=True)
class Result:
    """A figure, its baseline from the same run, and what is asked of it.

    Judged is, by kind: the figure as a share of the baseline, or as a multiple of it, the figure
    alone (the less the better, of a rate the more), or by how much it exceeds the baseline.
    """

    name: str
    kind: Kind
    measured: float
    unit: str
    baseline: float | None = None
    against: str = ""
    required: float | None = None
    hoped: float | None = None

    @property
    def judged(self) -> float:
        if self.baseline is None or self.kind in ("absolute", "rate"):
            return self.measured
        if self.kind == "growth":
            return self.measured - self.baseline
        return self.measured / self.baseline

    def meets(self, target: float) -> bool:
        return self.judged <= target if self.kind in SMALLER_IS_BETTER else self.judged >= target

    @property
    def missed(self) -> bool:
        return self.required is not None and not self.meets(self.required)

    def shown(self, value: float) -> str:
        """Write a value of what is judged."""
        if self.kind == "share":
            return f"{value:.0%}"
        if self.kind == "times":
            return f"{value:.2f} x"
        return f"{value:.1f} {self.unit}"

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "unit": self.unit,
            "measured": self.measured,
            "baseline": self.baseline,
            "against": self.against,
            "judged": self.judged,
            "required": self.required,
            "hoped": self.hoped,
            "met": None if self.required is None else not self.missed,
        }


def table(results: Iterable[Result]) -> str:
    """Give a Markdown table whose columns are aligned."""
    rows = [["measured", "figure", "baseline", "judged", "required", "hoped", "met"]]
    rows += [_row(result) for result in results]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    rows.insert(1, ["-" * width for width in widths])
    lines = (
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    )
    return "\n".join(f"| {line} |" for line in lines)


def _row(result: Result) -> list[str]:
    comparison = "<=" if result.kind in SMALLER_IS_BETTER else ">="
    baseline = ""
    if result.baseline is not None:
        baseline = f"{_number(result.baseline)} {result.unit}, {result.against}"
    targets = [
        "" if target is None else f"{comparison} {result.shown(target)}"
        for target in (result.required, result.hoped)
    ]
    return [
        result.name,
        f"{_number(result.measured)} {result.unit}",
        baseline,
        result.shown(result.judged),
        *targets,
        "" if result.required is None else ("no" if result.missed else "yes"),
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.2f}"


def write(path: Path, settings: dict[str, Any], results: Iterable[Result]) -> None:
    content = {**settings, "results": [result.as_json() for result in results]}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
