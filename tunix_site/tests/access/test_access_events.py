"""What becomes of users, groups and keys is told, by whom and through what."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.urls import reverse

from events import actors
from events.models import Event
from tunix_site.access.accounts import give_role
from tunix_site.models import ApiKey, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(admin_client, admin_user):
    """Give a function that sends a form of the admin."""

    def send(page: str, *args, **form) -> None:
        response = admin_client.post(reverse(f"admin:{page}", args=args), form)
        assert response.status_code == 302, response.content.decode()

    return send


def told(**fields) -> list[tuple]:
    """Give what events tell, the oldest first."""
    events = Event.objects.filter(**fields).order_by("id")
    return [(event.action, event.object_type, event.before, event.after) for event in events]


def rights(username: str, **changed) -> dict:
    of_a_user = {"is_active": True, "is_staff": False, "is_superuser": False, "groups": []}
    return {"username": username, **of_a_user, **changed}


def test_a_key_that_is_issued_changed_revoked_and_deleted_in_the_admin(admin, admin_user):
    issued = {"user": admin_user.pk, "name": "nightly", "role": "reader"}
    admin("tunix_site_apikey_add", **issued, expires_at_0="", expires_at_1="")
    key = ApiKey.objects.get()
    admin("tunix_site_apikey_change", key.pk, name="weekly", expires_at_0="", expires_at_1="")
    ticked = {"action": "revoke", "_selected_action": [key.pk]}
    admin("tunix_site_apikey_changelist", **ticked)
    admin("tunix_site_apikey_delete", key.pk, post="yes")
    shown = {
        "name": "nightly",
        "prefix": key.prefix,
        "user": "admin",
        "role": "reader",
        "expires_at": None,
    }
    weekly = {**shown, "name": "weekly"}
    assert told(actor=admin_user, through="admin", object_id=str(key.pk)) == [
        ("issue", "key", None, shown),
        ("change", "key", {"name": "nightly"}, {"name": "weekly"}),
        ("revoke", "key", weekly, None),
        ("delete", "key", weekly, None),
    ]
    assert bytes(key.digest).hex() not in str(list(Event.objects.values()))


def test_a_user_who_is_made_given_a_role_and_deleted_in_the_admin(admin, admin_user):
    password = {"password1": "a long passphrase", "password2": "a long passphrase"}
    admin("auth_user_add", username="ann", usable_password="true", **password)
    ann = User.objects.get(username="ann")
    curators = Group.objects.get(name=Role.CURATOR)
    admin("auth_user_change", ann.pk, username="ann", is_active="on", groups=[curators.pk])
    _, _ = ApiKey.objects.issue(user=ann, name="nightly", role="reader")
    admin("auth_user_delete", ann.pk, post="yes")
    [(action, kind, before, _)] = told(object_type="key")
    assert (action, kind, before["name"], before["user"]) == ("delete", "key", "nightly", "ann")
    is_curator = rights("ann", groups=["curator"])
    assert told(actor=admin_user, through="admin", object_id=str(ann.pk)) == [
        ("create", "user", None, rights("ann")),
        ("change", "user", rights("ann"), is_curator),
        ("delete", "user", is_curator, None),
    ]


def test_passwords_are_told_of_and_not_told(admin, admin_user):
    ann = User.objects.create_user("ann")
    new = {"password1": "a long passphrase", "password2": "a long passphrase"}
    admin("auth_user_password_change", ann.pk, usable_password="true", **new)
    assert told(object_id=str(ann.pk)) == [("set_password", "user", None, None)]
    own = {"new_password1": "another passphrase", "new_password2": "another passphrase"}
    admin("password_change", old_password="password", **own)
    assert told(object_id=str(admin_user.pk)) == [("set_password", "user", None, None)]


def test_a_form_that_changes_nothing_is_not_told(admin):
    ann = User.objects.create_user("ann")
    admin("auth_user_change", ann.pk, username="ann", is_active="on")
    assert told() == []


def test_groups_of_ones_own_are_told(admin):
    admin("auth_group_add", name="night shift")
    group = Group.objects.get(name="night shift")
    admin("auth_group_change", group.pk, name="day shift")
    ticked = {"action": "delete_selected", "_selected_action": [group.pk], "post": "yes"}
    admin("auth_group_changelist", **ticked)
    assert told(object_id=str(group.pk)) == [
        ("create", "group", None, {"name": "night shift"}),
        ("change", "group", {"name": "night shift"}, {"name": "day shift"}),
        ("delete", "group", {"name": "day shift"}, None),
    ]


def test_commands_name_the_systems_account(monkeypatch, capsys):
    monkeypatch.setenv("LOGNAME", "operator")
    call_command("create_api_key", "ann", "--role", "writer")
    call_command("revoke_api_key", str(ApiKey.objects.get().pk))
    assert [(action, kind) for action, kind, _, _ in told(actor=None, actor_name="operator")] == [
        ("create", "user"),
        ("issue", "key"),
        ("revoke", "key"),
    ]


def test_djangos_own_commands_are_told_of(monkeypatch):
    monkeypatch.setenv("LOGNAME", "operator")
    options = {"username": "root", "email": "root@site.example", "interactive": False}
    call_command("createsuperuser", **options, verbosity=0)
    monkeypatch.setattr("getpass.getpass", lambda prompt: "a long passphrase")
    call_command("changepassword", "root", stdout=StringIO())
    is_root = rights("root", is_staff=True, is_superuser=True)
    assert told(actor=None, actor_name="operator") == [
        ("create", "user", None, is_root),
        ("set_password", "user", None, None),
    ]


def test_a_key_is_revoked_once(capsys):
    call_command("create_api_key", "ann", "--role", "writer")
    key = ApiKey.objects.get()
    call_command("revoke_api_key", str(key.pk))
    key.refresh_from_db()
    at = key.revoked_at
    call_command("revoke_api_key", str(key.pk))
    key.refresh_from_db()
    assert key.revoked_at == at
    assert capsys.readouterr().out.splitlines()[-1] == f"{key} was revoked before."
    assert len(told(action="revoke")) == 1


def test_a_role_that_is_there_already_is_not_told():
    ann = User.objects.create_user("ann")
    for _ in range(2):
        give_role(user=ann, role=Role.WRITER, by=actors.command())
    assert told() == [("change", "user", rights("ann"), rights("ann", groups=["writer"]))]
