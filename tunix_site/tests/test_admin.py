"""The admin: who may enter, what hostile input meets, users, groups, keys, stored answers."""

import hashlib
import re
import uuid
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tunix_site.models import ApiKey, IdempotentAnswer, Role
from tunix_site.tests.admin_pages import form_of, logged_in

pytestmark = pytest.mark.django_db

CURATORS_PAGES = [
    "traces_trace",
    "traces_score",
    "traces_review",
    "datasets_dataset",
    "datasets_datasetitem",
    "jobs_job",
]
SUPERUSERS_PAGES = ["tunix_site_apikey", "tunix_site_idempotentanswer", "auth_user", "auth_group"]
PAGES = CURATORS_PAGES + SUPERUSERS_PAGES
KEY = re.compile(r"tunix_[A-Za-z0-9_-]{43}")


def url(page, *args):
    return reverse(f"admin:{page}", args=args)


@pytest.fixture
def curator_in_admin():
    return logged_in(Role.CURATOR)


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


def test_the_pages_around_the_models(curator_in_admin):
    paths = ("/admin/traces/", "/admin/datasets/", "/admin/password_change/", "/admin/jsi18n/")
    assert {curator_in_admin.get(path).status_code for path in paths} == {200}
    assert curator_in_admin.get("/admin/auth/").status_code == 404


def add_key(client, **fields):
    form = {"user": User.objects.get(username="admin").pk, "name": "nightly", "role": "writer"}
    form |= {"expires_at_0": "", "expires_at_1": ""}
    return client.post(url("tunix_site_apikey_add"), {**form, **fields}, follow=True)


def test_an_issued_key_is_shown_once_and_works(admin_client):
    page = add_key(admin_client)
    (text,) = KEY.findall(page.content.decode())
    key = ApiKey.objects.get()
    assert bytes(key.digest) == hashlib.sha256(text.encode()).digest()
    assert (key.name, key.role, key.prefix) == ("nightly", Role.WRITER, text[:12])
    assert (
        Client().get("/api/traces", headers={"Authorization": f"Token {text}"}).status_code == 200
    )
    later = [
        url("tunix_site_apikey_changelist"),
        url("tunix_site_apikey_change", key.pk),
        "/admin/",
    ]
    for path in later:
        assert not KEY.search(admin_client.get(path).content.decode())
    held = [session.get_decoded() for session in Session.objects.all()]
    assert text not in str(held)


def test_messages_unread_do_not_push_a_key_into_the_session_table(admin_client):
    for _ in range(60):  # more than a cookie holds
        admin_client.get(url("traces_trace_changelist") + "?status=nope&min_steps=nope")
    form = {"user": User.objects.get().pk, "name": "nightly", "role": "writer"}
    form |= {"expires_at_0": "", "expires_at_1": ""}
    admin_client.post(url("tunix_site_apikey_add"), form)
    held = [session.get_decoded() for session in Session.objects.all()]
    assert not KEY.search(str(held))
    page = admin_client.get("/admin/").content.decode()
    assert KEY.search(page)


def test_an_expiry_is_kept_and_must_lie_ahead(admin_client):
    past = {"expires_at_0": "2020-01-01", "expires_at_1": "00:00:00"}
    assert "in the past already" in add_key(admin_client, **past).content.decode()
    assert not ApiKey.objects.exists()
    ahead = timezone.now() + timedelta(days=3)
    future = {"expires_at_0": f"{ahead:%Y-%m-%d}", "expires_at_1": f"{ahead:%H:%M:%S}"}
    add_key(admin_client, **future)
    assert ApiKey.objects.get().expires_at == ahead.replace(microsecond=0)


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "a\0b"}, {"role": "king"}, {"user": "\0"}, {"user": 10**30}]
)
def test_no_key_is_issued_for_a_bad_form(admin_client, fields):
    page = add_key(admin_client, **fields)
    assert page.status_code == 200
    assert not ApiKey.objects.exists()


def test_a_name_and_an_expiry_are_all_that_changes_of_a_key(admin_client, admin_user):
    other = User.objects.create_user("other")
    key, text = ApiKey.objects.issue(user=admin_user, name="old", role=Role.READER)
    path = url("tunix_site_apikey_change", key.pk)
    form = form_of(admin_client.get(path)) | {"name": "new", "role": "trainer", "user": other.pk}
    form |= {"prefix": "x", "digest": "x", "revoked_at": "2020-01-01"}
    assert admin_client.post(path, form).status_code == 302
    key.refresh_from_db()
    assert (key.name, key.role, key.user, key.revoked_at) == ("new", "reader", admin_user, None)
    assert (key.prefix, bytes(key.digest)) == (text[:12], hashlib.sha256(text.encode()).digest())


def test_renaming_a_key_does_not_undo_its_revocation(admin_client, admin_user):
    key, _ = ApiKey.objects.issue(user=admin_user, name="old", role=Role.READER)
    path = url("tunix_site_apikey_change", key.pk)
    form = form_of(admin_client.get(path)) | {"name": "new"}
    key.revoke()
    admin_client.post(path, form)
    key.refresh_from_db()
    assert (key.name, key.state) == ("new", "revoked")


def test_revoking_selected_keys(admin_client, admin_user):
    texts = [
        ApiKey.objects.issue(user=admin_user, name=name, role=Role.READER)[1]
        for name in ("one", "two", "three")
    ]
    chosen = list(ApiKey.objects.exclude(name="three").values_list("pk", flat=True))
    form = {"action": "revoke", "_selected_action": chosen, "index": "0"}
    page = admin_client.post(url("tunix_site_apikey_changelist"), form, follow=True)
    assert "Revoked 2." in page.content.decode()
    codes = [
        Client().get("/api/traces", headers={"Authorization": f"Token {text}"}).status_code
        for text in texts
    ]
    assert codes == [401, 401, 200]


def test_a_key_can_be_deleted(admin_client, admin_user):
    key, _ = ApiKey.objects.issue(user=admin_user, name="old", role=Role.READER)
    admin_client.post(url("tunix_site_apikey_delete", key.pk), {"post": "yes"})
    assert not ApiKey.objects.exists()


def test_keys_by_state_role_and_user(admin_client, admin_user):
    soon = timezone.now() + timedelta(days=1)
    past = timezone.now() - timedelta(days=1)
    other = User.objects.create_user("other")
    ApiKey.objects.issue(user=admin_user, name="lasting", role=Role.READER)
    ApiKey.objects.issue(user=admin_user, name="ending", role=Role.WRITER, expires_at=soon)
    ApiKey.objects.issue(user=admin_user, name="ended", role=Role.WRITER, expires_at=past)
    ApiKey.objects.issue(user=other, name="gone", role=Role.WRITER)[0].revoke()

    def names(query):
        page = admin_client.get(f"{url('tunix_site_apikey_changelist')}?{query}")
        return sorted(key.name for key in page.context["cl"].result_list)

    assert names("state=active") == ["ending", "lasting"]
    assert names("state=expired") == ["ended"]
    assert names("state=revoked") == ["gone"]
    assert names("role=writer&state=active") == ["ending"]
    assert names("user=other") == ["gone"]
    assert names("q=last") == ["lasting"]


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
