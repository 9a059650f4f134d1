"""API keys in the admin: issued, renamed, revoked, deleted, found."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from tunix_site.models import ApiKey, Role
from tunix_site.tests.admin.pages import url
from tunix_site.tests.admin_pages import form_of

pytestmark = pytest.mark.django_db

KEY = re.compile(r"tunix_[A-Za-z0-9_-]{43}")


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
