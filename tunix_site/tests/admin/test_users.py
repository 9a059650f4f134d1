"""Users, groups and stored answers in the admin."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from tunix_site.models import ApiKey, IdempotentAnswer, Role
from tunix_site.tests.admin.pages import url
from tunix_site.tests.admin_pages import form_of, logged_in

pytestmark = pytest.mark.django_db


def test_a_user_is_added_and_given_a_role(admin_client):
    form = {"username": "new", "usable_password": "true"}
    form |= {"password1": "a long password", "password2": "a long password"}
    response = admin_client.post(url("auth_user_add"), form)
    user = User.objects.get(username="new")
    assert response.url == url("auth_user_change", user.pk)
    form = form_of(admin_client.get(response.url)) | {
        "is_staff": "on",
        "groups": Group.objects.get(name="curator").pk,
    }
    assert admin_client.post(response.url, form).status_code == 302
    client = Client()
    client.force_login(user)
    assert client.get(url("traces_trace_changelist")).status_code == 200
    password = {"password1": "another password", "password2": "another password"}
    admin_client.post(url("auth_user_password_change", user.pk), password)
    user.refresh_from_db()
    assert user.check_password("another password")


def test_users_by_role_and_flag(admin_client):
    logged_in(Role.CURATOR)
    logged_in(Role.READER, is_staff=False)

    def names(query):
        page = admin_client.get(f"{url('auth_user_changelist')}?{query}")
        return [user.username for user in page.context["cl"].result_list]

    assert names("role=curator") == ["the curator"]
    assert names("is_staff=false") == ["the reader"]
    assert names("is_superuser=true&is_active=true") == ["admin"]
    assert names("") == ["admin", "the curator", "the reader"]


def test_the_list_of_users_costs_no_query_each(admin_client, django_assert_num_queries):
    logged_in(Role.CURATOR)
    with django_assert_num_queries(5):
        admin_client.get(url("auth_user_changelist"))
    for role in (Role.READER, Role.WRITER, Role.TRAINER):
        logged_in(role)
    with django_assert_num_queries(5):
        admin_client.get(url("auth_user_changelist"))


def test_a_user_with_stored_answers_can_be_deleted(admin_client):
    user = User.objects.create_user("leaving")
    IdempotentAnswer.objects.create(user=user, key="once", fingerprint=b"")
    ApiKey.objects.issue(user=user, name="theirs", role=Role.READER)
    admin_client.post(url("auth_user_delete", user.pk), {"post": "yes"})
    assert not User.objects.filter(username="leaving").exists()
    assert not ApiKey.objects.exists()


def test_the_groups_of_roles_stay_as_they_are(admin_client):
    group = Group.objects.get(name="curator")
    path = url("auth_group_change", group.pk)
    assert admin_client.post(path, {"name": "kings"}).status_code == 403
    assert admin_client.post(url("auth_group_delete", group.pk), {"post": "yes"}).status_code == 403
    form = {"action": "delete_selected", "_selected_action": group.pk, "post": "yes"}
    assert admin_client.post(url("auth_group_changelist"), form).status_code == 403
    assert Group.objects.filter(name="curator").exists()


def test_other_groups_come_and_go(admin_client):
    admin_client.post(url("auth_group_add"), {"name": "readers' club"})
    group = Group.objects.get(name="readers' club")
    admin_client.post(url("auth_group_change", group.pk), {"name": "club"})
    assert Group.objects.filter(name="club").exists()
    admin_client.post(url("auth_group_delete", group.pk), {"post": "yes"})
    assert not Group.objects.filter(name="club").exists()


def test_stored_answers_are_shown_without_their_body(admin_client, admin_user):
    answer = IdempotentAnswer.objects.create(
        user=admin_user, key="once", fingerprint=b"", status_code=201, body='"the secret"'
    )
    page = admin_client.get(url("tunix_site_idempotentanswer_changelist")).content.decode()
    assert "once" in page
    path = url("tunix_site_idempotentanswer_change", answer.pk)
    assert "the secret" not in page + admin_client.get(path).content.decode()
    assert admin_client.post(path, {"status_code": "500"}).status_code == 403
    delete = url("tunix_site_idempotentanswer_delete", answer.pk)
    assert admin_client.post(delete, {"post": "yes"}).status_code == 403
