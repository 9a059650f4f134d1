"""The pages below /admin/ that are more than one model's."""

from django.urls import URLPattern, re_path

from pages.activity import views as activity
from pages.building import views as building
from pages.datasets import views as datasets
from pages.evalsets import views as evalsets
from pages.home.views import HomeView
from pages.importing import views as importing
from pages.jobs import views as jobs
from pages.prompts import attempt_views
from pages.prompts.views import PromptsView
from pages.queues.views import QueuesView
from pages.review import queued, views
from pages.review.correcting.views import CorrectView
from pages.settings import people_views as people
from pages.settings import views as settings
from pages.traces import filter_views, trace_views
from pages.traces.bulk import views as bulk
from pages.traces.columns.views import ColumnsView
from pages.traces.views import TracesView

QUEUE = r"(?P<queue>[0-9]{1,18})"
KEY = r"(?P<key>[A-Za-z0-9][A-Za-z0-9._-]*-[A-Za-z0-9._-]+)"  # a hyphen is in no model's name
PROMPT = r"(?P<prompt_hash>[0-9a-fA-F-]{32,36})"
JOB = r"(?P<job>[0-9a-fA-F-]{36})"
USER = r"(?P<user>[0-9]{1,9})"
UPLOAD = r"(?P<upload>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
TRACE = r"(?P<trace>[0-9a-fA-F-]{32,36})"


def _page(address: str, view: type, name: str) -> URLPattern:
    return re_path(rf"^review/{address}/?$", view.as_view(), name=f"review-{name}")  # type: ignore[attr-defined]


