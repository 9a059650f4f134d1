"""Keys that a process knows: for how long, and what makes it forget them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone
from rest_framework.test import APIClient

from tunix_site.access import key_cache
from tunix_site.access.key_cache import KEPT_SECONDS, KeyCache, known_keys
from tunix_site.models import ApiKey, Role, digest_of
from tunix_site.tests.clock import Clock
from tunix_site.tests.live import url_of_database, wait_until, web_server
from tunix_site.tests.people import give_role
from tunix_site.tests.samples import trace

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(key_cache, "time", clock)
    return clock


@pytest.fixture
def user():
    user = User.objects.create_user("someone")
    give_role(user, Role.TRAINER)
    return user


def issue(user, **fields) -> tuple[ApiKey, str]:
    return ApiKey.objects.issue(user=user, **{"name": "test", "role": Role.TRAINER, **fields})


def get(text: str):
    return APIClient().get("/api", headers={"Authorization": f"Token {text}"})


def post(text: str):
    client = APIClient(headers={"Authorization": f"Token {text}"})
    return client.post("/api/traces", trace(), format="json")


def test_a_key_is_read_once_in_five_seconds(user, clock, django_assert_num_queries):
    _, text = issue(user)
    for seconds, queries in ((0, 1), (0, 0), (4.9, 0), (0.2, 1), (4.9, 0)):
        clock.now += seconds
        with django_assert_num_queries(queries):
            assert get(text).status_code == 200


def test_a_key_is_never_kept_beyond_its_expiry(user, clock, monkeypatch):
    expires_at = timezone.now() + timedelta(seconds=3)
    _, text = issue(user, expires_at=expires_at)
    assert get(text).status_code == 200
    monkeypatch.setattr(timezone, "now", lambda: expires_at)
    assert get(text).status_code == 401


def test_misses_are_not_kept(user, django_assert_num_queries):
    for _ in range(2):
        with django_assert_num_queries(1):
            assert get("tunix_nobody").status_code == 401
    text = "tunix_nobody"
    ApiKey.objects.create(user=user, name="late", role=Role.READER, digest=digest_of(text))
    assert get(text).status_code == 200


def test_no_more_than_so_many_keys_are_kept_and_the_oldest_go_first(
    user, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(key_cache, "MAX_KEYS", 2)
    cache = KeyCache()
    digests = [bytes(issue(user)[0].digest) for _ in range(3)]
    for digest in digests:
        cache.find(digest)
    with django_assert_num_queries(0):
        assert cache.find(digests[2])
        assert cache.find(digests[1])
    with django_assert_num_queries(1):
        assert cache.find(digests[0])


def test_a_use_is_noted_once_a_minute_also_of_a_kept_key(user, django_assert_num_queries):
    key, text = issue(user)
    assert [post(text).status_code for _ in range(3)] == [201] * 3
    key.refresh_from_db()
    with django_assert_num_queries(0):
        assert not known_keys.find(bytes(key.digest)).note_use()


def test_processes_that_read_a_key_at_once_note_one_use(user):
    issue(user)
    one, other = (ApiKey.objects.get() for _ in range(2))
    one.note_use()
    noted = ApiKey.objects.get().last_used_at
    other.note_use()
    assert ApiKey.objects.get().last_used_at == noted


def test_each_request_has_a_user_of_its_own(user):
    key, _ = issue(user)
    first, second = (known_keys.find(bytes(key.digest)) for _ in range(2))
    assert (first, first.user, first.user_roles) == (key, user, ["trainer"])
    first.user.username = first.name = "somebody else"
    first.user.noted_by_a_view = True
    third = known_keys.find(bytes(key.digest))
    for later in (second, third):
        assert (later.user.username, later.name) == ("someone", "test")
        assert not hasattr(later.user, "noted_by_a_view")
        assert later.user.has_usable_password() == user.has_usable_password()


def remove_from_group(user, key):
    user.groups.clear()


def empty_group(user, key):
    Group.objects.get(name=Role.TRAINER).user_set.set([])


def rename_group(user, key):
    Group.objects.filter(name=Role.TRAINER).update(name="renamed")


def disable(user, key):
    user.is_active = False
    user.save()


def disable_by_update(user, key):
    User.objects.update(is_active=False)


def disable_in_sql(user, key):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE auth_user SET is_active = false")


def disable_in_bulk(user, key):
    user.is_active = False
    User.objects.bulk_update([user], ["is_active"])


CHANGES = {
    remove_from_group: 403,
    empty_group: 403,
    rename_group: 403,
    lambda user, key: Group.objects.all().delete(): 403,
    disable: 401,
    disable_by_update: 401,
    disable_in_sql: 401,
    disable_in_bulk: 401,
    lambda user, key: user.delete(): 401,
    lambda user, key: key.revoke(): 401,
    lambda user, key: key.delete(): 401,
    lambda user, key: ApiKey.objects.update(revoked_at=timezone.now()): 401,
    lambda user, key: ApiKey.objects.all().delete(): 401,
    lambda user, key: call_command("revoke_api_key", key.prefix): 401,
    lambda user, key: ApiKey.objects.update(expires_at=timezone.now()): 401,
}


@pytest.mark.parametrize(("change", "code"), CHANGES.items())
def test_a_change_counts_at_once(user, change, code):
    key, text = issue(user)
    assert get(text).status_code == 200
    change(user, key)
    assert get(text).status_code == code


def test_a_role_of_a_key_that_is_lowered_counts_at_once(user):
    key, text = issue(user)
    assert post(text).status_code == 201
    key.role = Role.READER
    key.save()
    assert post(text).status_code == 403


def test_a_login_and_a_use_leave_what_is_known(user, django_assert_num_queries):
    _, text = issue(user)
    other, _ = issue(user)
    get(text)
    user.last_login = timezone.now()
    user.save(update_fields=["last_login"])
    other.note_use()
    with django_assert_num_queries(0):
        assert get(text).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_what_was_read_before_a_change_is_not_kept_after_it(key_of, monkeypatch):
    """A key is read, then revoked by another thread, and only then the reader goes on."""
    text = key_of(Role.READER)
    read, go_on = threading.Event(), threading.Event()
    first = ApiKey.objects.usable().__class__.first

    def slow_first(queryset):
        found = first(queryset)
        read.set()
        assert go_on.wait(30)
        return found

    def find():
        try:
            return known_keys.find(digest_of(text))
        finally:
            connections.close_all()

    monkeypatch.setattr(type(ApiKey.objects.all()), "first", slow_first)
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(find)
        assert read.wait(30)
        ApiKey.objects.get().revoke()
        go_on.set()
        assert found.result() is not None  # it was usable when it was asked for
    monkeypatch.undo()
    assert known_keys.find(digest_of(text)) is None


@pytest.mark.django_db(transaction=True)
def test_a_change_in_a_transaction_counts_when_that_ends(key_of):
    text = key_of(Role.READER)

    def find():
        try:
            return known_keys.find(digest_of(text))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            ApiKey.objects.get().revoke()
            assert pool.submit(find).result() is not None  # as the database has it
        assert pool.submit(find).result() is None


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_another_process_goes_on_for_five_seconds_at_most(key_of, tmp_path):
    """The server's process and ours: the key is revoked here, where the server cannot see it."""
    text = key_of(Role.READER)
    with (
        web_server(database_url=url_of_database(), var_dir=tmp_path) as server,
        server.client(text) as client,
    ):
        assert client.get("/api").status_code == 200
        ApiKey.objects.get().revoke()
        wait_until(lambda: client.get("/api").status_code == 401, seconds=KEPT_SECONDS + 5)
