"""The queues as their list shows them: what is left, for whom, and how fast it gets less."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.text import Truncator

from pages.shared.keyset import From, Page, page_from
from traces.curation.members import QueueMember
from traces.curation.queues import Order, Queue
from traces.finding.curation.agreement import Agreement, agreement_in
from traces.finding.queues import queues_of, with_job
from traces.models import Review

MOST_SHOWN = 200  # characters of a filter
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
    overlap: str  # per cent; empty where none is given to two
    done_share: int  # per cent
    last_day: int  # reviews
    mine: int  # of these
    disputed: int  # of its traces, which somebody else has to decide
    agreement: "Agreed | None"  # None where it was not asked for


@dataclass(frozen=True)
class Agreed:
    """How far the people of a queue agree: all pairs together, and each."""

    pairs: list[Agreement]

    @property
    def trace_count(self) -> int:
        return sum(pair.trace_count for pair in self.pairs)

    @property
    def per_cent(self) -> int:
        same = sum(pair.share * pair.trace_count for pair in self.pairs)
        return round(100 * same / self.trace_count)

    @property
    def each(self) -> list[tuple[str, int, str, int]]:
        """Give of each pair who they are, the share in per cent, kappa and over how many traces."""
        return [
            (
                " and ".join(pair.reviewers),
                round(100 * pair.share),
                "not defined" if pair.kappa is None else f"{pair.kappa:.2f}",
                pair.trace_count,
            )
            for pair in self.pairs
        ]


def page_for(user: Any, start: From, *, agreement_of: str = "") -> Page[Row]:
    """Give a page of the queues that a person may work on, the newest first.

    Of one of them by its number how far they agree. Four queries, and one for that.
    """
    page = page_from(with_job(queues_of(user)).prefetch_related("people"), start)
    return replace(page, rows=_rows(user, page.rows, agreement_of))


def _rows(user: Any, queues: Sequence[Queue], agreement_of: str) -> list[Row]:
    since = timezone.now() - DAY
    counted = Review.objects.standing().filter(queue__in=queues, created_at__gte=since)
    of_queue = (
        counted.order_by()
        .values("queue")
        .annotate(last_day=Count("pk"), mine=Count("pk", filter=Q(reviewer=user)))
    )
    paces: dict[int, Any] = {row["queue"]: row for row in of_queue}
    disputed = _disputed(queues)
    return [
        _row(
            queue,
            paces.get(queue.pk, {}),
            disputed.get(queue.pk, 0),
            Agreed(agreement_in(queue)) if str(queue.pk) == agreement_of else None,
        )
        for queue in queues
    ]


def disputes() -> Queue | None:
    """Give the queue of disputes where one is open."""
    return Queue.objects.existing().filter(is_of_disputes=True, left_count__gt=0).first()


def _disputed(queues: Sequence[Queue]) -> dict[int, int]:
    open_ones = QueueMember.objects.disputes().values("trace")
    members = QueueMember.objects.filter(queue__in=queues, trace__in=open_ones)
    counted = members.order_by().values("queue").annotate(disputed=Count("pk"))
    return {row["queue"]: row["disputed"] for row in counted}


def _row(queue: Queue, pace: Any, disputed: int, agreement: Agreed | None) -> Row:
    done = queue.member_count - queue.left_count
    return Row(
        queue=queue,
        filter=in_words(queue.where),
        order=ORDERS[Order(queue.order)],
        people=sorted(person.get_username() for person in queue.people.all()),
        overlap=f"{queue.overlap * 100:.4g}" if queue.overlap else "",
        done_share=100 * done // queue.member_count if queue.member_count else 0,
        last_day=pace.get("last_day", 0),
        mine=pace.get("mine", 0),
        disputed=0 if queue.is_of_disputes else disputed,
        agreement=agreement,
    )


def in_words(where: dict[str, Any]) -> str:
    """Say a filter in a line."""
    return ", ".join(_part(*one) for one in where.items()) or "every trace"


def _part(key: str, value: Any) -> str:
    words = key.replace("_", " ")
    if isinstance(value, bool):
        return words if value else f"not {words}"
    return Truncator(f"{words} {value}").chars(MOST_SHOWN)