urlpatterns = [
    re_path(r"^$", HomeView.as_view(), name="home"),  # in place of the admin's own index
    re_path(r"^review/?$", QueuesView.as_view(), name="review-queues"),
    _page("login", views.LoginView, "login"),
    _page(f"trace/{TRACE}", views.TraceView, "trace"),
    _page(f"trace/{TRACE}/steps", views.StepsView, "steps"),
    _page(f"trace/{TRACE}/verdict", views.VerdictView, "verdict"),
    _page(f"trace/{TRACE}/tags", views.TagsView, "tags"),
    _page(f"trace/{TRACE}/attempts", views.AttemptsView, "attempts"),
    _page(f"trace/{TRACE}/correct", CorrectView, "correct"),
    _page(QUEUE, queued.QueueView, "queue"),
    _page(f"{QUEUE}/next", queued.NextView, "next"),
    _page(f"{QUEUE}/skip", queued.SkipView, "skip"),
    _page(f"{QUEUE}/undo", queued.UndoVerdictView, "undo"),
    _page(f"{QUEUE}/renew", queued.RenewView, "renew"),
    _page(f"{QUEUE}/{TRACE}", queued.QueuedView, "queued"),
    _page(f"{QUEUE}/{TRACE}/steps", views.StepsView, "queued-steps"),
    _page(f"{QUEUE}/{TRACE}/verdict", queued.QueuedVerdictView, "queued-verdict"),
    _page(f"{QUEUE}/{TRACE}/correct", CorrectView, "queued-correct"),
    re_path(r"^settings/?$", settings.SettingsView.as_view(), name="settings"),
    re_path(r"^settings/keys/?$", settings.KeysView.as_view(), name="settings-keys"),
    re_path(
        r"^settings/keys/(?P<key>[0-9]{1,18})/revoke/?$",
        settings.RevocationView.as_view(),
        name="settings-key-revoke",
    ),
    re_path(r"^settings/people/?$", people.PeopleView.as_view(), name="settings-people"),
    re_path(r"^settings/people/new/?$", people.NewPersonView.as_view(), name="settings-person-new"),
    re_path(rf"^settings/people/{USER}/?$", people.PersonView.as_view(), name="settings-person"),
    re_path(
        rf"^settings/people/{USER}/password/?$",
        people.PasswordView.as_view(),
        name="settings-person-password",
    ),
    re_path(r"^traces/?$", TracesView.as_view(), name="traces"),
    re_path(r"^activity/?$", activity.ActivityView.as_view(), name="activity"),
    re_path(r"^activity/undo/?$", activity.UndoToldView.as_view(), name="activity-undo"),
    re_path(
        r"^activity/(?P<kind>[a-z]{1,32})/(?P<thing>[^/]{1,200})/?$",
        activity.ChangesView.as_view(),
        name="activity-of",
    ),
    re_path(r"^import/?$", importing.ImportView.as_view(), name="import"),
    re_path(rf"^import/file/{UPLOAD}/?$", importing.FileView.as_view(), name="import-file"),
    re_path(r"^datasets/?$", datasets.DatasetsView.as_view(), name="datasets"),
    re_path(r"^datasets/build/?$", building.BuildView.as_view(), name="build-dataset"),
    re_path(r"^datasets/build/preview/?$", building.PreviewView.as_view(), name="build-preview"),
    re_path(rf"^datasets/build/{JOB}/?$", building.BuildingView.as_view(), name="building"),
    re_path(rf"^datasets/{KEY}/?$", datasets.DatasetView.as_view(), name="dataset"),
    re_path(rf"^datasets/{KEY}/check/?$", datasets.CheckView.as_view(), name="dataset-check"),
    re_path(rf"^datasets/{KEY}/delete/?$", datasets.DeleteView.as_view(), name="dataset-delete"),
    re_path(r"^traces/columns/?$", ColumnsView.as_view(), name="traces-columns"),
    re_path(r"^evaluation-sets/?$", evalsets.EvalSetsView.as_view(), name="evalsets"),
    re_path(r"^evaluation-sets/new/?$", evalsets.NewView.as_view(), name="evalset-new"),
    re_path(rf"^evaluation-sets/{KEY}/?$", evalsets.EvalSetView.as_view(), name="evalset"),
    re_path(
        rf"^evaluation-sets/{KEY}/check/?$", evalsets.CheckView.as_view(), name="evalset-check"
    ),
    re_path(
        rf"^evaluation-sets/{KEY}/delete/?$", evalsets.DeleteView.as_view(), name="evalset-delete"
    ),
    re_path(r"^jobs/?$", jobs.JobsView.as_view(), name="jobs"),
    re_path(r"^jobs/changed/?$", jobs.ChangedJobsView.as_view(), name="jobs-changed"),
    re_path(rf"^jobs/{JOB}/?$", jobs.JobView.as_view(), name="job"),
    re_path(rf"^jobs/{JOB}/cancel/?$", jobs.CancelView.as_view(), name="job-cancel"),
    re_path(r"^traces/filters/?$", filter_views.FiltersView.as_view(), name="traces-filters"),
    re_path(
        r"^traces/filters/(?P<kept>[0-9]{1,18})/?$",
        filter_views.FilterView.as_view(),
        name="traces-filter",
    ),
    re_path(
        r"^traces/filters/(?P<kept>[0-9]{1,18})/delete/?$",
        filter_views.FilterDeletionView.as_view(),
        name="traces-filter-delete",
    ),
    re_path(rf"^traces/{TRACE}/?$", trace_views.TraceView.as_view(), name="traces-trace"),
    re_path(
        rf"^traces/{TRACE}/verdict/?$", trace_views.VerdictView.as_view(), name="traces-verdict"
    ),
    re_path(rf"^traces/{TRACE}/tags/?$", trace_views.TagsView.as_view(), name="traces-tags"),
    re_path(
        rf"^traces/{TRACE}/delete/?$", trace_views.DeletionView.as_view(), name="traces-delete"
    ),
    re_path(r"^traces/bulk/?$", bulk.AskingView.as_view(), name="traces-bulk"),
    re_path(r"^traces/bulk/start/?$", bulk.StartView.as_view(), name="traces-bulk-start"),
    re_path(rf"^traces/bulk/{JOB}/?$", bulk.JobView.as_view(), name="traces-bulk-job"),
    re_path(rf"^traces/bulk/{JOB}/cancel/?$", bulk.CancelView.as_view(), name="traces-bulk-cancel"),
    re_path(rf"^traces/bulk/{JOB}/undo/?$", bulk.UndoChangeView.as_view(), name="traces-bulk-undo"),
    re_path(r"^prompts/?$", PromptsView.as_view(), name="prompts"),
    re_path(rf"^prompts/{PROMPT}/?$", attempt_views.AttemptsView.as_view(), name="attempts"),
    re_path(
        rf"^prompts/{PROMPT}/{TRACE}/verdict/?$",
        attempt_views.VerdictView.as_view(),
        name="attempts-verdict",
    ),
    re_path(
        rf"^prompts/{PROMPT}/prefer/?$", attempt_views.PreferView.as_view(), name="attempts-prefer"
    ),
    re_path(
        rf"^prompts/{PROMPT}/preferences/(?P<preference>[0-9]{{1,18}})/delete/?$",
        attempt_views.UnpreferView.as_view(),
        name="attempts-unprefer",
    ),
]
