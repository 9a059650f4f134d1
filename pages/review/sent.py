"""What the forms of a page send, read as strictly as the API reads a body."""

import json
from typing import Any

from django.http import QueryDict

from traces.models import Trace
from traces.serializers.curation import CurationSerializer
from traces.serializers.reviews import CorrectionSerializer, NewReviewSerializer
from traces.services.reviews import Verdict
from tunix_site.errors import Invalid

EXPECTED = ("expected_status", "expected_review")
CORRECTED = ("prompt", "final_answer")
LABEL = "label-"  # names of a page without script: label-<i>
STEP = "step-"  # of a correction: step-<i>


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


def correction_sent(form: QueryDict, trace: Trace) -> CorrectionSerializer:
    """Read a correction: fields and steps that are not sent stay, an empty step is left out."""
    body: dict[str, Any] = {"note": unix(form.get("note", "")), **_expected(form)}
    body |= {name: unix(form.get(name, "")) for name in CORRECTED if name in form}
    if claim := form.get("claim"):
        body["claim"] = _identity(claim)
    texts = {str(step["i"]): step["content"] for step in trace.steps}
    sent = {name.removeprefix(STEP): name for name in form if name.startswith(STEP)}
    if unknown := sent.keys() - texts.keys():
        raise Invalid({STEP + one: ["The trace has no step of this i."] for one in unknown})
    if sent:
        texts |= {one: unix(form.get(name, "")) for one, name in sent.items()}
        steps = ({**step, "content": texts[str(step["i"])]} for step in trace.steps)
        body["steps"] = [step for step in steps if step["content"]]
    serializer = CorrectionSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    return serializer


def tags_sent(form: QueryDict) -> dict[str, Any]:
    """Read tags, one a line, and those that were shown, which are JSON; empty lines are none."""
    body: dict[str, Any] = {"tags": lines_of(form.get("tags", ""))}
    if "expected_tags" in form:
        body["expected_tags"] = _json(form, "expected_tags")
    serializer = CurationSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    return serializer.to_curation()


def _expected(form: QueryDict) -> dict[str, Any]:
    expected: dict[str, Any] = {}
    if status := form.get("expected_status"):
        expected["expected_status"] = status
    if "expected_review" in form:
        expected["expected_review"] = _identity(form.get("expected_review", ""))
    return expected


def _labels(form: QueryDict) -> Any:
    if "labels" not in form:
        sent = [name for name in form if name.startswith(LABEL)]
        return {name.removeprefix(LABEL): _number(form.get(name, "")) for name in sent}
    return _json(form, "labels")


def _json(form: QueryDict, name: str) -> Any:
    try:
        return json.loads(form.get(name, ""))
    except (ValueError, RecursionError):
        raise Invalid({name: ["Not JSON."]}) from None


def _identity(text: str) -> Any:
    """Read the id of a review; none where the field is empty."""
    return int(text) if text.isdecimal() and len(text) < 19 else text or None


def _number(text: str) -> Any:
    return {"1": 1, "0": 0, "-1": -1}.get(text, text)


def unix(text: str) -> str:
    """Give the text with the line ends that a person typed."""
    return text.replace("\r\n", "\n")  # forms send it so


def lines_of(text: str) -> list[str]:
    """Give the lines of a text that are not empty."""
    return [line for line in unix(text).split("\n") if line]
