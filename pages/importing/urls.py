from pages.addresses import page
from pages.importing.views import FileView, ImportView

UPLOAD = r"(?P<upload>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"

urlpatterns = [
    page("import", ImportView, "import"),
    page(f"import/file/{UPLOAD}", FileView, "import-file"),
]
