"""The admin's sidebar, made of the menus of the apps."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from tunix_site.apps import Menu, site_apps


def navigation(request: Any) -> list[dict[str, object]]:
    """Give the groups of pages, each with who sees it."""
    return [_group(app.menu) for app in site_apps() if app.menu]


def _group(menu: Menu) -> dict[str, object]:
    permission = "may_administer" if menu.for_superusers else "may_curate"
    own, pages = dict(menu.links), {}
    for title, (page, icon) in menu.pages.items():
        if page in menu.instead:
            own[title] = (menu.instead[page], icon)
        else:
            pages[title] = (f"admin:{page}_changelist", icon)
    return {
        "title": menu.title,
        "items": [
            *_items(own, "may_read"),
            *_items(menu.of_curators, "may_curate"),
            *_items(pages, permission),
        ],
    }


def _items(routes: Mapping[str, tuple[str, str]], permission: str) -> list[dict[str, str]]:
    return [
        {
            "title": title,
            "icon": icon,
            "link": reverse(route),
            "permission": f"tunix_site.admin_base.site.{permission}",
        }
        for title, (route, icon) in routes.items()
    ]
