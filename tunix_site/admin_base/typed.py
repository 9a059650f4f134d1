"""The classes that pages of the admin are made of: unfold's, with the types of Django's."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as _ModelAdmin
    from django.contrib.admin import TabularInline as _TabularInline
    from django.contrib.admin.views.main import ChangeList
    from django.core.paginator import Paginator as _Paginator

    ModelAdmin = _ModelAdmin[Any]
    TabularInline = _TabularInline[Any, Any]
    Paginator = _Paginator[Any]
else:
    from django.core.paginator import Paginator
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.views import ChangeList

__all__ = ["ChangeList", "ModelAdmin", "Paginator", "TabularInline"]
