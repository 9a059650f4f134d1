"""Who may do what in the admin: by role."""

from typing import Any, ClassVar

from django.http import HttpRequest

from tunix_site.admin_base.site import may_administer, may_curate


class RoleRights:
    """Rights follow roles instead of Django's permissions, which nothing here looks at.

    Staff with the role of a curator or above may look at every record that is not a
    superuser's alone; what may be done beyond looking is named in `allows` ("add", "change",
    "delete"). A class with `superusers_only` is closed to all others.
    """

    allows: ClassVar[frozenset[str]] = frozenset()
    superusers_only: ClassVar[bool] = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_administer(request) if self.superusers_only else may_curate(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "add" in self.allows and self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "change" in self.allows and self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return "delete" in self.allows and self.has_view_permission(request, obj)
