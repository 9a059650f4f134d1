from traces.views import TraceViewSet
from tunix_site.routers import Router

router = Router()
router.register("traces", TraceViewSet, basename="trace")
urlpatterns = router.urls
