from jobs.api.views import JobViewSet
from tunix_site.api.routers import Router

router = Router()
router.register("jobs", JobViewSet, basename="job")
urlpatterns = router.urls
