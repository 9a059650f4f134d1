"""The list of prompts."""

from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from pages.prompts.listing import ORDER, ORDERS, SEVERAL, asked_by, order_of, page_of_prompts
from pages.shared.asked import Asked, address_with, chips_of
from pages.shared.keyset import From, Page
from pages.shared.page import SitePage
from pages.shared.refusals import refusable
from pages.traces import panel
from pages.traces.asked import tidied
from pages.traces.choices import choices
from traces.finding.prompts.groups import PromptFilters
from traces.finding.prompts.order import MOST_TRACES, PromptOrder

GROUPS = {
    "Attempts": ("source", "tag", panel.MODEL, "status", "min_count"),
    "Scores": ("criteria", "min_score", "max_score", "pass_criteria", "pass_at"),
}


class PromptsView(SitePage):
    """Prompts with several attempts, and how far these agree."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if (tidy := tidied(request.GET)) is not None:
            return HttpResponseRedirect(request.path + tidy)
        asked, start = asked_by(request.GET), From.asked(request.GET)
        page, problem = _found(asked, start)
        order = order_of(asked)
        context = {
            "asked": asked,
            "page": page,
            "problem": problem,
            "order": order,
            "orders": [
                (one.value, words, address_with({**asked.every_text, ORDER: one.value}))
                for one, words in ORDERS.items()
            ],
            "most": 0 if order == PromptOrder.HASH else MOST_TRACES,
            "chips": chips_of(asked, panel.label_of, hidden={ORDER}),
            "groups": _groups(asked),
            "unlisted": panel.unlisted(asked, shown=GROUPS),
        }
        return self.show(request, "pages/prompts/list.html", context, title="Prompts")


def _groups(asked: Asked) -> list[tuple[str, list[panel.Control]]]:
    """Give the controls of the form; here prompts of one attempt have to be asked for."""
    groups = panel.groups(asked, choices(), shown=GROUPS, filters=PromptFilters)
    several = f"{SEVERAL} where nothing is said."
    return [
        (
            title,
            [replace(one, help=several) if one.name == "min_count" else one for one in controls],
        )
        for title, controls in groups
    ]


def _found(asked: Asked, start: From) -> tuple[Page[dict[str, Any]], str]:
    """Read a page; an empty one and the reason where that takes too long."""
    with refusable() as refused:
        return page_of_prompts(asked, start), ""
    return Page([]), refused.text
