"""What is asked of an import, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from traces.intake.incoming import Incoming, Refusal
from traces.models import Status
from traces.readers.formats import AUTO
from traces.services.outcome import Outcome
from tunix_site.errors import Invalid

IMPORT = "import"  # the kind of the jobs that read what is being sent
SKIP, ABORT = "skip", "abort"
MAX_SHOWN_ERRORS = 100
SHOWN_TRACES = 3


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """A validated request to import.

    `map` is text that `traces.readers.mapping.parse` takes, in place of a format's name.
    """

    format: str = AUTO
    map: str | None = None
    source: str | None = None
    on_error: str = SKIP
    dry_run: bool = False
    may_curate: bool = False


@dataclass
class Summary:
    """What became of a file, so far; the first errors of it, and in a dry run its first traces."""

    format: str | None = None
    line_count: int = 0
    created_count: int = 0
    existing_count: int = 0
    read_differently_count: int = 0
    unsigned_count: int = 0  # came with a verdict or step labels that are nobody's
    unsigned_pair_count: int = 0
    error_count: int = 0
    errors_left_out_count: int = 0
    errors: list[Refusal] = field(default_factory=list)
    traces: list[dict[str, Any]] = field(default_factory=list)
    last_bad_line: int = 0

    def count(self, incoming: Sequence[Incoming], outcome: Outcome, *, shown: int) -> None:
        """Count what became of a batch; of the new traces, so many of a file are shown."""
        created = len(outcome.created)
        self.created_count += created
        self.existing_count += len(incoming) - created - len(outcome.refused)
        self.read_differently_count += len(outcome.reread)
        chosen = sorted(outcome.created)[: max(0, shown - len(self.traces))]
        self.traces += [_as_stored(incoming[position]) for position in chosen]

    def refuse(self, refused: Sequence[Refusal]) -> None:
        """Count refusals in the order of their lines; a line once, however often it is refused."""
        lines = {refusal.line for refusal in refused}
        # a record of several traces may come in two pieces
        self.error_count += len(lines) - (refused[0].line == self.last_bad_line)
        self.last_bad_line = refused[-1].line
        self.errors += refused[: MAX_SHOWN_ERRORS - len(self.errors)]

    def take_back(self) -> None:
        """Count nothing as stored any more."""
        self.created_count = self.existing_count = self.read_differently_count = 0
        self.unsigned_count = self.unsigned_pair_count = 0

    def as_answer(self, request: ImportRequest) -> dict[str, Any]:
        """Give what whoever asked for it is answered: in a dry run the first traces as well."""
        told = self.as_result(request)
        if self.unsigned_count:  # by the command alone: requests are somebody's
            told |= {
                "unsigned_count": self.unsigned_count,
                "unsigned_pair_count": self.unsigned_pair_count,
            }
        return {**told, "traces": self.traces} if request.dry_run else told

    def as_result(self, request: ImportRequest) -> dict[str, Any]:
        """Give what is kept with the job, which everybody may read: no trace that is not stored."""
        counted: dict[str, Any] = {
            "format": self.format,
            "line_count": self.line_count,
            "created_count": self.created_count,
            "existing_count": self.existing_count,
            "read_differently_count": self.read_differently_count,
            "error_count": self.error_count,
            "errors": [error._asdict() for error in self.errors],
        }
        if self.errors_left_out_count:
            counted["errors_left_out_count"] = self.errors_left_out_count
        return {**counted, "dry_run": True} if request.dry_run else counted


class ImportRefused(Invalid):
    """400: it ended before its time, or came to nothing; `answer` is the summary up to there."""

    def __init__(self, reason: str, answer: dict[str, Any], **shown: Any) -> None:
        super().__init__({"detail": reason, **shown})
        self.reason = reason
        self.answer = answer


def _as_stored(one: Incoming) -> dict[str, Any]:
    """Show a trace as it would be stored."""
    document = one.document
    original = {} if one.original is None else {"original": one.original}
    return {
        "line": one.line,
        "status": one.status or Status.UNREVIEWED.value,
        "scores": one.scores,
        "step_labels": one.step_labels,
        **msgspec.to_builtins(document),
        **original,
    }
