from tunix_site import apps


class PagesConfig(apps.SiteApp):
    name = "pages"
    place = 5  # first of all: what people do all day
    menu = apps.Menu(
        "Curation",
        links={"Review": ("review-queues", "rate_review")},
        of_curators={"Activity": ("activity", "history")},
    )
    admin_urls = "pages.urls"
    history = "activity-of"
