"""The API's own pages: its root, its OpenAPI document and Swagger UI with local assets."""

from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from tunix_site import __version__
from tunix_site.access.browsers import STRICT, guard
from tunix_site.access.roles import HasRole
from tunix_site.api.fields import QuerySerializer, TextField
from tunix_site.api.views import ApiView, ApiViewMixin
from tunix_site.apps import site_apps
from tunix_site.models import Role

# Its stylesheet has pictures in it, and its parts have styles of their own.
FOR_SWAGGER = {**STRICT, "style-src": "'self' 'unsafe-inline'", "img-src": "'self' data:"}


class SchemaView(ApiViewMixin, SpectacularAPIView):
    """The OpenAPI 3.1 document, as JSON or YAML by `Accept`."""

    roles: ClassVar = {"get": Role.READER}
    permission_classes = [HasRole]
    renderer_classes = [
        OpenApiJsonRenderer2,
        OpenApiYamlRenderer2,
        OpenApiJsonRenderer,
        OpenApiYamlRenderer,
    ]


class SwaggerQuery(QuerySerializer):
    script = TextField(required=False, allow_blank=True, max_length=0)  # of the page itself


class SwaggerView(ApiViewMixin, SpectacularSwaggerSplitView):
    """Swagger UI: the page, and as its `script` what starts it."""

    title = "API documents | Tunix RT"
    template_name = "tunix_site/swagger.html"
    roles: ClassVar = {"get": Role.READER}
    queries: ClassVar = {"get": SwaggerQuery}
    permission_classes = [HasRole]

    def handle_exception(self, exc: Exception) -> Any:
        accepted = self.request.headers.get("Accept", "")
        if isinstance(exc, NotAuthenticated) and "text/html" in accepted:  # let people log in
            return redirect_to_login(self.request.path)
        return super().handle_exception(exc)

    def finalize_response(self, request: Any, response: Any, *args: Any, **kwargs: Any) -> Any:
        guard(response, FOR_SWAGGER)
        return super().finalize_response(request, response, *args, **kwargs)


class RootView(ApiView):
    """The API's root: its version, and where its parts are."""

    roles: ClassVar = {"get": Role.READER}

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        links = {
            link: reverse(route, request=request)
            for app in site_apps()
            for link, route in app.root_links.items()
        }
        return Response({"version": __version__, **links})
