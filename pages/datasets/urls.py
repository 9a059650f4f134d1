from pages.addresses import KEY, page
from pages.datasets.views import CheckView, DatasetsView, DatasetView, DeleteView

urlpatterns = [
    page("datasets", DatasetsView, "datasets"),
    page(f"datasets/{KEY}", DatasetView, "dataset"),
    page(f"datasets/{KEY}/check", CheckView, "dataset-check"),
    page(f"datasets/{KEY}/delete", DeleteView, "dataset-delete"),
]
