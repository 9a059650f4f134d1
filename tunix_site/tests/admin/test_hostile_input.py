"""What hostile addresses and forms meet in the admin."""

import uuid
from urllib.parse import quote

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tunix_site.tests.admin.pages import PAGES, url

pytestmark = pytest.mark.django_db

HOSTILE_QUERIES = [
    "q=%00",
    "q=%27%22%3B--",
    "q=%25_%5C",
    "q=" + "9" * 5000,
    "p=%00",
    "p=-1",
    "p=0",
    "p=2",
    "p=" + "9" * 30,
    "p=" + "9" * 5000,
    "o=%00",
    "o=-99.x.1.-1",
    "all=",
    "e=1",
    "e=%00",
    "_popup=1",
    "_to_field=%00",
    "_to_field=id",
    "_facets=1",
    "_changelist_filters=%00",
    "%00=%00",
    "unknown=1",
    "pk=x",
    "id=%00",
    "id__in=1,x",
    "prompt__regex=(",
    "username__regex=(",
    "user__password__startswith=p",
    "created_at__gte=x",
    "source=%00",
    "source=%ff",
    "source=a&source=b",
    "status=%00",
    "status=nope",
    "tag=%00",
    "created_after=x",
    "created_after=0000-00-00",
    "created_after=0001-01-01T00:00:00%2B14:00",
    "created_before=9999-12-31T23:59:59-14:00",
    "min_steps=x",
    "min_steps=" + "9" * 30,
    "min_position=-1",
    "min_position=" + "9" * 19,
    "criteria=%00",
    "min_score=nan",
    "min_score=1",
    "criteria=a&min_score=1e999",
    "trace=%00",
    "trace=x",
    "dataset=%00",
    "split=%00",
    "reviewer=%00",
    "user=%00",
    "role=%00",
    "role=nope",
    "state=nope",
    "is_staff=maybe",
    "meta.=1",
    "meta.a=%00",
    "meta.%00=1",
]


@pytest.mark.parametrize("page", PAGES)
def test_no_query_breaks_a_list(admin_client, page):
    for query in HOSTILE_QUERIES:
        response = admin_client.get(f"{url(f'{page}_changelist')}?{query}")
        assert response.status_code in (200, 302, 400), query
        if response.status_code == 302:
            assert admin_client.get(response.url).status_code == 200, query


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("view", ["change", "delete", "history"])
def test_no_id_breaks_an_objects_page(admin_client, page, view):
    for identity in ["\0", "x", "-1", "9" * 30, "9" * 5000, "_00", "a/b", str(uuid.UUID(int=0))]:
        response = admin_client.get(url(f"{page}_{view}", identity))
        assert response.status_code in (302, 403, 404), identity


@pytest.mark.parametrize("page", PAGES)
def test_no_selection_breaks_an_action(admin_client, page):
    for chosen in ["\0", "x", "9" * 30, "-1", str(uuid.UUID(int=0))]:
        for action in ["delete_selected", "approve", "revoke", "\0", ""]:
            form = {"action": action, "_selected_action": chosen, "index": "9" * 30}
            response = admin_client.post(url(f"{page}_changelist"), {**form, "post": "yes"})
            assert response.status_code in (200, 302), (chosen, action)


@pytest.mark.parametrize(
    "path",
    [
        "/admin/search/?s=a&page=x",
        "/admin/search/?s=a&page=99",
        "/admin/r/1/x/",
        "/admin/%00/",
        "/admin/autocomplete/?app_label=tunix_site&model_name=apikey&field_name=digest",
        "/admin/nowhere/",
    ],
)
def test_other_paths_are_refused_or_not_found(admin_client, path):
    assert admin_client.get(path).status_code in (403, 404)


def test_other_paths_that_take_any_text(admin_client):
    autocomplete = "/admin/autocomplete/?app_label=tunix_site&model_name=apikey&field_name=user"
    assert admin_client.get(f"{autocomplete}&term=%00").json()["results"] == []
    assert len(admin_client.get(f"{autocomplete}&term=admin").json()["results"]) == 1
    for term in ("%00", "trace", ""):
        assert admin_client.get(f"/admin/search/?s={term}").status_code == 200


@pytest.mark.parametrize("next_page", ["", "\0", "//elsewhere.example/", "javascript:alert(1)"])
def test_the_login_form_takes_any_text(next_page):
    User.objects.create_superuser("root", password="a long password")
    path = f"/admin/login/?next={quote(next_page)}"
    assert Client().get(path).status_code == 200
    for name in ("\0", "x" * 1000, "<script>"):
        response = Client().post(path, {"username": name, "password": "\0", "next": next_page})
        assert response.status_code == 200
    form = {"username": "root", "password": "a long password", "next": next_page}
    assert Client().post(path, form).url in ("/admin/", "/api/", "")
