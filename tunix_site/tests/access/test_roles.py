"""Roles: made by the migration, each including the ones before it."""

import importlib

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Group, User
from rest_framework.request import Request

from tunix_site.access.roles import NO_RANK, rank_of_request
from tunix_site.models import Role
from tunix_site.tests.people import give_role
from tunix_site.tests.samples import trace

pytestmark = pytest.mark.django_db

BUILD = {"dataset_name": "sums", "dataset_version": "1"}


def test_a_group_for_each_role_is_made_by_the_migration():
    Group.objects.all().delete()
    migration = importlib.import_module("tunix_site.migrations.0002_role_groups")
    migration.make_groups(apps, None)
    migration.make_groups(apps, None)
    assert set(Group.objects.values_list("name", flat=True)) == set(Role.values)


@pytest.mark.parametrize("role", Role.values)
def test_each_role_includes_the_ones_before_it(client_as, role):
    client = client_as(role)
    codes = [
        client.get("/api/traces").status_code,
        client.post("/api/traces", trace(), format="json").status_code,
        client.post("/api/datasets/build", BUILD, format="json").status_code,
    ]
    allowed = min(Role.values.index(role) + 1, 3)
    assert codes == [200, 201, 201][:allowed] + [403] * (3 - allowed)


@pytest.mark.parametrize("role", [None, *Role.values])
def test_a_session_has_its_users_role(client, role):
    user = User.objects.create_user("someone")
    if role:
        give_role(user, role)
    client.force_login(user)
    assert client.get("/api/traces").status_code == (200 if role else 403)
    posted = client.post("/api/traces", trace(), content_type="application/json")
    assert posted.status_code == (403 if role in (None, Role.READER) else 201)


def test_a_superuser_may_all_without_a_group(client):
    client.force_login(User.objects.create_superuser("root"))
    assert client.post("/api/traces", trace(), content_type="application/json").status_code == 201
    built = client.post("/api/datasets/build", BUILD, content_type="application/json")
    assert built.status_code == 201


def test_other_groups_are_no_roles(client):
    user = User.objects.create_user("someone")
    user.groups.add(Group.objects.create(name="administrators"))
    client.force_login(user)
    assert client.get("/api/traces").status_code == 403


def test_who_became_inactive_is_logged_out(client):
    user = User.objects.create_superuser("root")
    client.force_login(user)
    User.objects.update(is_active=False)
    assert client.get("/api/traces").status_code == 401


@pytest.mark.parametrize(
    "path", ["/api", "/api/traces", "/api/datasets", "/api/schema", "/metrics", "/api/traces/x"]
)
def test_nothing_answers_without_a_key_or_session(client, path):
    response = client.get(path)
    assert (response.status_code, list(response.json())) == (401, ["detail"])


def test_nobody_and_who_is_inactive_have_no_rank(rf):
    request = Request(rf.get("/"))
    request.user = AnonymousUser()
    assert rank_of_request(request) == NO_RANK
    request.user = User.objects.create_superuser("root", is_active=False)
    assert rank_of_request(request) == NO_RANK
