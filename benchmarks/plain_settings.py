"""The site's own settings, over which the plain views are served."""

from tunix_site.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.plain_site"
