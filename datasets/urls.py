from datasets.views import DatasetViewSet
from tunix_site.api.routers import Router

router = Router()
router.register("datasets", DatasetViewSet, basename="dataset")
urlpatterns = router.urls
