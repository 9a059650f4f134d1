"""Users, groups, keys and stored answers in the admin: superusers' pages."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from unfold.forms import AdminPasswordChangeForm, UserCreationForm

from tunix_site.access.accounts import OBJECT, account, end_access, record_password, take_leave
from tunix_site.access.keys import change_key, delete_key, issue_key, revoke_key
from tunix_site.admin_base.deleting import TellsOfRefusals
from tunix_site.admin_base.filters import QueryFilter
from tunix_site.admin_base.guarding import GuardedForm, may_be_deleted
from tunix_site.admin_base.lists import RoleAdmin
from tunix_site.admin_base.recording import RecordsChanges, actor_of
from tunix_site.api.fields import BooleanField, ChoiceTextField, QuerySerializer, TextField
from tunix_site.models import ApiKey, IdempotentAnswer, Role

EVERYTHING = frozenset({"add", "change", "delete"})
MAX_PROTECTED_SHOWN = 20

admin.site.unregister(User)
admin.site.unregister(Group)


class UserFilters(QuerySerializer):
    role = ChoiceTextField(choices=Role.choices, required=False)
    is_staff = BooleanField(required=False)
    is_superuser = BooleanField(required=False)
    is_active = BooleanField(required=False)


class UserFilter(QueryFilter):
    query = UserFilters

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[User]:
        flags = {name: value for name, value in values.items() if name != "role"}
        users: QuerySet[User] = queryset.filter(**flags)
        return users.filter(groups__name=values["role"]) if values.get("role") else users


@admin.register(User)
class UserAdmin(TellsOfRefusals, RecordsChanges, RoleAdmin, BaseUserAdmin):  # type: ignore[type-arg]
    """What a user may do comes from the role groups; single permissions are used nowhere."""

    recorded_as = OBJECT
    superusers_only = True
    allows = EVERYTHING
    form = GuardedForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    add_fieldsets = BaseUserAdmin.add_fieldsets  # unfold's base has an empty one
    filters = UserFilter
    sortable_by = None
    list_display = ("username", "email", "roles", "is_staff", "is_superuser", "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    filter_horizontal = ("groups",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Rights",
            {
                "fields": ("is_active", "groups", "is_staff", "is_superuser"),
                "description": "A group is a role. Staff who are curators may enter the admin; "
                "superusers may all.",
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    def recorded(self, obj: User) -> dict[str, Any]:
        return account(user=obj)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: Any = False,  # noqa: FBT002  # Django's signature
        **kwargs: Any,
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.by = actor_of(request)
        return form

    def save_model(self, request: Any, obj: User, form: Any, change: Any) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data:
            end_access(user=obj, by=actor_of(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not super().has_delete_permission(request, obj):
            return False
        return not isinstance(obj, User) or may_be_deleted(obj, by=actor_of(request))

    def user_change_password(self, request: Any, id: str, form_url: str = "") -> Any:  # noqa: A002
        """Do as Django does, and tell of it; one's own takes the old one. No password is told."""
        if unquote(id) == str(request.user.pk):
            return HttpResponseRedirect(reverse("admin:password_change"))
        with transaction.atomic():
            before = self.get_object(request, unquote(id))
            response = super().user_change_password(request, id, form_url)
            if before is not None:
                after = User.objects.get(pk=before.pk)
                if after.password != before.password:
                    record_password(user=after, by=actor_of(request))
        return response

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Tell of what goes with them, too."""
        with transaction.atomic():
            if not may_be_deleted(obj, by=actor_of(request)):
                raise PermissionDenied
            take_leave(user=obj, by=actor_of(request))
            super().delete_model(request, obj)

    @admin.display(description="Roles")
    def roles(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Stored answers, which nobody deletes, go with their user; what protects may be much."""
        told, counts, lacking, protected = super().get_deleted_objects(objs, request)
        lacking.discard(IdempotentAnswer._meta.verbose_name)
        return told, counts, lacking, protected[:MAX_PROTECTED_SHOWN]


