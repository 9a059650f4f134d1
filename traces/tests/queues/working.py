"""Queues that are filled, and people who work on them."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Q

from events.tests.acting import acting
from jobs.tests.working import work_off
from traces.curation.members import Claim
from traces.curation.queues import Queue
from traces.models import Review
from traces.services.queues.claims import claim_next
from traces.services.queues.queues import NewQueue, create_queue
from traces.services.reviews import Verdict, review_trace
from tunix_site.models import Role
from tunix_site.tests.people import give_role


def person(name: str) -> User:
    """Give somebody of this name: a curator, where they are new."""
    user, is_new = User.objects.get_or_create(username=name)
    if is_new:
        give_role(user, Role.CURATOR)
    return user


def filled(**fields: Any) -> Queue:
    """Make a queue of all traces, the oldest first, unless it is said otherwise, and fill it."""
    for name in fields.get("people", ()):
        person(name)
    new = NewQueue(**{"name": "sums", "where": {}, "order": "oldest", **fields})
    queue = create_queue(new=new, by=acting(person("lead")))
    work_off("queues")
    queue.refresh_from_db()
    return queue


def taken(queue: Queue, name: str, after: Claim | None = None) -> Claim:
    claim = claim_next(queue=queue, by=acting(person(name)), after=after)
    assert claim is not None
    return claim


def judged(claim: Claim, status: str = "approved", **fields: Any) -> Review:
    """Give the verdict of whoever holds the claim."""
    verdict = Verdict(status=status, **fields)
    by = acting(claim.reviewer)
    return review_trace(trace=claim.trace, verdict=verdict, by=by, claim=claim)


def assert_counted(queue: Queue) -> None:
    """Check that the counts which are kept are those of the rows."""
    queue.refresh_from_db()
    rows = queue.members.aggregate(all=Count("pk"), left=Count("pk", filter=Q(done=False)))
    assert (queue.member_count, queue.left_count) == (rows["all"], rows["left"])
