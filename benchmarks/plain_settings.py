"""The site's own settings, over which the plain views are served."""

from tunix_site.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.plain_site"
SILENCED_SYSTEM_CHECKS = ["tunix_site.E001"]  # it has none of the routes that the apps name
