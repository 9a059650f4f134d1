"""What the apps say of themselves must be there, and what is there must be said."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core import checks
from django.urls import NoReverseMatch, reverse

if TYPE_CHECKING:
    from tunix_site.apps import SiteApp


def register(site_apps: "Callable[[], list[SiteApp]]") -> None:
    """Have Django check the apps that there are."""

    def apps_say_what_is_there(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
        apps = site_apps()
        said = [*_what_is_not_there(apps), *_what_is_not_said(apps)]
        return [checks.Error(fault, id="tunix_site.E001") for fault in said]

    checks.register(apps_say_what_is_there)


def _what_is_not_there(apps: "Iterable[SiteApp]") -> Iterator[str]:
    from tunix_site.access.roles import RANKS  # which has models, and those are not read yet

    for app in apps:
        for page in _pages(app):
            if not _is_route(f"admin:{page}_changelist"):
                yield f"{app.name}: it names {page}, which the admin has no page for."
        for line in app.links:
            if not _is_route(line.route):
                yield f"{app.name}: {line.title} leads to {line.route}, which is no route."
            if line.role not in RANKS:
                yield f"{app.name}: {line.title} is for the role {line.role}, which there is not."
        for link, route in app.root_links.items():
            if not _is_route(route):
                yield f"{app.name}: the link {link} leads to {route}, which is no route."


def _what_is_not_said(apps: "Iterable[SiteApp]") -> Iterator[str]:
    told = {page for app in apps for page in _pages(app)}
    for model in admin.site._registry:
        page = f"{model._meta.app_label}_{model._meta.model_name}"
        if page not in told:
            yield f"The admin's page {page} is among no app's records."
    for app in apps:
        if app.urls and not app.extends and not (app.root_links and app.tags and app.words):
            yield f"{app.name}: it has routes, and lacks root_links, tags or words for them."


def _pages(app: "SiteApp") -> Iterable[str]:
    """Name the models' pages of an app: its records, and those that its links stand for."""
    yield from (page for page, _ in app.records.values())
    yield from (link.instead_of for link in app.links if link.instead_of)


def _is_route(name: str) -> bool:
    try:
        reverse(name)
    except NoReverseMatch:
        return False
    return True
