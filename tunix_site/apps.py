"""What each app says of itself: its links, routes, workers and metrics, in its own AppConfig.

Nothing else names the apps: the admin's sidebar, the API's root, the OpenAPI document, the workers
and the metrics are made of what `site_apps` gives. So a new app is named in the settings alone.
"""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from django.apps import AppConfig, apps
from django.contrib.admin import apps as admin_apps

LAST = 100


@dataclass(frozen=True)
class Link:
    """A line of the admin's sidebar: a page that is made for people, and who is shown it.

    A page adds its line to the `links` of its app, in the order in which they are shown, with the
    lowest role that may open it. Where it shows what a model's list does, `instead_of` names
    that (`app_model`), whose line among the records is then left out.
    """

    title: str
    route: str
    icon: str  # of Material Symbols
    role: str = "reader"
    instead_of: str = ""


class SiteApp(AppConfig):
    """An app of this site. What is named by a dotted path is imported when it is needed.

    Import the module and not this name into an `apps.py`: Django takes the one AppConfig there.
    """

    place: ClassVar[int] = LAST  # among the apps, wherever they are shown; the lowest first
    links: ClassVar[Sequence[Link]] = ()  # of the sidebar
    # Below them, by title: models' own pages (`app_model`) and icons.
    records: ClassVar[Mapping[str, tuple[str, str]]] = {}
    for_superusers: ClassVar[bool] = False  # whether these are theirs alone, under the app's name
    urls: ClassVar[str] = ""  # the module of the routes below /api/
    admin_urls: ClassVar[str] = ""  # the module of the routes below /admin/
    login_urls: ClassVar[str] = ""  # the module of the routes below /api-auth/
    extends: ClassVar[str] = ""  # the app to whose part of the API its routes belong
    root_links: ClassVar[Mapping[str, str]] = {}  # names at the API's root, and their routes
    tags: ClassVar[Mapping[str, str]] = {}  # of the OpenAPI document, described
    words: ClassVar[str] = ""  # the hook that describes fields there
    enum_names: ClassVar[Mapping[str, str]] = {}  # of enums there that share a field's name
    collectors: ClassVar[Sequence[str]] = ()  # of metrics, asked when Prometheus asks
    # Commands that `work` keeps running, beside one for each queue that kinds of jobs name.
    workers: ClassVar[Mapping[str, Sequence[str]]] = {}
    # The function that takes from somebody what is deleted with them, and tells of it: user, by.
    leaving: ClassVar[str] = ""
    housekeeping: ClassVar[Sequence[str]] = ()  # functions that workers call now and then
    history: ClassVar[str] = ""  # the route below /admin/ of what became of a thing: kind, id
    beside_server: ClassVar[Sequence[str]] = ()  # commands that `serve` keeps running
    before_serving: ClassVar[Sequence[str]] = ()  # functions that `serve` calls first


class TunixSiteConfig(SiteApp):
    name = "tunix_site"
    verbose_name = "Access"
    default = True
    records = {
        "API keys": ("tunix_site_apikey", "key"),
        "Users": ("auth_user", "person"),
        "Groups": ("auth_group", "group"),
        "Idempotent answers": ("tunix_site_idempotentanswer", "replay"),
    }
    for_superusers = True
    urls = "tunix_site.audit.urls"
    root_links = {
        "events": "event-list",
        "health": "health",
        "metrics": "metrics",
        "schema": "schema",
        "docs": "docs",
    }
    tags = {
        "events": "What was done, by whom and through what.",
        "operations": "What those who run the site ask it.",
    }
    words = "tunix_site.api.openapi.words.describe"

    def ready(self) -> None:
        from django.core.signals import request_started
        from django.db.backends.signals import connection_created

        from tunix_site import checks
        from tunix_site.access.key_cache import watch_writes
        from tunix_site.database.liveness import look_at_connections
        from tunix_site.logs import log_ends_of_threads
        from tunix_site.serving import metrics

        threading.excepthook = log_ends_of_threads
        connection_created.connect(watch_writes, dispatch_uid="known keys")
        # after Django's own receiver, which has each request begin with a check
        request_started.connect(look_at_connections, dispatch_uid="quiet connections")
        metrics.ask(path for app in site_apps() for path in app.collectors)
        checks.register(site_apps)


class AdminConfig(admin_apps.AdminConfig):
    """Stands for django.contrib.admin among the installed apps."""

    default = False
    default_site = "tunix_site.admin_base.site.TunixAdminSite"


def site_apps() -> list[SiteApp]:
    """Give the apps of this site, in the order of their places."""
    found = [app for app in apps.get_app_configs() if isinstance(app, SiteApp)]
    return sorted(found, key=lambda app: app.place)


def workers() -> dict[str, Sequence[str]]:
    """Give the command of each worker process that an app names, by the worker's name."""
    return {name: command for app in site_apps() for name, command in app.workers.items()}
