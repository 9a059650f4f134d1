"""The routes of reviews of all traces."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from traces.curation.examples import OF_REVIEWS
from traces.finding.curation.reviews import ReviewListQuery, reviews_that_match
from traces.models import Review
from traces.serializers.reviews import ReviewSerializer
from traces.services.reviews import undo_review
from tunix_site.api.views import ApiViewSet
from tunix_site.database.ids import with_number
from tunix_site.models import Role


@extend_schema_view(
    list=extend_schema(operation_id="list_all_reviews", responses=ReviewSerializer(many=True))
)
class ReviewViewSet(ApiViewSet):
    """What people found of traces."""

    queryset = Review.objects.all()
    serializer_class = ReviewSerializer
    lookup_value_regex = "[^/]+"
    http_method_names = ["get", "post", "head", "options"]
    roles: ClassVar = {"list": Role.READER, "undo": Role.CURATOR}
    queries: ClassVar = {"list": ReviewListQuery}
    examples: ClassVar = OF_REVIEWS
    instead: ClassVar = {"POST": "POST /api/traces/{id}/reviews reviews a trace."}

    def list(self, request: Request) -> Response:
        """List the reviews of all traces, newest first."""
        page = self.paginate_queryset(reviews_that_match(self.queryset, self.query))
        return self.get_paginated_response(ReviewSerializer(page, many=True).data)

    @extend_schema(operation_id="undo_review", request=None, responses={201: ReviewSerializer})
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Undo a review of yours: the trace has the status from before it."""
        review = with_number(Review.objects.all(), pk)
        undone = undo_review(review=review, by=self.actor)
        return Response(ReviewSerializer(undone).data, status=status.HTTP_201_CREATED)
