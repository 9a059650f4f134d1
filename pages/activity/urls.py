from pages.activity import views
from pages.addresses import page

THING = r"(?P<kind>[a-z]{1,32})/(?P<thing>[^/]{1,200})"

urlpatterns = [
    page("activity", views.ActivityView, "activity"),
    page("activity/undo", views.UndoToldView, "activity-undo"),
    page(f"activity/{THING}", views.ChangesView, "activity-of"),
]
