from django.apps import AppConfig


class TunixSiteConfig(AppConfig):
    name = "tunix_site"
    verbose_name = "Access"
