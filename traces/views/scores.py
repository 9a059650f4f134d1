"""The score routes."""

from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.responses import LOCATION, accepted
from jobs.api.serializers import JobSerializer
from traces.examples import OF_REWARDS, OF_SCORES, OF_SCORING
from traces.finding.rewards import preview_reward
from traces.serializers.rewards import RewardPreviewSerializer, RewardSerializer
from traces.serializers.scores import (
    NewScoreSerializer,
    ScoreAllSerializer,
    ScoresStoredSerializer,
)
from traces.services.scoring.score_all import start_scoring
from traces.services.walking import newest_trace
from traces.views.score_batches import MAX_BYTES as MAX_SCORES_BYTES
from traces.views.score_batches import MAX_SCORES, record_scores
from tunix_site.api.views import ApiViewSet
from tunix_site.models import Role


class ScoreViewSet(ApiViewSet):
    """Scores that others computed."""

    serializer_class = NewScoreSerializer
    roles: ClassVar = {"batch": Role.CURATOR}
    body_limits: ClassVar = {"batch": MAX_SCORES_BYTES}
    examples: ClassVar = OF_SCORES

    @extend_schema(
        operation_id="store_scores",
        request=NewScoreSerializer(  # type: ignore[call-arg]  # the list's own arguments
            many=True, min_length=1, max_length=MAX_SCORES
        ),
        responses={201: ScoresStoredSerializer},
    )
    @action(detail=False, methods=["post"])
    def batch(self, request: Request) -> Response:
        """Store up to 1,000 scores, all or none; one per trace, criteria and scorer version."""
        return Response(record_scores(request.data, by=self.actor), status=status.HTTP_201_CREATED)


class ScoringViewSet(ApiViewSet):
    """Scores that are computed here, of many traces."""

    serializer_class = ScoreAllSerializer
    roles: ClassVar = {"score_all": Role.CURATOR}
    examples: ClassVar = OF_SCORING

    @extend_schema(
        operation_id="score_traces",
        request=ScoreAllSerializer,
        parameters=[LOCATION],
        responses={202: JobSerializer},
    )
    @action(detail=False, methods=["post"], url_path="score-all")
    def score_all(self, request: Request) -> Response:
        """Score all traces that match, on one criterion; the work is a job."""
        serializer = ScoreAllSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        job = start_scoring(
            scoring=serializer.to_scoring(newest=newest_trace()),
            expected_count=serializer.validated_data.get("expected_count"),
            parameters=dict(request.data),
            by=self.actor,
        )
        return accepted(job)


class RewardViewSet(ApiViewSet):
    """Rewards: weighted sums of scores, as training programs use them."""

    serializer_class = RewardSerializer
    roles: ClassVar = {"preview": Role.READER}
    examples: ClassVar = OF_REWARDS

    @extend_schema(
        operation_id="preview_reward",
        request=RewardSerializer,
        responses={200: RewardPreviewSerializer},
    )
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Show what a reward gives the newest traces that match; nothing is stored."""
        serializer = RewardSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        asked = serializer.validated_data
        return Response(preview_reward(weights=asked["reward"], where=asked["where"]))
