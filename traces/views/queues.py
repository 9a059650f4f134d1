"""The routes of queues, and of what people claim of them."""

from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from traces.curation.examples import OF_CLAIMS, OF_QUEUES
from traces.curation.members import Claim
from traces.curation.queues import Queue
from traces.finding.queues import described_queues, find_claim, find_queue, shown_queues
from traces.serializers.queues import (
    ClaimedSerializer,
    ClaimSerializer,
    NewQueueSerializer,
    NextSerializer,
    QueueChangeSerializer,
    QueueRowSerializer,
    QueueSerializer,
    ReleaseQuery,
)
from traces.services.queues.claims import claim_next, own_claim, release_claim, renew_claim
from traces.services.queues.queues import change_queue, create_queue, delete_queue
from tunix_site.api.pagination import PageQuery
from tunix_site.api.views import ApiViewSet
from tunix_site.database.ids import with_number
from tunix_site.models import Role


def _shown(pk: str | int) -> Any:
    return QueueSerializer(with_number(described_queues(), pk)).data


@extend_schema_view(
    list=extend_schema(responses=QueueRowSerializer(many=True)),
    retrieve=extend_schema(responses=QueueSerializer),
)
class QueueViewSet(ApiViewSet):
    """Traces that people are asked to review, in an order, each by one or by two of them."""

    queryset = Queue.objects.existing()
    serializer_class = NewQueueSerializer
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    roles: ClassVar = {
        "list": Role.READER,
        "retrieve": Role.READER,
        "create": Role.CURATOR,
        "partial_update": Role.CURATOR,
        "destroy": Role.CURATOR,
        "next_trace": Role.CURATOR,
    }
    queries: ClassVar = {"list": PageQuery}
    examples: ClassVar = OF_QUEUES

    def list(self, request: Request) -> Response:
        """List queues, newest first."""
        page = self.paginate_queryset(shown_queues())
        return self.get_paginated_response(QueueRowSerializer(page, many=True).data)

    @extend_schema(responses={201: QueueSerializer})
    def create(self, request: Request) -> Response:
        """Make a queue of all traces that match; a job puts them into it."""
        serializer = NewQueueSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        queue = create_queue(new=serializer.to_new(), by=self.actor)
        return Response(_shown(queue.pk), status=status.HTTP_201_CREATED)

    def retrieve(self, request: Request, pk: str) -> Response:
        """Show a queue, with its guideline and how far its people agree."""
        return Response(_shown(pk))

    @extend_schema(request=QueueChangeSerializer, responses=QueueSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Change a queue's name, people, and what they are told and asked."""
        serializer = QueueChangeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        change_queue(queue=find_queue(pk), changes=serializer.validated_data, by=self.actor)
        return Response(_shown(pk))

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete a queue; what was reviewed in it stays."""
        delete_queue(queue=find_queue(pk), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(
        operation_id="claim_next_trace",
        request=NextSerializer,
        responses={200: ClaimedSerializer, 204: None},
    )
    @action(detail=True, methods=["post"], url_path="next")
    def next_trace(self, request: Request, pk: str) -> Response:
        """Claim the next trace for ten minutes; 204 where none is left for you."""
        serializer = NextSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        queue, after = find_queue(pk), serializer.validated_data.get("after")
        claimed = partial(own_claim, by=self.actor, queue=queue)
        worked_on = None if after is None else claimed(identity=after)
        claim = claim_next(queue=queue, by=self.actor, after=worked_on)
        if claim is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        shown = {"trace": claim.trace, "claim": claim, "left": queue.left_count}
        return Response(ClaimedSerializer(shown).data)


class ClaimViewSet(ApiViewSet):
    """What you claimed of a queue."""

    queryset = Claim.objects.all()
    serializer_class = ClaimSerializer
    lookup_value_regex = "[^/]+"
    http_method_names = ["post", "delete", "options"]
    roles: ClassVar = {"destroy": Role.CURATOR, "renew": Role.CURATOR}
    queries: ClassVar = {"destroy": ReleaseQuery}
    examples: ClassVar = OF_CLAIMS

    def get_object(self) -> Claim:
        return find_claim(self.kwargs["pk"], self.request.user)

    def destroy(self, request: Request, pk: str) -> Response:
        """Let a trace go; one that is skipped comes back to you last."""
        release_claim(claim=self.get_object(), by=self.actor, skip=self.query["skip"])
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(operation_id="renew_claim", request=None, responses={200: ClaimSerializer})
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: str) -> Response:
        """Have a claim last ten minutes from now."""
        return Response(ClaimSerializer(renew_claim(claim=self.get_object(), by=self.actor)).data)
