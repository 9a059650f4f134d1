"""Lines of our own `record` export, the one that loses nothing."""

from math import isfinite
from typing import Any

from traces.readers import fields, trace
from traces.readers.draft import Draft, Unreadable
from traces.scorers.scorer import UNDECIDED
from tunix_site.strict_json import INT64, problems, text_problems

UNREVIEWED = "unreviewed"
STATUSES = (UNREVIEWED, "approved", "rejected", "flagged")
BESIDE = ("id", "created_at", "status", "scores", "split", "original")
AS_JSON = ("meta", "messages", "tags", "scores", "original")  # they may come as texts of it
FIELDS = frozenset([*trace.BODY, *BESIDE])
MAX_NAME_CHARS = 64
MAX_SCORES = 1_000

EXAMPLE: dict[str, Any] = {
    **trace.EXAMPLE,
    "id": "01970000-0000-7000-8000-000000000001",
    "created_at": "2026-01-31T12:00:00.000000Z",
    "status": "approved",
    "tags": ["checked"],
    "scores": [
        {
            "criteria": "answer_correctness",
            "scorer_version": "1",
            "value": 1.0,
            "details": {},
            "created_at": "2026-01-31T12:00:05.000000Z",
        }
    ],
    "split": "train",
    "original": {"solution": "17 + 25 is 17 + 20 + 5, which is 42."},
}


def recognises(record: dict[str, Any]) -> bool:
    return "id" in record and not record.keys().isdisjoint(BESIDE[1:]) and trace.recognises(record)


def read(record: dict[str, Any]) -> list[Draft]:
    trace.refuse_others(record, FIELDS)
    record = fields.parsed(record, *AS_JSON)
    draft = trace.read_body(record)
    draft.external_id = draft.external_id or fields.text(record, "id")
    draft.status = _status(record)
    draft.scores = _scores(fields.optional_listing(record, "scores") or [])
    if "original" in record:  # else it was written before there was one
        draft.original = _original(record)
    return [draft]


def _status(record: dict[str, Any]) -> str | None:
    """Take the status; nobody has to be told that a trace is not reviewed."""
    status = fields.optional_text(record, "status")
    if status is not None and status not in STATUSES:
        raise Unreadable("status", f"Not one of {', '.join(STATUSES)}.")
    return None if status == UNREVIEWED else status


def _original(record: dict[str, Any]) -> dict[str, Any] | None:
    if record["original"] is None:
        return None
    original = fields.mapping(record, "original")
    for path, reason in problems(original, depth=1):
        raise Unreadable(f"original{path}", reason)
    return original or None


def _scores(listed: list[Any]) -> list[dict[str, Any]]:
    if len(listed) > MAX_SCORES:
        raise Unreadable("scores", f"More than {MAX_SCORES:,} scores.")
    scores = []
    seen = set()
    for position, item in enumerate(listed):
        where = f"scores[{position}]"
        score = _score(item, where)
        name = score["criteria"], score["scorer_version"]
        if name in seen:
            raise Unreadable(where, "An earlier score is of the same criteria and version.")
        seen.add(name)
        scores.append(score)
    return scores


def _score(score: Any, where: str) -> dict[str, Any]:
    score = fields.checked(score, dict, "an object", where)
    value, details = score.get("value"), _details(score, where)
    undecided = value is None and details.get("outcome") == UNDECIDED
    if not (undecided or _is_number(value)):
        raise Unreadable(f"{where}.value", "Not a number.")
    return {
        "criteria": _name(score, "criteria", where),
        "scorer_version": _name(score, "scorer_version", where),
        "value": value,
        "details": details,
    }


def _is_number(value: Any) -> bool:
    return value in INT64 if type(value) is int else isinstance(value, float) and isfinite(value)


def _details(score: dict[str, Any], where: str) -> dict[str, Any]:
    if score.get("details") is None:
        return {}
    details = fields.mapping(score, "details", within=where)
    for path, reason in problems(details):
        raise Unreadable(f"{where}.details{path}", reason)
    return details


def _name(score: dict[str, Any], name: str, where: str) -> str:
    value = fields.text(score, name, within=where)
    for reason in text_problems(value):
        raise Unreadable(fields.path(name, where), reason)
    if len(value) > MAX_NAME_CHARS:
        raise Unreadable(fields.path(name, where), f"Longer than {MAX_NAME_CHARS} characters.")
    return value
