"""What the forms of a page send, read as strictly as the API reads a body."""

from functools import partial
from typing import Any

from django.http import HttpRequest, QueryDict

from pages.review.correcting.steps import steps_sent
from pages.shared.lines import typed, unix
from pages.shared.refusals import Refusal
from pages.shared.tags import tags_in
from pages.shared.values import read_json
from traces.models import Trace
from traces.serializers.curation import CurationSerializer
from traces.serializers.reviews import CorrectionSerializer, NewReviewSerializer
from traces.services.reviews import Verdict, review_trace
from tunix_site.admin_base.recording import actor_of
from tunix_site.api.idempotency import done_once
from tunix_site.database.ids import number_in
from tunix_site.errors import Conflict, Invalid
from tunix_site.strict_json import InvalidJSON

EXPECTED = ("expected_status", "expected_review")
CORRECTED = ("prompt", "final_answer")
LABEL = "label-"  # names of a page without script: label-<i>


def verdict_sent(form: QueryDict) -> tuple[Verdict, dict[str, Any]]:
    """Read a verdict, and what it expects to find."""
    body: dict[str, Any] = {
        "verdict": form.get("verdict", ""),
        "note": unix(form.get("note", "")),
        "reasons": form.getlist("reasons"),
        **_expected(form),
    }
    if labels := _labels(form):
        body["step_labels"] = labels
    serializer = NewReviewSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    given = serializer.validated_data
    return serializer.to_verdict(), {name: given[name] for name in EXPECTED if name in given}


def judged(request: HttpRequest, trace: Trace) -> Verdict:
    """Give a trace the verdict that was sent, once for an Idempotency-Key."""
    verdict, expected = verdict_sent(request.POST)
    give = partial(review_trace, trace=trace, verdict=verdict, by=actor_of(request), **expected)
    done_once(request, lambda: {"review": give().pk})
    return verdict


def correction_sent(form: QueryDict, trace: Trace) -> CorrectionSerializer:
    """Read a correction: fields and steps that are not sent stay."""
    body: dict[str, Any] = {"note": unix(form.get("note", "")), **_expected(form)}
    texts = {name: getattr(trace, name) for name in CORRECTED if name in form}
    body |= {name: typed(form.get(name, ""), over=text) for name, text in texts.items()}
    if claim := form.get("claim"):
        body["claim"] = _identity(claim)
    if (steps := steps_sent(form, trace)) is not None:
        body["steps"] = steps
    serializer = CorrectionSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    return serializer


def tags_sent(form: QueryDict) -> dict[str, Any]:
    """Read tags, and those that were shown, which are JSON."""
    body: dict[str, Any] = {"tags": tags_in(form.get("tags", ""))}
    if "expected_tags" in form:
        body["expected_tags"] = _json(form, "expected_tags")
    serializer = CurationSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    return serializer.to_curation()


def still_expected(form: QueryDict, refusal: Refusal) -> dict[str, str]:
    """Give what a refused form goes on to expect: what it came with, until a conflict told of more.

    Nothing is compared with what is refused for its values.
    """
    if isinstance(refusal.error, Conflict):
        return {}
    return {name: form.get(name, "") for name in (*EXPECTED, "expected_tags") if name in form}


def _expected(form: QueryDict) -> dict[str, Any]:
    expected: dict[str, Any] = {}
    if status := form.get("expected_status"):
        expected["expected_status"] = status
    if "expected_review" in form:
        expected["expected_review"] = _identity(form.get("expected_review", ""))
    return expected


def _labels(form: QueryDict) -> Any:
    """Read the labels of steps; those that were taken back are none."""
    if "labels" in form:
        labels = _json(form, "labels")
    else:
        sent = [name for name in form if name.startswith(LABEL)]
        labels = {name.removeprefix(LABEL): _label(form.get(name, "")) for name in sent}
    if not isinstance(labels, dict):
        return labels
    return {step: label for step, label in labels.items() if label is not None}


def _json(form: QueryDict, name: str) -> Any:
    try:
        return read_json(form.get(name, ""))
    except InvalidJSON:
        raise Invalid({name: ["Not JSON."]}) from None


def _identity(text: str) -> Any:
    """Read the id of a review; none where the field is empty."""
    number = number_in(text)
    return text or None if number is None else number


def _label(text: str) -> Any:
    return {"1": 1, "0": 0, "-1": -1, "null": None}.get(text, text)
