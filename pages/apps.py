from tunix_site import apps


class PagesConfig(apps.SiteApp):
    name = "pages"
    place = 5  # first of all: what people do all day
    links = (
        apps.Link("Home", "home", "home"),
        apps.Link("Review", "review-queues", "rate_review"),
        apps.Link("Traces", "traces", "account_tree", instead_of="traces_trace"),
        apps.Link("Prompts", "prompts", "forum"),
        apps.Link("Datasets", "datasets", "dataset", instead_of="datasets_dataset"),
        apps.Link("Evaluation sets", "evalsets", "quiz", instead_of="evalsets_evalset"),
        apps.Link("Import", "import", "upload_file", role="writer"),
        apps.Link("Jobs", "jobs", "pending_actions", instead_of="jobs_job"),
        apps.Link("Activity", "activity", "history", role="curator"),
        apps.Link("Settings", "settings", "settings"),
    )
    admin_urls = "pages.urls"
    login_urls = "pages.browsable.urls"
    history = "activity-of"
