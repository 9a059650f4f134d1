"""The queues as their list shows them: what is left, for whom, and how fast it gets less."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from traces.curation.queues import Order, Queue
from traces.finding.queues import queues_of
from traces.models import Review

MAX_QUEUES = 100
DAY = timedelta(days=1)
ORDERS = {
    Order.RANDOM: "random",
    Order.SCORE: "score, lowest first",
    Order.DISAGREEMENT: "attempts that disagree most",
    Order.OLDEST: "oldest first",
}


@dataclass(frozen=True)
class Row:
    """A queue and what is to be told of it."""

    queue: Queue
    filter: str
    order: str
    people: list[str]
    overlap: int  # per cent
    done_share: int  # per cent
    last_day: int  # reviews
    mine: int  # of these


def rows_for(user: Any) -> list[Row]:
    """Give the queues that a person may work on; three queries."""
    queues = list(queues_of(user).prefetch_related("people")[:MAX_QUEUES])
    since = timezone.now() - DAY
    counted = Review.objects.standing().filter(queue__in=queues, created_at__gte=since)
    of_queue = (
        counted.order_by()
        .values("queue")
        .annotate(last_day=Count("pk"), mine=Count("pk", filter=Q(reviewer=user)))
    )
    paces: dict[int, Any] = {row["queue"]: row for row in of_queue}
    return [_row(queue, paces.get(queue.pk, {})) for queue in queues]


def _row(queue: Queue, pace: Any) -> Row:
    done = queue.member_count - queue.left_count
    return Row(
        queue=queue,
        filter=in_words(queue.where),
        order=ORDERS[Order(queue.order)],
        people=sorted(person.get_username() for person in queue.people.all()),
        overlap=round(queue.overlap * 100),
        done_share=100 * done // queue.member_count if queue.member_count else 0,
        last_day=pace.get("last_day", 0),
        mine=pace.get("mine", 0),
    )


def in_words(where: dict[str, Any]) -> str:
    """Say a filter in a line."""
    parts = [f"{key.replace('_', ' ')} {value}" for key, value in where.items()]
    return ", ".join(parts) or "every trace"
