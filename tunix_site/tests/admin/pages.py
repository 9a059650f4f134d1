"""The lists of the admin, by who may open them."""

from django.urls import reverse

CURATORS_PAGES = [
    "traces_trace",
    "traces_score",
    "traces_review",
    "datasets_dataset",
    "datasets_datasetitem",
    "jobs_job",
]
SUPERUSERS_PAGES = ["tunix_site_apikey", "tunix_site_idempotentanswer", "auth_user", "auth_group"]
PAGES = CURATORS_PAGES + SUPERUSERS_PAGES


def url(page, *args):
    return reverse(f"admin:{page}", args=args)
