"""The three ways to an evaluation set, each with the fields of its form."""

from typing import Any, NamedTuple

from django.http import QueryDict

from evalsets.models import AnswerType
from pages.building.fields import Field, Refused
from pages.building.form import Bound
from pages.shared.values import number_or_text, read_json
from tunix_site.strict_json import InvalidJSON

LINES, DATASET, PROBLEMS = "lines", "dataset", "problems"
WHOLE = {"inputmode": "numeric"}


class Way(NamedTuple):
    """What its tab is called, and its fields."""

    title: str
    fields: tuple[Field, ...]


def _object(text: str) -> Any:
    try:
        return read_json(text)
    except InvalidJSON as error:
        raise Refused(f"Not JSON: {error}") from None


NAME = Field(path="name", label="Name", read=str.strip, attributes={"maxlength": "128"})
VERSION = Field(
    path="version", label="Version", read=str.strip, initial="1", attributes={"maxlength": "64"}
)
WAYS = {
    LINES: Way(
        "Of lines",
        (
            NAME,
            VERSION,
            Field(
                path="answer_type",
                label="Answers are",
                kind="select",
                choices=(("", "not said"), *((value, value) for value in AnswerType.values)),
            ),
            Field(path="license", label="License", read=str.strip),
        ),
    ),
    DATASET: Way(
        "Of a dataset",
        (
            NAME,
            VERSION,
            Field(path="key", label="Dataset", read=str.strip, known="datasets"),
            Field(path="split", label="Split", read=str.strip, hint="Empty: all of the dataset."),
        ),
    ),
    PROBLEMS: Way(
        "Generated",
        (
            NAME,
            VERSION,
            Field(
                path="family",
                label="Family",
                read=str.strip,
                hint="addition, or one of reasoning-gym, such as chain_sum.",
            ),
            Field(
                path="size", label="How many", read=number_or_text, initial="100", attributes=WHOLE
            ),
            Field(path="seed", label="Seed", read=number_or_text, initial="0", attributes=WHOLE),
            Field(
                path="config",
                label="Settings of the family",
                kind="lines",
                read=_object,
                hint='As JSON, such as {"min_terms": 3, "max_terms": 5}.',
            ),
        ),
    ),
}


def way_in(query: QueryDict) -> str:
    """Read which way an address asks for."""
    asked = query.get("of", "")
    return asked if asked in WAYS else LINES


def begun(way: str, query: QueryDict) -> QueryDict:
    """Give the form as an address begins it."""
    form = QueryDict(mutable=True)
    for field in WAYS[way].fields:
        form[field.path] = query.get(field.path, field.initial)
    return form


def body_of(way: str, form: QueryDict) -> tuple[dict[str, Any], dict[str, str]]:
    """Read a form as the body of a request, and what no body could say, by its field."""
    body: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for field in WAYS[way].fields:
        try:
            value = field.value_in(form)
        except Refused as error:
            problems[field.path] = str(error)
        else:
            if value is not None:
                body[field.path] = value
    return body, problems


def bound(way: str, form: QueryDict, problems: dict[str, str]) -> list[Bound]:
    """Give the fields as they are shown."""
    return [
        Bound(field, form.getlist(field.path), problems.get(field.path, ""))
        for field in WAYS[way].fields
    ]
