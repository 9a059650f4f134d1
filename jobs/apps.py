from tunix_site import apps


class JobsConfig(apps.SiteApp):
    name = "jobs"
    place = 30
    records = {
        "Jobs": ("jobs_job", "pending_actions"),
    }
    urls = "jobs.api.urls"
    root_links = {"jobs": "job-list"}
    tags = {"jobs": "Work that takes longer than an answer."}
    words = "jobs.api.words.describe"
    collectors = ["jobs.metrics.JobsCollector"]
    beside_server = ["work"]
