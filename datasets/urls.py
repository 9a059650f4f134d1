from django.urls import re_path

from datasets.bundle.views import BundleView
from datasets.held_out.views import EvalSetFromDatasetView
from datasets.lineage.views import ChangedTracesView, CompareDatasetsView, LineageView
from datasets.views import DatasetViewSet
from tunix_site.api.routers import Router

router = Router()
router.register("datasets", DatasetViewSet, basename="dataset")
urlpatterns = [
    re_path("^datasets/compare/?$", CompareDatasetsView.as_view(), name="dataset-compare"),
    re_path(
        r"^datasets/compare/ids\.jsonl/?$",
        ChangedTracesView.as_view(),
        name="dataset-changed-traces",
    ),
    re_path("^datasets/(?P<key>[^/]+)/lineage/?$", LineageView.as_view(), name="dataset-lineage"),
    *router.urls,
    re_path(
        r"^datasets/(?P<key>[^/]+)/bundle\.zip/?$", BundleView.as_view(), name="dataset-bundle"
    ),
    re_path(
        "^evalsets/from-dataset/?$", EvalSetFromDatasetView.as_view(), name="evalset-from-dataset"
    ),
]
