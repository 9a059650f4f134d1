"""Queues: traces that people are asked to review, and what one claims of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from tunix_rt.curation.results import Claim, Claimed, Queue, QueueRow
from tunix_rt.http import pages
from tunix_rt.http.transport import JSON, Transport, document, encoded, once, segment

PATH = "/api/queues"
CLAIMS = "/api/claims"


class Queues:
    """A queue gives everybody another trace; a verdict by `traces.review` ends the claim.

    with Client() as client:
        while claimed := client.queues.next(queue_id):
            verdict = judge(claimed["trace"])
            client.traces.review(claimed["trace"]["id"], verdict, claim=claimed["claim"]["id"])
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, where: Mapping[str, Any], order: str, **options: Any) -> Queue:
        """Make a queue of all that match: overlap=0.1, people=["ada"], reasons=["wrong step"].

        Its traces come in by the job that `job` names. Conflict where the name is taken.
        """
        body = {"name": name, "where": where, "order": order, **options}
        queue: Queue = self._transport.post(PATH, body)
        return queue

    def list(self, *, limit: int | None = None) -> Iterator[QueueRow]:
        """Yield queues, newest first."""
        return pages.rows(self._transport, PATH, {}, limit)

    def get(self, queue_id: int) -> Queue:
        queue: Queue = self._transport.get(f"{PATH}/{segment(queue_id)}")
        return queue

    def update(self, queue_id: int, **changes: Any) -> Queue:
        """Change name, people, guideline and the like; the traces and their order stay."""
        queue: Queue = self._transport.patch(f"{PATH}/{segment(queue_id)}", changes)
        return queue

    def delete(self, queue_id: int) -> None:
        """Delete a queue; what was reviewed in it stays."""
        self._transport.send("DELETE", f"{PATH}/{segment(queue_id)}")

    def next(self, queue_id: int, *, after: int | None = None) -> Claimed | None:
        """Claim the next trace for ten minutes; None where none is left for you.

        Without `after`, the claim that you work on comes again; with it, a second one.
        """
        body = encoded({} if after is None else {"after": after})
        response = self._transport.send(
            "POST",
            f"{PATH}/{segment(queue_id)}/next",
            headers={**JSON, **once()},
            body=lambda: [body],
            length=len(body),
            repeatable=True,
        )
        if not response.content:
            return None
        claimed: Claimed = document(response)
        return claimed

    def renew(self, claim_id: int) -> Claim:
        """Have a claim last ten minutes from now; Conflict where it expired and others have it."""
        claim: Claim = self._transport.post(f"{CLAIMS}/{segment(claim_id)}/renew", {})
        return claim

    def release(self, claim_id: int, *, skip: bool = False) -> None:
        """Let a trace go; one that is skipped comes back to you last."""
        self._transport.send("DELETE", f"{CLAIMS}/{segment(claim_id)}", query={"skip": skip})
