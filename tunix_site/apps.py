from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class TunixSiteConfig(AppConfig):
    name = "tunix_site"
    verbose_name = "Access"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    """Stands for django.contrib.admin among the installed apps."""

    default = False
    default_site = "tunix_site.admin_site.TunixAdminSite"
