"""The admin's sidebar, made of the links and records of the apps: what a person may open."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.urls import reverse

from tunix_site.access.roles import RANKS
from tunix_site.admin_base.site import may_administer, may_curate, rank_in
from tunix_site.apps import Link, SiteApp, site_apps

RECORDS = "Records"


def navigation(request: Any) -> list[dict[str, Any]]:
    """Give the groups of lines that the request's user is shown, with that of the page marked."""
    apps, rank = site_apps(), rank_in(request)
    links = [link for app in apps for link in app.links]
    in_place = {link.instead_of for link in links}
    groups: dict[str, list[Link]] = {"": [link for link in links if RANKS[link.role] <= rank]}
    for app in apps:
        if may_administer(request) if app.for_superusers else may_curate(request):
            title = str(app.verbose_name) if app.for_superusers else RECORDS
            groups.setdefault(title, []).extend(_records(app, in_place))
    shown = chain.from_iterable(groups.values())
    here = _nearest(request.path, [reverse(link.route) for link in shown])
    return [
        {"title": title, "items": [_line(link, here) for link in group]}
        for title, group in groups.items()
        if group
    ]


def _records(app: SiteApp, in_place: set[str]) -> Iterable[Link]:
    for title, (page, icon) in app.records.items():
        if page not in in_place:
            yield Link(title, f"admin:{page}_changelist", icon)


def _line(link: Link, here: str) -> dict[str, Any]:
    address = reverse(link.route)
    return {"title": link.title, "link": address, "icon": link.icon, "active": address == here}


def _nearest(path: str, addresses: Iterable[str]) -> str:
    """Give the longest address that a path is or lies below; that of the first page has none."""
    top = reverse("admin:index")
    above = [one for one in addresses if one == path or (one != top and _is_below(path, one))]
    return max(above, key=len, default="")


def _is_below(path: str, address: str) -> bool:
    return path.startswith(address.rstrip("/") + "/")
