"""Mounts what each app serves. Every path works with and without its trailing slash."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from tunix_site.api.openapi.documents import RootView, SchemaView, SwaggerView
from tunix_site.apps import site_apps
from tunix_site.serving.operations import HealthView, MetricsView

handler400 = "tunix_site.serving.hosts.bad_request"
handler403 = "tunix_site.api.error_responses.forbidden"
handler404 = "tunix_site.api.error_responses.not_found"
handler500 = "tunix_site.api.error_responses.server_error"

urlpatterns = [
    path("", RedirectView.as_view(url="/api/")),
    re_path(r"^api/?$", RootView.as_view(), name="api-root"),
    re_path(r"^api/health/?$", HealthView.as_view(), name="health"),
    re_path(r"^metrics/?$", MetricsView.as_view(), name="metrics"),
    re_path(r"^api/schema/?$", SchemaView.as_view(), name="schema"),
    re_path(r"^api/docs/?$", SwaggerView.as_view(url_name="schema"), name="docs"),
    *(path("api/", include(app.urls)) for app in site_apps() if app.urls),
    *(path("admin/", include(app.admin_urls)) for app in site_apps() if app.admin_urls),
    *(path("api-auth/", include(app.login_urls)) for app in site_apps() if app.login_urls),
    path("admin/", admin.site.urls),
]
