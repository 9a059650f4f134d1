from django.urls import re_path

from traces.views.columns import ColumnsView
from traces.views.deletion import DeletionViewSet
from traces.views.preferences import PreferenceViewSet
from traces.views.queues import ClaimViewSet, QueueViewSet
from traces.views.reviews import ReviewViewSet
from traces.views.saved_filters import FilterViewSet
from traces.views.scores import RewardViewSet, ScoreViewSet, ScoringViewSet
from traces.views.traces import TraceViewSet
from tunix_site.api.routers import Router

router = Router()
router.register("traces", ScoringViewSet, basename="scoring")
router.register("traces", DeletionViewSet, basename="deletion")
router.register("traces", TraceViewSet, basename="trace")
router.register("scores", ScoreViewSet, basename="score")
router.register("reviews", ReviewViewSet, basename="review")
router.register("preferences", PreferenceViewSet, basename="preference")
router.register("queues", QueueViewSet, basename="queue")
router.register("claims", ClaimViewSet, basename="claim")
router.register("filters", FilterViewSet, basename="filter")
router.register("rewards", RewardViewSet, basename="reward")
urlpatterns = [*router.urls, re_path("^columns/?$", ColumnsView.as_view(), name="columns")]
