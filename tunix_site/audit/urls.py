from tunix_site.api.routers import Router
from tunix_site.audit.views import EventViewSet

router = Router()
router.register("events", EventViewSet, basename="event")
urlpatterns = router.urls
