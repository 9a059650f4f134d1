"""API keys: how they are stored, checked and noted."""

import hashlib
import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.test import APIClient

from tunix_site.access import buckets
from tunix_site.access.authentication import MAKE
from tunix_site.models import ApiKey, Role
from tunix_site.tests.clock import Clock
from tunix_site.tests.people import give_role
from tunix_site.tests.samples import trace

pytestmark = pytest.mark.django_db

UNKNOWN = {"detail": f"The key is unknown, expired or revoked. {MAKE}"}
EXPECTED = {
    "detail": "An API key is expected in a header, as `Authorization: Bearer KEY` (or "
    f"`Token KEY`), and nowhere else. {MAKE}"
}


@pytest.fixture
def user():
    user = User.objects.create_user("someone")
    give_role(user, Role.TRAINER)
    return user


def issue(user, **fields) -> tuple[ApiKey, str]:
    return ApiKey.objects.issue(user=user, **{"name": "test", "role": Role.TRAINER, **fields})


def get(authorization: str | bytes, path: str = "/api/traces"):
    return APIClient().get(path, headers={"Authorization": authorization})


def test_a_key_is_stored_as_its_sha256_and_a_readable_prefix(user):
    key, text = issue(user)
    key.refresh_from_db()
    assert text.startswith("tunix_")
    assert len(text) >= len("tunix_") + 43  # 256 bits
    assert bytes(key.digest) == hashlib.sha256(text.encode()).digest()
    assert (key.prefix, str(key)) == (text[:12], f"test ({text[:12]}...)")
    kept = [str(value) for value in ApiKey.objects.values().get().values()]
    assert not any(text in value for value in kept)


def test_no_two_keys_are_alike(user):
    assert issue(user)[1] != issue(user)[1]


def test_a_request_with_a_key_is_its_users(user):
    _, text = issue(user)
    for scheme in ("Bearer", "Token", "bearer", "TOKEN", "bEaReR"):  # schemes know no case
        assert get(f"{scheme} {text}").status_code == 200
        assert get(f" {scheme}   {text} ").status_code == 200


def test_a_key_never_expires_unless_it_says_so(user):
    key, _ = issue(user)
    assert (key.expires_at, key.state) == (None, "active")


def test_an_expired_key_is_refused(user):
    tomorrow, yesterday = (timezone.now() + timedelta(days=n) for n in (1, -1))
    assert get(f"Token {issue(user, expires_at=tomorrow)[1]}").status_code == 200
    key, text = issue(user, expires_at=yesterday)
    assert key.state == "expired"
    assert (get(f"Token {text}").status_code, get(f"Token {text}").json()) == (401, UNKNOWN)


def test_a_revoked_key_is_refused(user):
    key, text = issue(user)
    key.revoke()
    assert key.state == "revoked"
    assert (get(f"Token {text}").status_code, get(f"Token {text}").json()) == (401, UNKNOWN)


def test_the_keys_of_an_inactive_user_are_refused(user):
    _, text = issue(user)
    User.objects.update(is_active=False)
    assert (get(f"Token {text}").status_code, get(f"Token {text}").json()) == (401, UNKNOWN)


@pytest.mark.parametrize("role", [Role.READER, Role.WRITER, Role.TRAINER])
def test_a_key_may_no_more_than_its_role(user, role):
    client = APIClient(headers={"Authorization": f"Token {issue(user, role=role)[1]}"})
    code = client.post("/api/traces", trace(), format="json").status_code
    assert code == (403 if role == Role.READER else 201)


def test_a_key_may_no_more_than_its_user():
    reader = User.objects.create_user("a reader")
    give_role(reader, Role.READER)
    client = APIClient(headers={"Authorization": f"Token {issue(reader)[1]}"})
    assert client.get("/api/traces").status_code == 200
    refused = client.post("/api/traces", trace(), format="json")
    assert (refused.status_code, refused.json()) == (403, {"detail": "This needs the role writer."})


def test_a_key_of_a_user_without_a_role_may_nothing():
    _, text = issue(User.objects.create_user("nobody"))
    assert get(f"Token {text}").status_code == 403


def test_a_superusers_key_is_held_under_its_own_role():
    root = User.objects.create_superuser("root")
    client = APIClient(headers={"Authorization": f"Token {issue(root, role=Role.READER)[1]}"})
    assert client.get("/api/traces").status_code == 200
    assert client.post("/api/traces", trace(), format="json").status_code == 403


def test_checking_a_key_costs_one_query_and_reads_write_nothing(user, django_assert_num_queries):
    key, text = issue(user)
    with django_assert_num_queries(1) as queries:
        assert get(f"Token {text}", "/api").status_code == 200
    assert queries[0]["sql"].startswith("SELECT")
    key.refresh_from_db()
    assert key.last_used_at is None


