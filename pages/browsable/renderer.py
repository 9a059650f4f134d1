"""The renderer of the API in a browser, as the settings name it."""

from collections.abc import Mapping
from typing import Any

from rest_framework import renderers

from tunix_site.access.browsers import STRICT, guard


class BrowsableAPI(renderers.BrowsableAPIRenderer):
    """In pages of our own, which ask nothing of another host."""

    template = "pages/browsable/api.html"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> Any:
        context = dict(renderer_context or {})
        guard(context["response"], STRICT)
        return super().render(data, accepted_media_type, context)

    def get_context(
        self,
        data: Any,
        accepted_media_type: str | None,
        renderer_context: Mapping[str, Any],
    ) -> dict[str, Any]:
        # late: DRF reads its settings, and with them this module, while its views are imported
        from pages.browsable.shown import context_of

        return context_of(
            data,
            view=renderer_context["view"],
            request=renderer_context["request"],
            response=renderer_context["response"],
        )