@admin.register(Group)
class GroupAdmin(RecordsChanges, RoleAdmin):
    """The groups named for a role are the role: they are neither renamed nor deleted."""

    recorded_as = "group"
    superusers_only = True
    allows = EVERYTHING
    fields = ("name",)
    search_fields = ("name",)
    ordering = ("name",)

    def recorded(self, obj: Group) -> dict[str, Any]:
        return {"name": obj.name}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_role(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not _is_role(obj) and super().has_delete_permission(request, obj)


def _is_role(group: Any) -> bool:
    return isinstance(group, Group) and group.name in Role.values


class ApiKeyFilters(QuerySerializer):
    user = TextField(required=False, max_length=150, help_text="The whole name.")
    role = ChoiceTextField(choices=Role.choices, required=False)
    state = ChoiceTextField(choices=["active", "expired", "revoked"], required=False)


class ApiKeyFilter(QueryFilter):
    query = ApiKeyFilters

    def apply(self, queryset: Any, values: dict[str, Any]) -> QuerySet[ApiKey]:
        keys: QuerySet[ApiKey] = queryset
        if "user" in values:
            keys = keys.filter(user__username=values["user"])
        if "role" in values:
            keys = keys.filter(role=values["role"])
        if "state" in values:
            now = timezone.now()
            states = {
                "active": Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now)),
                "expired": Q(revoked_at=None, expires_at__lte=now),
                "revoked": Q(revoked_at__isnull=False),
            }
            keys = keys.filter(states[values["state"]])
        return keys


class IssueForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError("This is in the past already.")
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(RoleAdmin):
    """Issue, rename, expire, revoke and delete keys; the text of one is shown once, when issued."""

    recorded_as = "key"
    superusers_only = True
    allows = EVERYTHING
    filters = ApiKeyFilter
    sortable_by = None
    list_display = ("name", "prefix", "user", "role", "state_label", "expires_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("name", "prefix", "user__username")
    actions = ("revoke",)
    shown: ClassVar[tuple[str, ...]] = (
        "user",
        "role",
        "prefix",
        "state_label",
        "created_at",
        "last_used_at",
        "revoked_at",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (
            ("name", "expires_at", *self.shown) if obj else ("user", "name", "role", "expires_at")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.shown if obj else ()

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: Any = False,  # noqa: FBT002  # Django's signature
        **kwargs: Any,
    ) -> Any:
        if not change:
            kwargs["form"] = IssueForm
        return super().get_form(request, obj, change=change, **kwargs)

    @admin.display(description="State")
    def state_label(self, key: ApiKey) -> str:
        return key.state

    state_label.label = {  # type: ignore[attr-defined]  # read by unfold
        "active": "success",
        "expired": "warning",
        "revoked": "danger",
    }

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:
        if change:
            # Others note uses and revoke meanwhile: nothing but what was changed is written.
            change_key(key=obj, fields=form.changed_data, by=actor_of(request))
            return
        key, text = issue_key(
            user=obj.user,
            name=obj.name,
            role=obj.role,
            expires_at=obj.expires_at,
            by=actor_of(request),
        )
        obj.__dict__.update(key.__dict__)
        # The message travels in a cookie; unread ones beside it could push it into the session
        # table, where a key must never stand.
        list(messages.get_messages(request))
        told = 'The key is shown this once, copy it now: <span class="tunix-key">{}</span>'
        self.message_user(request, format_html(told, text), messages.WARNING)

    def delete_model(self, request: HttpRequest, obj: ApiKey) -> None:
        delete_key(key=obj, by=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        with transaction.atomic():
            for key in queryset:
                delete_key(key=key, by=actor_of(request))

    @admin.action(permissions=["change"], description="Revoke selected keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        keys = queryset.filter(revoked_at=None)
        for key in keys:
            revoke_key(key=key, by=actor_of(request))
        self.message_user(request, f"Revoked {len(keys)}.", messages.SUCCESS)


@admin.register(IdempotentAnswer)
class IdempotentAnswerAdmin(RoleAdmin):
    """Which Idempotency-Keys are held for whom; what was answered is not shown."""

    superusers_only = True
    list_display = ("key", "user", "status_code", "created")
    list_select_related = ("user",)
    ordering = ("-created_at",)
    fields = ("key", "user", "status_code", "location", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[IdempotentAnswer]:
        return super().get_queryset(request).defer("body")
