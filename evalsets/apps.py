from tunix_site import apps


class EvalsetsConfig(apps.SiteApp):
    name = "evalsets"
    verbose_name = "Evaluation sets"
    place = 25
    records = {
        "Evaluation sets": ("evalsets_evalset", "quiz"),
        "Evaluation items": ("evalsets_evalitem", "list_alt"),
    }
    urls = "evalsets.urls"
    root_links = {"evalsets": "evalset-list"}
    tags = {"evalsets": "Immutable sets of questions with the answers that are expected."}
    words = "evalsets.words.describe"
