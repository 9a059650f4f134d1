"""What the recipe of a form would take and take away, as its page shows it."""

from typing import Any, NamedTuple

import msgspec
from django.http import QueryDict

from datasets.previews import PreviewSerializer
from datasets.serializers import BuildSerializer
from datasets.services.preview import SCORED_IN_MEMORY, Preview, preview_recipe
from events.actors import Actor
from pages.building.form import RECIPE, placed, sent
from pages.building.layout import FORMAT
from pages.datasets.bars import Line, funnel_lines
from pages.datasets.formats import Written, cut
from pages.datasets.words import STEPS, Evidence, evidence_in_words, reason_in_words
from pages.shared.calls import command
from pages.shared.refusals import refusable

NAMES = ("dataset_name", "dataset_version")
KNOWN = frozenset(BuildSerializer().fields)


class Removed(NamedTuple):
    """Some of what a step takes away: the trace, why, and what tells it."""

    step: str
    traces: list[tuple[str, str, list[Evidence]]]


class Shown(NamedTuple):
    """A preview in words."""

    funnel: list[Line]
    removed: list[Removed]
    written: list[Written]
    splits: dict[str, int]
    sampled: dict[str, int] | None
    unscored: dict[str, int]
    most_counted: int  # more than so many scores that are missing were not counted
    left: int
    is_empty: bool  # of traces, or of pairs where these are asked for


def previewed(form: QueryDict, *, by: Actor) -> tuple[Shown | None, dict[str, str]]:
    """Try the recipe of a form; none, and why not by the field, where it is refused.

    Names are looked at as well, as far as they are there: a preview needs none. So are keys that
    nobody knows, of which a build would be refused.
    """
    body, problems, told = sent(form)
    if problems:
        return None, problems
    named = _problems_beside(body, told)
    asked = {name: value for name, value in body.items() if name in RECIPE}
    with refusable() as refused:
        serializer = PreviewSerializer(data={**asked, FORMAT: form.get(FORMAT) or None})
        serializer.is_valid(raise_exception=True)
        fmt = serializer.validated_data[FORMAT]
        return _shown(preview_recipe(recipe=serializer.to_recipe(), by=by, fmt=fmt)), named
    return None, {**named, **placed(refused.detail, told)}


def _problems_beside(body: dict[str, Any], told: set[str]) -> dict[str, str]:
    looked_at = {name: body[name] for name in body if name in NAMES or name not in KNOWN}
    serializer = BuildSerializer(data=looked_at)
    if serializer.is_valid():
        return {}
    refused = {name: why for name, why in serializer.errors.items() if name in body}
    return placed(refused, told)


def _shown(preview: Preview) -> Shown:
    return Shown(
        funnel=funnel_lines(preview.funnel),
        removed=[
            Removed(STEPS.get(step, step), [_removed(one) for one in some])
            for step, some in preview.samples.items()
            if some
        ],
        written=cut(preview.written or []),
        splits=preview.splits,
        sampled=preview.sampled,
        unscored=preview.unscored,
        most_counted=SCORED_IN_MEMORY,
        left=preview.funnel[-1]["out"],
        is_empty=not preview.funnel[-1]["out"] or preview.funnel[-1].get("pairs") == 0,
    )


def _removed(sample: dict[str, Any]) -> tuple[str, str, list[Evidence]]:
    return (
        sample["trace"],
        reason_in_words(sample["reason"]),
        evidence_in_words(sample["because"]),
    )


def api_call(form: QueryDict, address: str) -> str:
    """Say what the form does as a command that sends it to the API."""
    body = msgspec.json.format(msgspec.json.encode(sent(form).body), indent=2).decode()
    return command(address, body)
