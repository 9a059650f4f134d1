"""The columns that the list of traces can show, as it shows them; the prompt is always there."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from traces.curation.columns import BEFORE_SCORES, BEHIND_SCORES, OF_SCORE, USUAL
from traces.finding.columns import shown_of


@dataclass(frozen=True)
class Column:
    """A column: its name in a form, its heading, and as what its values are shown."""

    name: str
    label: str
    kind: str = "text"

    @property
    def criteria(self) -> str:
        return self.name.removeprefix(OF_SCORE) if self.kind == "score" else ""

    @property
    def speaks(self) -> bool:
        """Tell whether a value says by itself what it is."""
        return self.name in USUAL or self.kind == "yes"


KINDS = {
    "status": "status",
    "tags": "tags",
    "steps": "steps",
    "characters": "number",
    "reviewed": "date",
    "labelled": "yes",
    "note": "yes",
    "created": "date",
}
FIXED = (*BEFORE_SCORES, *BEHIND_SCORES)


def columns_named(names: Sequence[str] | None) -> list[Column]:
    """Give the columns of these names; without any choice the usual ones."""
    return [_column(name) for name in shown_of(USUAL if names is None else names)]


def offered(criteria: Iterable[str], chosen: Iterable[Column]) -> list[Column]:
    """Give all columns that can be chosen: of scores those that exist, or were chosen before."""
    scores = {*criteria, *(one.criteria for one in chosen if one.criteria)}
    return columns_named([*FIXED, *(OF_SCORE + name for name in scores)])


def _column(name: str) -> Column:
    if name.startswith(OF_SCORE):
        return Column(name, name.removeprefix(OF_SCORE), "score")
    return Column(name, name.replace("_", " ").capitalize(), KINDS.get(name, "text"))
