from pages.addresses import JOB, page
from pages.building.views import BuildingView, BuildView, PreviewView

urlpatterns = [
    page("datasets/build", BuildView, "build-dataset"),
    page("datasets/build/preview", PreviewView, "build-preview"),
    page(f"datasets/build/{JOB}", BuildingView, "building"),
]
