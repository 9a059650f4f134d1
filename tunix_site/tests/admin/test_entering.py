"""Who may enter the admin, and what is open to them there."""

import re

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tunix_site.models import ApiKey, Role
from tunix_site.tests.admin.pages import CURATORS_PAGES, PAGES, SUPERUSERS_PAGES, url
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db


def test_the_home_page_begins_with_the_traces(admin_client):
    page = admin_client.get("/admin/")
    assert page.status_code == 200
    names = [app["app_label"] for app in page.context["app_list"]]
    assert names == ["traces", "datasets", "evalsets", "jobs", "tunix_site", "auth"]


@pytest.mark.parametrize("page", PAGES)
def test_a_superuser_opens_every_list(admin_client, page):
    assert admin_client.get(url(f"{page}_changelist")).status_code == 200


@pytest.mark.parametrize("page", CURATORS_PAGES)
def test_a_curator_on_the_staff_opens_what_is_curated(curator_in_admin, page):
    assert curator_in_admin.get(url(f"{page}_changelist")).status_code == 200


@pytest.mark.parametrize("page", SUPERUSERS_PAGES)
def test_a_curator_may_not_open_what_is_a_superusers(curator_in_admin, page):
    assert curator_in_admin.get(url(f"{page}_changelist")).status_code == 403
    assert curator_in_admin.get(url(f"{page}_add")).status_code == 403
    key = ApiKey.objects.issue(user=User.objects.get(), name="theirs", role=Role.READER)[0]
    pages = ("change", "delete", "history")
    if page == "tunix_site_apikey":
        assert {
            curator_in_admin.get(url(f"{page}_{name}", key.pk)).status_code for name in pages
        } == {403}


def test_a_curator_is_shown_no_way_to_keys_and_users(curator_in_admin):
    home = curator_in_admin.get("/admin/").content.decode()
    assert url("traces_score_changelist") in home
    for page in SUPERUSERS_PAGES:
        assert url(f"{page}_changelist") not in home


def test_a_trainer_may_what_a_curator_may():
    assert logged_in(Role.TRAINER).get(url("traces_trace_changelist")).status_code == 200


@pytest.mark.parametrize(
    ("role", "is_staff"), [(Role.READER, True), (Role.WRITER, True), (Role.CURATOR, False)]
)
def test_others_enter_and_may_open_no_models_page(role, is_staff):
    client = logged_in(role, is_staff=is_staff)
    assert client.get(url("index")).status_code == 200
    for page in PAGES:
        assert client.get(url(f"{page}_changelist")).status_code == 403
        assert client.get(url(f"{page}_add")).status_code == 403
    for page in ("tunix_site", "auth"):
        assert client.get(url("app_list", page)).status_code == 404
    assert "/admin/" not in client.get("/admin/search/?s=trace").content.decode()


def test_a_superuser_without_staff_may_not_open_users(admin_client, admin_user):
    User.objects.filter(pk=admin_user.pk).update(is_staff=False)
    assert admin_client.get(url("auth_user_changelist")).status_code == 403


def test_an_api_key_opens_no_page_of_the_admin(curator):
    assert curator.get("/admin/").url.startswith("/admin/login/")


def test_logging_in_and_out():
    User.objects.create_superuser("root", password="a long password")
    client = Client()
    form = {"username": "root", "password": "a long password", "next": "/admin/"}
    assert client.post("/admin/login/", form).url == "/admin/"
    assert client.get("/admin/").status_code == 200
    client.post("/admin/logout/")
    assert client.get("/admin/").status_code == 302


def test_nothing_is_loaded_from_another_host(admin_client):
    for path in ["/admin/", *[url(f"{page}_changelist") for page in PAGES]]:
        html = admin_client.get(path).content.decode()
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*?(?:src|href)=\"([^\"]+)\"", html)
        assert loaded
        assert [address for address in loaded if not address.startswith("/static/")] in (
            [],
            ["/admin/jsi18n/"],
        )


def test_the_pages_around_the_models(curator_in_admin):
    paths = ("/admin/traces/", "/admin/datasets/", "/admin/password_change/", "/admin/jsi18n/")
    assert {curator_in_admin.get(path).status_code for path in paths} == {200}
    assert curator_in_admin.get("/admin/auth/").status_code == 404
