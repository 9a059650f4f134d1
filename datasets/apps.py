from tunix_site import apps


class DatasetsConfig(apps.SiteApp):
    name = "datasets"
    place = 20
    records = {
        "Datasets": ("datasets_dataset", "dataset"),
        "Dataset items": ("datasets_datasetitem", "list"),
        "Dataset pairs": ("datasets_datasetpair", "compare_arrows"),
    }
    urls = "datasets.urls"
    root_links = {"datasets": "dataset-list"}
    tags = {"datasets": "Immutable selections of traces, and their exports."}
    words = "datasets.words.describe"
    enum_names = {
        "LackingEnum": "datasets.recipe.recipe.LACKING",
        "MissingEnum": "datasets.recipe.recipe.MISSING",
    }
    before_serving = ("datasets.export.files.sweep",)

    def ready(self) -> None:
        from datasets import tasks  # noqa: F401  # registers the kind of job
        from datasets.held_out.named import datasets_naming
        from evalsets.services.delete import register_namer

        register_namer(namer=datasets_naming)
