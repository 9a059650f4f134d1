"""create_api_key, list_api_keys, revoke_api_key."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from events import actors
from tunix_site.access.accounts import ensure_administrator
from tunix_site.models import ApiKey, Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(capsys):
    """Run a command; give the lines that it printed."""

    def run(*arguments: str) -> list[str]:
        call_command(*arguments)
        return capsys.readouterr().out.splitlines()

    return run


def status_of(key: str) -> int:
    return APIClient().get("/api/traces", headers={"Authorization": f"Token {key}"}).status_code


def test_the_key_stands_alone_on_the_last_line(run):
    last = run("create_api_key", "alice")[-1]
    assert last == last.strip()
    assert last.startswith("tunix_")
    assert status_of(last) == 200


def test_the_user_is_made_with_the_role_and_no_password(run):
    run("create_api_key", "alice", "--role", "curator")
    alice = User.objects.get(username="alice")
    assert list(alice.groups.values_list("name", flat=True)) == ["curator"]
    assert not alice.has_usable_password()
    assert not alice.is_staff
    assert not alice.is_superuser
    assert alice.api_keys.get().role == Role.CURATOR


def test_a_user_who_is_there_is_kept_as_they_are(run):
    alice = User.objects.create_user("alice", password="hers")
    run("create_api_key", "alice", "--role", "trainer")
    alice.refresh_from_db()
    assert alice.check_password("hers")
    assert not alice.groups.exists()


def test_a_key_has_a_name_a_role_and_an_expiry(run):
    run("create_api_key", "alice", "--name", "the cluster", "--role", "reader", "--expires", "30")
    key = ApiKey.objects.get()
    assert (key.name, key.role) == ("the cluster", Role.READER)
    left = key.expires_at - timezone.now()
    assert timedelta(days=29, hours=23) < left <= timedelta(days=30)


def test_by_default_a_key_writes_and_does_not_expire(run):
    run("create_api_key", "alice")
    key = ApiKey.objects.get()
    assert (key.role, key.expires_at) == (Role.WRITER, None)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["alice", "--role", "admin"],
        ["alice", "--expires", "0"],
        ["alice", "--expires", "-1"],
        ["alice", "--expires", "soon"],
        ["alice", "--expires", "9999999999999"],
        ["alice", "--name", "n" * 101],
        ["alice", "--name", ""],
        ["a" * 151],
        ["a/b c"],
        [""],
    ],
)
def test_bad_arguments_are_refused_and_make_nothing(run, arguments):
    with pytest.raises(CommandError):
        run("create_api_key", *arguments)
    assert not ApiKey.objects.exists()
    assert not User.objects.exists()


def test_keys_are_listed_without_the_keys(run):
    secret = run("create_api_key", "alice", "--name", "the cluster", "--role", "reader")[-1]
    gone = run("create_api_key", "bob")[-1]
    run("revoke_api_key", gone[:12])
    listing = run("list_api_keys")
    assert not any(secret in line or gone in line for line in listing)
    bob, alice = (line.split() for line in listing[1:])
    assert [alice[1], *alice[2:5], *alice[5:]] == [
        secret[:12], "alice", "the", "cluster", "reader", "active", "never"
    ]  # fmt: skip
    assert [bob[1], bob[2], bob[-2]] == [gone[:12], "bob", "revoked"]


def test_the_last_write_is_listed(run):
    run("create_api_key", "alice")
    ApiKey.objects.update(last_used_at="2026-01-02T03:04:05Z")
    assert run("list_api_keys")[1].endswith("2026-01-02 03:04")


@pytest.mark.parametrize("by", ["pk", "prefix"])
def test_a_key_is_revoked_by_its_id_or_prefix(run, by):
    secret = run("create_api_key", "alice")[-1]
    key = ApiKey.objects.get()
    assert run("revoke_api_key", str(getattr(key, by))) == [f"Revoked {key}."]
    assert status_of(secret) == 401


@pytest.mark.parametrize("name", ["tunix_nobody", "0", "9" * 30, "\u00b2", ""])
def test_revoking_what_is_not_there_says_so(run, name):
    run("create_api_key", "alice")
    with pytest.raises(CommandError, match="0 keys are named"):
        run("revoke_api_key", name)
    assert ApiKey.objects.get().state == "active"


def test_a_prefix_of_two_keys_revokes_neither(run):
    run("create_api_key", "alice")
    run("create_api_key", "alice")
    ApiKey.objects.update(prefix="tunix_twins1")
    with pytest.raises(CommandError, match="2 keys are named"):
        run("revoke_api_key", "tunix_twins1")
    assert {key.state for key in ApiKey.objects.all()} == {"active"}


def test_the_first_administrator_is_made_once():
    first = ensure_administrator(by=actors.command())
    admin = User.objects.get()
    assert (admin.username, admin.is_superuser) == (first.username, True)
    assert admin.check_password(first.password)
    assert status_of(first.api_key) == 200
    assert ensure_administrator(by=actors.command()) is None
    assert User.objects.count() == 1


def test_a_name_that_is_taken_makes_nobody_an_administrator():
    taken = User.objects.create_user("admin")
    first = ensure_administrator(by=actors.command())
    taken.refresh_from_db()
    assert not taken.is_superuser
    assert User.objects.get(username=first.username).is_superuser
