"""How far a change of many traces has come, in words."""

from jobs.models import UNFINISHED, Job, State
from pages.traces.bulk.asking import in_words
from traces.services.bulk.counting import changed_by
from traces.services.bulk.deleting import BULK_DELETE
from traces.services.bulk.undoing import UNDO
from traces.services.scoring.score_all import SCORE


def count_done(job: Job) -> int:
    """Give to how many traces it did something; a scoring that was broken off does not say."""
    result = job.result or {}
    if job.kind == UNDO:
        return int(result.get("restored_count", 0))
    if job.kind == SCORE:
        return int(result.get("scored_count", 0))
    return changed_by(job=job) or int(result.get("deleted_count", 0))


def heading_of(job: Job, count: int) -> str:
    """Say what it does, or did."""
    doing, words = _words(job)
    if job.state in UNFINISHED:
        of = words if job.kind != BULK_DELETE else ""
        many = "traces" if job.total is None else f"{job.total:,} traces"
        return f"{doing} {many}" + (f": {of}" if of else "")
    if job.state == State.SUCCEEDED:
        return f"{count:,} {'as before' if job.kind == UNDO else words}"
    if job.kind in (UNDO, SCORE):
        return f"{doing} {job.state}"
    return f"{count:,} {words}, then {job.state}"


def _words(job: Job) -> tuple[str, str]:
    """Say what it is doing, and what becomes of the traces."""
    if job.kind == SCORE:
        return "Scoring", f"scored on {job.parameters.get('criteria', '')}"
    if job.kind == BULK_DELETE:
        return "Deleting", "deleted"
    # what was undone is not kept as long as its undoing
    change = job.undoes if job.kind == UNDO and job.undoes else job
    doing = "Undoing" if job.kind == UNDO else "Changing"
    return doing, in_words(change.parameters.get("set", {}))
