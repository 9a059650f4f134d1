"""Making an evaluation set of what a form says; what is refused is told beside its field."""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, NamedTuple

from django.http import HttpRequest
from django.urls import reverse

from datasets.held_out.serializers import FromDatasetSerializer
from datasets.services.hold_out import hold_out
from evalsets.intake import ItemLines
from evalsets.models import EvalSet
from evalsets.serializers import LinesQuery, lines_request
from evalsets.services.create import create_evalset
from events.actors import Actor
from pages.evalsets.receiving import TEXT, lines_in, text_in
from pages.evalsets.ways import DATASET, LINES, PROBLEMS, WAYS, body_of
from pages.shared.refusals import Refusal, refusable
from traces.document import MAX_ANSWER_CHARS
from training.services import start_generating
from tunix_site.errors import text_of

THERE = "It is there already, made by the same request."
LEFT_OUT = {
    "no_reference": "without a reference answer",
    "several_references": "with several that differ",
    "long_reference": f"with one of more than {MAX_ANSWER_CHARS:,} characters",
}


class Made(NamedTuple):
    """Where to go on and what to say there; or what was wrong, by the field and by the line."""

    address: str = ""
    told: str = ""
    status: int = 400
    problems: dict[str, str] = {}
    errors: list[dict[str, Any]] = []
    text: str = ""  # the lines that were sent, also those of a file


def made_of(way: str, request: HttpRequest, *, by: Actor) -> Made:
    """Make a set, or start the job that generates it."""
    body, problems = body_of(way, request.POST)
    sent, problem = lines_in(request) if way == LINES else (None, "")
    if problem:
        problems[TEXT] = problem
    if problems:
        return Made(problems=problems, text=text_in(request))
    with refusable() as refused:
        return MAKERS[way](body, sent, by)
    return _refused(way, refused)._replace(text=text_in(request))


def _of_lines(body: dict[str, Any], sent: IO[bytes] | None, by: Actor) -> Made:
    serializer = LinesQuery(data=body)
    serializer.is_valid(raise_exception=True)
    lines = ItemLines(sent or BytesIO())
    asked = lines_request(serializer.validated_data)
    evalset, created = create_evalset(request=asked, items=lines, by=by)
    return _done(evalset, created=created)


def _of_dataset(body: dict[str, Any], _sent: IO[bytes] | None, by: Actor) -> Made:
    serializer = FromDatasetSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    evalset, left_out, created = hold_out(**serializer.validated_data, by=by)
    parts = [f"{count:,} {LEFT_OUT.get(reason, reason)}" for reason, count in left_out.items()]
    told = f" Prompts left out: {', '.join(parts)}." if parts else ""
    return _done(evalset, created=created, more=told)


def _of_problems(body: dict[str, Any], _sent: IO[bytes] | None, by: Actor) -> Made:
    job = start_generating(body=body, by=by)
    return Made(reverse("job", args=[job.pk]))


MAKERS: dict[str, Callable[[dict[str, Any], IO[bytes] | None, Actor], Made]] = {
    LINES: _of_lines,
    DATASET: _of_dataset,
    PROBLEMS: _of_problems,
}


def _done(evalset: EvalSet, *, created: bool, more: str = "") -> Made:
    said = f"Made of {evalset.item_count:,} questions." if created else THERE
    return Made(reverse("evalset", args=[evalset.key]), said + more)


def _refused(way: str, refusal: Refusal) -> Made:
    """Put what is wrong beside its field; what is of none stands above the form."""
    detail = refusal.detail
    if not isinstance(detail, dict):
        return Made(status=refusal.status, problems={"": refusal.text})
    known = {field.path for field in WAYS[way].fields}
    errors = detail.get("errors", [])
    problems: dict[str, str] = {}
    for name, reason in detail.items():
        if name != "errors":
            place = name if name in known else ""
            said = text_of(reason if place or name == "detail" else {name: reason})
            problems[place] = f"{problems.get(place, '')} {said}".strip()
    return Made(status=refusal.status, problems=problems, errors=errors)
