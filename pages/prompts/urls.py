from pages.addresses import TRACE, page
from pages.prompts import attempt_views as attempts
from pages.prompts.views import PromptsView

PROMPT = r"(?P<prompt_hash>[0-9a-fA-F-]{32,36})"
PREFERENCE = r"(?P<preference>[0-9]{1,18})"

urlpatterns = [
    page("prompts", PromptsView, "prompts"),
    page(f"prompts/{PROMPT}", attempts.AttemptsView, "attempts"),
    page(f"prompts/{PROMPT}/{TRACE}/verdict", attempts.VerdictView, "attempts-verdict"),
    page(f"prompts/{PROMPT}/prefer", attempts.PreferView, "attempts-prefer"),
    page(
        f"prompts/{PROMPT}/preferences/{PREFERENCE}/delete",
        attempts.UnpreferView,
        "attempts-unprefer",
    ),
]
