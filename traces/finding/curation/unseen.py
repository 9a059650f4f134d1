"""What others said of a trace that is kept from whoever is to judge it in a queue."""

from typing import Any

from django.db.models import Q

from traces.curation.members import MOST_AT_FIRST, QueueMember
from traces.curation.queues import Queue
from traces.models import Trace


def kept_back(*, trace: Trace, queue: Queue, user: Any) -> Q:
    """Give the reviews of a trace that a person does not see before their own; none: an empty Q.

    All of others where the queue is blind; where it wants two verdicts, those that count in it.
    Whoever decides a dispute sees what was said. One query.
    """
    if queue.is_of_disputes:
        return Q()
    member = QueueMember.objects.filter(queue=queue, trace=trace, done=False).first()
    if member is None or user.pk in member.reviewers:
        return Q()
    others = ~Q(reviewer=user)
    if queue.blind:
        return others
    if member.wanted < MOST_AT_FIRST:
        return Q()
    return others & (Q(queue=queue) | Q(reviewer__in=member.reviewers))
