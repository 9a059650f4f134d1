"""The pages below /admin/ that are more than one model's: each room says its own addresses."""

from django.urls import include, path

ROOMS = (
    "home",
    "queues",
    "review",
    "traces",
    "prompts",
    "datasets",
    "building",
    "evalsets",
    "importing",
    "jobs",
    "activity",
    "settings",
)

urlpatterns = [path("", include(f"pages.{room}.urls")) for room in ROOMS]
