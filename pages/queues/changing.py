"""What may change of a queue, as its form has it."""

from dataclasses import asdict, dataclass
from typing import Any

from django.http import QueryDict

from pages.shared.lines import lines_of, typed
from traces.curation.queues import Queue


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What stands in the form, its lists as lists."""

    name: str
    people: list[str]
    reasons: list[str]
    step_labels: bool
    blind: bool
    guideline: str

    @property
    def body(self) -> dict[str, Any]:
        """Give what the API would be sent."""
        return asdict(self)


def is_now(queue: Queue) -> Sent:
    """Give what the form of a queue begins with."""
    guideline = queue.guideline
    return Sent(
        name=queue.name,
        people=sorted(person.get_username() for person in queue.people.all()),
        reasons=queue.reasons,
        step_labels=queue.step_labels,
        blind=queue.blind,
        guideline=guideline.text if guideline else "",
    )


def change_sent(form: QueryDict, queue: Queue) -> Sent:
    """Read the form of a queue."""
    return Sent(
        name=form.get("name", "").strip(),
        people=lines_of(form.get("people", "")),
        reasons=lines_of(form.get("reasons", "")),
        step_labels="step_labels" in form,
        blind="blind" in form,
        guideline=typed(form.get("guideline", ""), over=is_now(queue).guideline),
    )
