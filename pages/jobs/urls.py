from pages.addresses import JOB, page
from pages.jobs.views import CancelView, ChangedJobsView, JobsView, JobView

urlpatterns = [
    page("jobs", JobsView, "jobs"),
    page("jobs/changed", ChangedJobsView, "jobs-changed"),
    page(f"jobs/{JOB}", JobView, "job"),
    page(f"jobs/{JOB}/cancel", CancelView, "job-cancel"),
]
