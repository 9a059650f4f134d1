from traces.views.preferences import PreferenceViewSet
from traces.views.scores import RewardViewSet, ScoreViewSet, ScoringViewSet
from traces.views.traces import TraceViewSet
from tunix_site.api.routers import Router

router = Router()
router.register("traces", ScoringViewSet, basename="scoring")
router.register("traces", TraceViewSet, basename="trace")
router.register("scores", ScoreViewSet, basename="score")
router.register("preferences", PreferenceViewSet, basename="preference")
router.register("rewards", RewardViewSet, basename="reward")
urlpatterns = router.urls
