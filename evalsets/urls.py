from evalsets.views import EvalSetViewSet
from tunix_site.api.routers import Router

router = Router()
router.register("evalsets", EvalSetViewSet, basename="evalset")
urlpatterns = router.urls
