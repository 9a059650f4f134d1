"""The columns that the list of traces can show, in their order; the prompt is always there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from traces.curation.columns import MAX_COLUMN_CHARS, MAX_COLUMNS
from tunix_site.errors import Invalid

OF_SCORE = "score:"  # begins the names of columns of scores
MAX_SCORES = 8


@dataclass(frozen=True)
class Column:
    """A column: its name in a form, its heading, and as what its values are shown."""

    name: str
    label: str
    kind: str = "text"
    is_usual: bool = False

    @property
    def criteria(self) -> str:
        return self.name.removeprefix(OF_SCORE) if self.kind == "score" else ""

    @property
    def speaks(self) -> bool:
        """Tell whether a value says by itself what it is."""
        return self.is_usual or self.kind in ("yes",)


BEFORE_SCORES = (
    Column("answer", "Answer", is_usual=True),
    Column("status", "Status", "status", is_usual=True),
    Column("source", "Source", is_usual=True),
    Column("model", "Model"),
    Column("tags", "Tags", "tags", is_usual=True),
    Column("steps", "Steps", "steps", is_usual=True),
    Column("characters", "Characters", "number"),
)
BEHIND_SCORES = (
    Column("reviewer", "Reviewer"),
    Column("reviewed", "Reviewed", "date"),
    Column("labelled", "Labelled", "yes"),
    Column("note", "Note", "yes"),
    Column("external_id", "External id"),
    Column("version", "Version"),
    Column("created", "Created", "date", is_usual=True),
)
FIXED = (*BEFORE_SCORES, *BEHIND_SCORES)


def columns_named(names: Sequence[str] | None) -> list[Column]:
    """Give the columns of these names; without any choice the usual ones."""
    if names is None:
        return [one for one in FIXED if one.is_usual]
    scores = _of_scores(names)
    shown = [*BEFORE_SCORES, *map(_score, sorted(scores)), *BEHIND_SCORES]
    return [one for one in shown if one.name in names]


def offered(criteria: Iterable[str], chosen: Iterable[Column]) -> list[Column]:
    """Give all columns that can be chosen: of scores those that exist, or were chosen before."""
    names = {*criteria, *(one.criteria for one in chosen if one.criteria)}
    return [*BEFORE_SCORES, *map(_score, sorted(names)), *BEHIND_SCORES]


def checked(names: Sequence[str]) -> list[str]:
    """Give the names of a form, each once; Invalid where one is of no column, or too many are."""
    scores, known = _of_scores(names), {one.name for one in FIXED}
    for name in names:
        is_score = name.removeprefix(OF_SCORE) in scores and name.isprintable()
        if name not in known and not (is_score and len(name) <= MAX_COLUMN_CHARS):
            raise Invalid({"columns": [f"There is no column {name!a:.80}."]})
    if len(scores) > MAX_SCORES:
        raise Invalid({"columns": [f"At most {MAX_SCORES} scores."]})
    return list(dict.fromkeys(names))[:MAX_COLUMNS]


def _of_scores(names: Iterable[str]) -> set[str]:
    found = (name.removeprefix(OF_SCORE) for name in names if name.startswith(OF_SCORE))
    return {criteria for criteria in found if criteria}


def _score(criteria: str) -> Column:
    return Column(OF_SCORE + criteria, criteria, "score")
