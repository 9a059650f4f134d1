from pages.addresses import JOB, TRACE, page
from pages.traces import filter_views as filters
from pages.traces import trace_views as one
from pages.traces.bulk import views as bulk
from pages.traces.columns.views import ColumnsView
from pages.traces.views import TracesView

KEPT = r"(?P<kept>[0-9]{1,18})"

urlpatterns = [
    page("traces", TracesView, "traces"),
    page("traces/columns", ColumnsView, "traces-columns"),
    page("traces/filters", filters.FiltersView, "traces-filters"),
    page(f"traces/filters/{KEPT}", filters.FilterView, "traces-filter"),
    page(f"traces/filters/{KEPT}/delete", filters.FilterDeletionView, "traces-filter-delete"),
    page(f"traces/{TRACE}", one.TraceView, "traces-trace"),
    page(f"traces/{TRACE}/verdict", one.VerdictView, "traces-verdict"),
    page(f"traces/{TRACE}/tags", one.TagsView, "traces-tags"),
    page(f"traces/{TRACE}/delete", one.DeletionView, "traces-delete"),
    page("traces/bulk", bulk.AskingView, "traces-bulk"),
    page("traces/bulk/start", bulk.StartView, "traces-bulk-start"),
    page(f"traces/bulk/{JOB}", bulk.JobView, "traces-bulk-job"),
    page(f"traces/bulk/{JOB}/cancel", bulk.CancelView, "traces-bulk-cancel"),
    page(f"traces/bulk/{JOB}/undo", bulk.UndoChangeView, "traces-bulk-undo"),
]
