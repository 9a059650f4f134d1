"""A verdict that a form sends, given."""

from functools import partial

from django.http import HttpRequest

from pages.review.sent import verdict_sent
from traces.models import Trace
from traces.services.reviews import Verdict, review_trace
from tunix_site.admin_base.recording import actor_of
from tunix_site.api.idempotency import done_once


def judged(request: HttpRequest, trace: Trace) -> Verdict:
    """Give a trace the verdict that was sent, once for an Idempotency-Key."""
    verdict, expected = verdict_sent(request.POST)
    give = partial(review_trace, trace=trace, verdict=verdict, by=actor_of(request), **expected)
    done_once(request, lambda: {"review": give().pk})
    return verdict
