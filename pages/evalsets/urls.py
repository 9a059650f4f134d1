from pages.addresses import KEY, page
from pages.evalsets.views import CheckView, DeleteView, EvalSetsView, EvalSetView, NewView

urlpatterns = [
    page("evaluation-sets", EvalSetsView, "evalsets"),
    page("evaluation-sets/new", NewView, "evalset-new"),
    page(f"evaluation-sets/{KEY}", EvalSetView, "evalset"),
    page(f"evaluation-sets/{KEY}/check", CheckView, "evalset-check"),
    page(f"evaluation-sets/{KEY}/delete", DeleteView, "evalset-delete"),
]
