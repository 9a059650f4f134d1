from django.urls import re_path

from datasets.bundle.views import BundleView
from datasets.held_out.views import EvalSetFromDatasetView
from datasets.views import DatasetViewSet
from tunix_site.api.routers import Router

router = Router()
router.register("datasets", DatasetViewSet, basename="dataset")
urlpatterns = [
    *router.urls,
    re_path(
        r"^datasets/(?P<key>[^/]+)/bundle\.zip/?$", BundleView.as_view(), name="dataset-bundle"
    ),
    re_path(
        "^evalsets/from-dataset/?$", EvalSetFromDatasetView.as_view(), name="evalset-from-dataset"
    ),
]
