"""The pages of a queue: the next trace, a verdict on it, and what else the keys do."""

from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from rest_framework.exceptions import PermissionDenied

from pages.review import shown
from pages.review.answers import nothing_left, page_of
from pages.review.finding import start_of, trace_with
from pages.review.place import Place, claim_with, claimed, last_review_of
from pages.review.sent import verdict_sent
from pages.shared.page import PageView
from pages.shared.refusals import refusable
from traces.curation.queues import Queue
from traces.finding.queues import find_queue
from traces.services.queues.claims import claim_next, release_claim, renew_claim
from traces.services.reviews import review_trace, undo_review
from tunix_site.admin_base.recording import actor_of
from tunix_site.api.idempotency import done_once
from tunix_site.errors import Conflict
from tunix_site.models import Role

GONE = "The claim ended: take the next trace."


class QueueView(PageView):
    """Goes to the next trace of a queue."""

    role = Role.CURATOR

    def get(self, request: HttpRequest, queue: str) -> HttpResponse:
        found = find_queue(int(queue))
        claim = claim_next(queue=found, by=actor_of(request))
        if claim is None:
            return nothing_left(request, found)
        return HttpResponseRedirect(reverse("review-queued", args=[found.pk, claim.trace_id]))


class QueuedView(PageView):
    """The page of a trace in a queue; whoever may judge claims it."""

    def get(self, request: HttpRequest, queue: str, trace: str) -> HttpResponse:
        found, of = trace_with(trace), find_queue(int(queue))
        place, notice = Place(of), ""
        if self.may_judge:
            place, notice = claimed(queue=of, trace=found, by=actor_of(request))
        start, may_judge = start_of(request, found), place.claim is not None
        context = shown.context_of(
            found, place, user=request.user, may_judge=may_judge, start=start
        )
        return render(request, "pages/review/page.html", {**context, "notice": notice})


class NextView(PageView):
    """The one behind that which is worked on, fetched while this is read."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, queue: str) -> HttpResponse:
        found = find_queue(int(queue))
        return next_of(request, found, after=request.POST.get("after", ""))


class QueuedVerdictView(PageView):
    """A verdict; the answer is the next trace."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, queue: str, trace: str) -> HttpResponse:
        place, found = find_queue(int(queue)), trace_with(trace)
        verdict, expected = verdict_sent(request.POST)
        give = partial(review_trace, trace=found, verdict=verdict, by=actor_of(request), **expected)
        text = request.POST.get("claim", "")

        def judged() -> dict[str, int]:
            claim = claim_with(text, queue=place, user=request.user)
            if claim is None:
                raise Conflict(GONE)
            return {"review": give(claim=claim).pk}

        done_once(request, judged)
        return behind_what_is_done(request, place, after=request.POST.get("after", ""))


class SkipView(PageView):
    """Passes over a trace: it comes back last."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, queue: str) -> HttpResponse:
        found = find_queue(int(queue))
        claim = claim_with(request.POST.get("claim", ""), queue=found, user=request.user)
        if claim is not None:
            release_claim(claim=claim, by=actor_of(request), skip=True)
        return behind_what_is_done(request, found)


class UndoVerdictView(PageView):
    """Takes back what a person said last in a queue, once for a key, and shows that trace again."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, queue: str) -> HttpResponse:
        found, by = find_queue(int(queue)), actor_of(request)

        def undone() -> dict[str, str]:
            review = last_review_of(queue=found, user=request.user)
            undo_review(review=review, by=by)
            return {"trace": str(review.trace_id), "verdict": review.verdict}

        what = done_once(request, undone)
        trace, words = trace_with(what["trace"]), f"Undone: {what['verdict']}"
        place, notice = claimed(queue=found, trace=trace, by=by)
        found.refresh_from_db()
        return page_of(request, trace, place, words=words, notice=notice)


class RenewView(PageView):
    """Has a claim last on, as somebody is at work."""

    role = Role.CURATOR

    def post(self, request: HttpRequest, queue: str) -> HttpResponse:
        found = find_queue(int(queue))
        claim = claim_with(request.POST.get("claim", ""), queue=found, user=request.user)
        if claim is None:
            raise Conflict(GONE)
        renewed = renew_claim(claim=claim, by=actor_of(request))
        return JsonResponse({"expires_at": renewed.expires_at})


def next_of(request: HttpRequest, queue: Queue, *, after: str = "") -> HttpResponse:
    """Claim the next trace, behind the claim `after` where it is given, and show it."""
    held = claim_with(after, queue=queue, user=request.user)
    claim = claim_next(queue=queue, by=actor_of(request), after=held)
    queue.refresh_from_db()  # of how many are left
    if claim is None:
        return nothing_left(request, queue)
    return page_of(request, claim.trace, Place(queue, claim))


def behind_what_is_done(request: HttpRequest, queue: Queue, *, after: str = "") -> HttpResponse:
    """Show the next trace; whoever may take no more of the queue is told so, not refused.

    What they sent is stored by then: a refusal would say that it was not taken.
    """
    with refusable(PermissionDenied) as refused:
        return next_of(request, queue, after=after)
    return nothing_left(request, queue, why=refused.text)
