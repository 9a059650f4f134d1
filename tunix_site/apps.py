import threading

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class TunixSiteConfig(AppConfig):
    name = "tunix_site"
    verbose_name = "Access"
    default = True

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from tunix_site.access.key_cache import watch_writes
        from tunix_site.logs import log_ends_of_threads

        threading.excepthook = log_ends_of_threads
        connection_created.connect(watch_writes, dispatch_uid="known keys")


class AdminConfig(admin_apps.AdminConfig):
    """Stands for django.contrib.admin among the installed apps."""

    default = False
    default_site = "tunix_site.admin_base.site.TunixAdminSite"