def test_a_write_notes_the_last_use_at_most_once_a_minute(user):
    key, text = issue(user)
    client = APIClient(headers={"Authorization": f"Token {text}"})

    def noted_after_a_write():
        client.post("/api/traces", {}, format="json")
        key.refresh_from_db()
        return key.last_used_at

    first = noted_after_a_write()
    assert timezone.now() - first < timedelta(minutes=1)
    assert noted_after_a_write() == first
    earlier = first - timedelta(seconds=61)
    ApiKey.objects.update(last_used_at=earlier)
    assert noted_after_a_write() > first


@pytest.mark.parametrize(
    ("authorization", "answer"),
    [
        ("Token tunix_nobody_has_this_key", UNKNOWN),
        ("Token \0", UNKNOWN),
        ("Token " + "k" * 8000, UNKNOWN),
        ("Bearer tunix_nobody_has_this_key", UNKNOWN),
        ("Token", EXPECTED),
        ("Bearer", EXPECTED),
        ("Token one two", EXPECTED),
        ("Bearer one two", EXPECTED),
        ("Token k\u00e9y", EXPECTED),
        (b"Token \xff\xfe", EXPECTED),
        ("Token {key} more", EXPECTED),
        ("Bearer {key}, Token {key}", EXPECTED),
        ("Basic c29tZW9uZTo=", EXPECTED),
        ("Digest {key}", EXPECTED),
        ("{key}", EXPECTED),
        ("Token{key}", EXPECTED),
        ("Bearer:{key}", EXPECTED),
        ("", EXPECTED),
        ("\u00e9 {key}", EXPECTED),
        (b"\xff", EXPECTED),
    ],
)
def test_any_other_authorization_is_401(user, authorization, answer):
    _, text = issue(user)
    if isinstance(authorization, str):
        authorization = authorization.replace("{key}", text)
    response = get(authorization)
    assert (response.status_code, response.json()) == (401, answer)
    assert response["WWW-Authenticate"] == 'Bearer realm="Tunix RT"'


@pytest.mark.parametrize("name", ["key", "api_key", "token", "access_token"])
def test_a_key_in_the_query_is_none(user, name):
    _, text = issue(user)
    response = APIClient().get(f"/api/traces?{name}={text}")
    assert (response.status_code, response.json()) == (401, EXPECTED)
    assert response["WWW-Authenticate"] == 'Bearer realm="Tunix RT"'
    response = get(f"Bearer {text}", f"/api/traces?{name}={text}")
    assert response.status_code == 400
    assert text not in response.content.decode()


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(buckets, "time", clock)
    return clock


def wrong(**sent) -> int:
    return APIClient().get("/api", headers={"Authorization": "Token tunix_nobody"}, **sent)


def test_who_sends_many_wrong_keys_is_told_to_wait(user, clock):
    assert [wrong().status_code for _ in range(30)] == [401] * 30
    refused = wrong()
    assert refused.status_code == 429
    assert re.fullmatch(
        r"Too many wrong keys came from your address. Try again in 1 seconds.",
        refused.json()["detail"],
    )
    assert refused["Retry-After"] == "1"
    clock.now += 1
    assert [wrong().status_code for _ in range(2)] == [401, 429]


def test_a_right_key_is_never_slowed(user, clock):
    for _ in range(50):
        wrong()
    assert get(f"Token {issue(user)[1]}").status_code == 200
    client = APIClient(headers={"Authorization": f"Token {issue(user)[1]}"})
    assert client.post("/api/traces", trace(), format="json").status_code == 201


def test_wrong_keys_are_counted_by_address(user, clock):
    for _ in range(31):
        wrong()
    assert wrong(REMOTE_ADDR="203.0.113.9").status_code == 401
    for number in range(31):
        wrong(REMOTE_ADDR=f"2001:db8::{number:x}")
    assert wrong(REMOTE_ADDR="2001:db8::ffff").status_code == 429
    assert wrong(REMOTE_ADDR="2001:db8:0:1::1").status_code == 401


def test_headers_that_hold_no_key_are_not_counted(user):
    for _ in range(50):
        assert get("Token one two").status_code == 401
    assert wrong().status_code == 401


def test_an_address_that_is_told_to_wait_is_logged_now_and_then(user, clock, logged):
    for _ in range(100):
        wrong()
    lines = [line for line in logged() if line["levelname"] == "WARNING"]
    assert len(lines) == 20
    assert {(line["message"], line["address"]) for line in lines} == {
        ("wrong keys: an address is told to wait", "127.0.0.1")
    }
    assert "tunix_nobody" not in str(lines)
