"""What the forms of a page send, read as strictly as the API reads a body."""

import json
from typing import Any

from django.http import QueryDict

from traces.serializers.curation import CurationSerializer
from traces.serializers.reviews import NewReviewSerializer
from traces.services.reviews import Verdict
from tunix_site.errors import Invalid

EXPECTED = ("expected_status", "expected_review")
LABEL = "label-"  # names of a page without script: label-<i>


def verdict_sent(form: QueryDict) -> tuple[Verdict, dict[str, Any]]:
    """Read a verdict, and what it expects to find."""
    body: dict[str, Any] = {
        "verdict": form.get("verdict", ""),
        "note": unix(form.get("note", "")),
        "reasons": form.getlist("reasons"),
    }
    if labels := _labels(form):
        body["step_labels"] = labels
    if expected := form.get("expected_status"):
        body["expected_status"] = expected
    if "expected_review" in form:
        body["expected_review"] = _identity(form.get("expected_review", ""))
    serializer = NewReviewSerializer(data=body)
    serializer.is_valid(raise_exception=True)
    given = serializer.validated_data
    return serializer.to_verdict(), {name: given[name] for name in EXPECTED if name in given}


def tags_sent(form: QueryDict) -> list[str]:
    """Read tags, one a line; empty lines are none."""
    tags = lines_of(form.get("tags", ""))
    serializer = CurationSerializer(data={"tags": tags})
    serializer.is_valid(raise_exception=True)
    return tags


def _labels(form: QueryDict) -> Any:
    if "labels" not in form:
        sent = [name for name in form if name.startswith(LABEL)]
        return {name.removeprefix(LABEL): _number(form.get(name, "")) for name in sent}
    try:
        return json.loads(form.get("labels", ""))
    except (ValueError, RecursionError):
        raise Invalid({"labels": ["Not an object of JSON."]}) from None


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
