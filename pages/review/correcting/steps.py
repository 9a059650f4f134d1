"""The steps of a correction: as fields of a form, and as they are sent.

Those of the trace are named by their i, new ones by the i of the step that they follow.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from pages.shared.lines import typed, unix
from traces.models import Trace
from tunix_site.errors import Invalid

STEP = "step-"  # step-<i>
START = "start"  # what comes before all steps follows it
NEW = re.compile(rf"new-({START}|[0-9]{{1,10}})-([0-9]{{1,3}})")
MAX_NEW = 1_000

Step = dict[str, Any]


@dataclass(frozen=True)
class StepField:
    """A step as it stands in the form: its text, and for a new one its type as well."""

    name: str
    title: str
    type: str
    text: str
    follows: str  # what a step right behind it follows
    type_name: str = ""  # of a new one


def fields_of(trace: Trace, form: QueryDict) -> Iterator[StepField]:
    """Give the fields with what was typed in them, and one for a step that is to be added."""
    added = _new_fields(form, _types(trace))
    yield from added.get(START, ())
    for number, step in enumerate(trace.steps, start=1):
        identity, name = str(step["i"]), f"{STEP}{step['i']}"
        text = unix(form.get(name, step["content"]))
        yield StepField(name, f"Step {number}", step["type"], text, identity)
        yield from added.get(identity, ())


def steps_sent(form: QueryDict, trace: Trace) -> list[Step] | None:
    """Read the steps; None where none is sent. An empty one is left out."""
    texts = {str(step["i"]): step["content"] for step in trace.steps}
    sent = {name.removeprefix(STEP): name for name in form if name.startswith(STEP)}
    if unknown := sent.keys() - texts.keys():
        raise Invalid({STEP + one: ["The trace has no step of this i."] for one in unknown})
    new = {follows: list(steps) for follows, steps in _new_steps(form, trace)}
    if unknown := new.keys() - texts.keys() - {START}:
        raise Invalid({f"new-{one}-0": ["The trace has no step of this i."] for one in unknown})
    if not sent and not new:
        return None
    texts |= {one: typed(form.get(name, ""), over=texts[one]) for one, name in sent.items()}
    steps = new.get(START, [])
    for step in trace.steps:
        identity = str(step["i"])
        if texts[identity]:
            steps.append({**step, "content": texts[identity]})
        steps += new.get(identity, [])
    return _numbered(steps) if new else steps


def _new_steps(form: QueryDict, trace: Trace) -> Iterator[tuple[str, Iterator[Step]]]:
    for follows, fields in _new_fields(form, _types(trace)).items():
        if any(one.text for one in fields):
            yield follows, ({"type": one.type, "content": one.text} for one in fields if one.text)


def _new_fields(form: QueryDict, types: Mapping[str, str]) -> dict[str, list[StepField]]:
    """Give the fields of new steps in their order, by what they follow."""
    named = [match for name in form if (match := NEW.fullmatch(name))][:MAX_NEW]
    found: dict[str, list[StepField]] = defaultdict(list)
    for match in sorted(named, key=lambda match: int(match[2])):
        found[match[1]].append(_new_field(form, match[1], match[2], types))
    if (follows := form.get("add", "")) in types:
        taken = {match[2] for match in named if match[1] == follows}
        free = next((str(n) for n in range(MAX_NEW) if str(n) not in taken), "0")
        found[follows].append(_new_field(form, follows, free, types))
    return found


def _new_field(form: QueryDict, follows: str, place: str, types: Mapping[str, str]) -> StepField:
    name, type_name = f"new-{follows}-{place}", f"type-{follows}-{place}"
    kind = form.get(type_name, types.get(follows, ""))
    return StepField(name, "New step", kind, unix(form.get(name, "")), follows, type_name)


def _types(trace: Trace) -> dict[str, str]:
    """Give the type that a new step has at first, by what it follows."""
    types = {str(step["i"]): step["type"] for step in trace.steps}
    return {START: trace.steps[0]["type"], **types}


def _numbered(steps: list[Step]) -> list[Step]:
    """Number new steps behind those before them; the others keep theirs where there is room."""
    numbered: list[Step] = []
    last = -1
    for step in steps:
        last = max(step.get("i", last + 1), last + 1)
        numbered.append({**step, "i": last})
    return numbered
