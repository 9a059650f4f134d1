"""Passwords: few are hashed at once, wrong ones are slowed by name and address."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connections
from django.test import Client

from tunix_site.access import passwords
from tunix_site.access.passwords import HashingSlots
from tunix_site.errors import Unavailable
from tunix_site.models import PasswordTries, Role
from tunix_site.tests.live import url_of_database, web_server
from tunix_site.tests.people import give_role

RIGHT = "something long"
LOGINS = ["/api-auth/login/", "/admin/login/"]
PAGE = {"Accept": "text/html"}

each_login = pytest.mark.parametrize("url", LOGINS)


@pytest.fixture
def user(db, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # a quick one
    user = User.objects.create_user("someone", password=RIGHT, is_staff=True)
    give_role(user, Role.CURATOR)
    return user


def log_in(url: str, *, name: str = "someone", password: str = "wrong", **sent):
    fields = {"username": name, "password": password}
    return Client().post(url, fields, headers=sent.pop("headers", PAGE), **sent)


def guess(url: str, times: int, **sent) -> list[int]:
    return [log_in(url, **sent).status_code for _ in range(times)]


def later(**passed: float) -> None:
    """Have time pass for what was counted."""
    for tries in PasswordTries.objects.all():
        tries.updated_at -= timedelta(**passed)
        tries.save()


@each_login
def test_five_wrong_passwords_are_told_so_and_then_one_waits(user, url):
    assert guess(url, 5) == [200] * 5
    refused = log_in(url)
    assert refused.status_code == 429
    assert refused["Content-Type"].startswith("text/html")
    [seconds] = re.findall(r"Try again in (\d+) seconds", refused.content.decode())
    assert refused["Retry-After"] == seconds
    assert 1 <= int(seconds) <= 60


@each_login
def test_a_program_reads_json(user, url):
    guess(url, 5)
    refused = log_in(url, headers={})
    assert refused.status_code == 429
    assert "Try again in" in refused.json()["detail"]


@each_login
def test_who_waits_gets_in(user, url):
    guess(url, 5)
    assert log_in(url, password=RIGHT).status_code == 429  # else guessing would go on
    later(seconds=61)
    assert log_in(url, password=RIGHT).status_code == 302


def test_to_be_refused_does_not_make_the_wait_longer(user):
    guess(LOGINS[0], 50)
    later(seconds=61)
    assert guess(LOGINS[0], 2) == [200, 429]


def test_all_logins_count_together(user):
    guess(LOGINS[0], 3)
    assert guess(LOGINS[1], 3) == [200, 200, 429]


def test_another_name_and_another_address_are_free(user):
    other = User.objects.create_user("other", password=RIGHT)
    give_role(other, Role.READER)
    guess(LOGINS[0], 6)
    assert log_in(LOGINS[0], name="other", password=RIGHT).status_code == 302
    assert log_in(LOGINS[0], password=RIGHT, REMOTE_ADDR="203.0.113.9").status_code == 302


def test_names_that_nobody_has_are_slowed_alike(user):
    assert guess(LOGINS[0], 6, name="nobody") == [200] * 5 + [429]


def test_a_right_password_starts_the_count_anew(user):
    guess(LOGINS[0], 4)
    assert log_in(LOGINS[0], password=RIGHT).status_code == 302
    assert not PasswordTries.objects.exists()
    assert guess(LOGINS[0], 6) == [200] * 5 + [429]


def test_the_address_is_the_one_that_a_trusted_proxy_names(user, settings):
    from ipaddress import ip_network

    settings.TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    guess(LOGINS[0], 6, headers={"X-Forwarded-For": "198.51.100.1"})
    assert log_in(LOGINS[0], headers={"X-Forwarded-For": "198.51.100.1"}).status_code == 429
    assert log_in(LOGINS[0], headers={"X-Forwarded-For": "198.51.100.2"}).status_code == 200


def test_the_password_that_is_asked_for_before_a_change_counts(user):
    client = Client(headers=PAGE)
    client.force_login(user)

    def change(old: str) -> int:
        new = "an even longer one"
        fields = {"old_password": old, "new_password1": new, "new_password2": new}
        return client.post("/admin/password_change/", fields).status_code

    assert client.get("/admin/password_change/").status_code == 200
    assert [change("wrong") for _ in range(6)] == [200] * 5 + [429]
    assert change(RIGHT) == 429
    later(minutes=10)
    assert change(RIGHT) == 302
    user.refresh_from_db()
    assert user.check_password("an even longer one")


def test_neither_names_nor_addresses_are_stored(user):
    guess(LOGINS[0], 1, name="my-password-by-mistake")
    [stored] = PasswordTries.objects.values_list()
    assert "my-password-by-mistake" not in str(stored)
    assert "127.0.0.1" not in str(stored)


def test_what_is_empty_again_is_deleted(user):
    for number in range(5):
        guess(LOGINS[0], 1, name=f"nobody {number}")
    later(minutes=6)
    guess(LOGINS[0], 1)
    assert PasswordTries.objects.count() == 1


def test_a_wrong_login_is_logged_with_address_and_user_without_the_name(user, logged):
    guess(LOGINS[0], 1)
    guess(LOGINS[0], 1, name="my-password-by-mistake")
    known, unknown = [line for line in logged() if line["levelname"] == "WARNING"]
    for line, user_id in ((known, user.pk), (unknown, None)):
        assert line["message"] == "a wrong password"
        assert (line["address"], line["user_id"]) == ("127.0.0.1", user_id)
        assert "my-password" not in str(line)


def test_commands_and_tests_check_passwords_as_ever(user):
    assert authenticate(username="someone", password=RIGHT) == user
    assert authenticate(username="someone", password="wrong") is None
    assert not PasswordTries.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_many_guesses_at_once_five_are_checked():
    PasswordTries.objects.all().delete()
    bucket = PasswordTries.bucket("someone", "127.0.0.1")

    def take(_: int) -> float:
        try:
            return PasswordTries.objects.take(bucket)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(take, range(24)))
    assert waits.count(0) == 5


# Hashing


def test_hashes_are_djangos_own():
    hashed = make_password(RIGHT)
    assert identify_hasher(hashed).algorithm == "pbkdf2_sha256"
    assert type(identify_hasher(hashed)) is passwords.BoundedHasher
    assert check_password(RIGHT, hashed)
    assert not check_password("wrong", hashed)


def test_so_many_hash_so_many_wait_and_the_others_are_refused():
    slots = HashingSlots(at_once=2, held=4)
    hashing, most, inside = threading.Semaphore(0), [0], threading.Event()
    go_on, lock, now = threading.Event(), threading.Lock(), [0]

    def work() -> bool:
        try:
            with slots.one():
                with lock:
                    now[0] += 1
                    most[0] = max(most[0], now[0])
                hashing.release()
                assert go_on.wait(30)
                with lock:
                    now[0] -= 1
        except Unavailable:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        held = [pool.submit(work) for _ in range(4)]
        for _ in range(2):
            assert hashing.acquire(timeout=30)
        while slots._held._value:  # the other two are on their way to wait
            inside.wait(0.01)
        with pytest.raises(Unavailable), slots.one():
            pass
        go_on.set()
        assert [one.result() for one in held] == [True] * 4
    assert most == [2]
    with slots.one(), slots.one():  # a thread needs one alone
        pass


def test_who_has_waited_long_enough_is_refused(monkeypatch):
    monkeypatch.setattr(passwords, "WAIT_SECONDS", 0.01)
    slots = HashingSlots(at_once=1, held=2)
    with slots.one(), ThreadPoolExecutor(1) as pool, pytest.raises(Unavailable):
        pool.submit(lambda: slots.one().__enter__()).result()
    with slots.one():
        pass


@each_login
def test_where_too_many_log_in_a_person_is_told_to_come_back(user, url, monkeypatch):
    monkeypatch.setattr(passwords, "slots", HashingSlots(at_once=1, held=1))
    passwords.slots._held.acquire()
    busy = log_in(url, password=RIGHT)
    assert (busy.status_code, busy["Retry-After"]) == (503, "5")
    assert "logging in" in busy.content.decode()
    assert not PasswordTries.objects.exists()  # nothing was checked, nothing counts
    passwords.slots._held.release()
    assert log_in(url, password=RIGHT).status_code == 302


@pytest.mark.live
@pytest.mark.django_db(transaction=True)
def test_while_many_guess_the_site_answers(key_of, tmp_path):
    """Sixteen guessers, more than there are threads: requests with a key are answered meanwhile."""
    key = key_of(Role.READER)
    stop = threading.Event()
    with web_server(database_url=url_of_database(), var_dir=tmp_path) as server:

        def guess(number: int) -> set[int]:
            codes = set()
            with server.client() as client:
                while not stop.is_set():
                    page = client.get(LOGINS[0]).text
                    fields = {
                        "username": f"nobody {number}",
                        "password": "wrong",
                        "csrfmiddlewaretoken": re.search(r'token" value="(\w+)', page)[1],
                    }
                    codes.add(client.post(LOGINS[0], data=fields).status_code)
            return codes

        with ThreadPoolExecutor(16) as pool, server.client(key) as client:
            guessers = [pool.submit(guess, number) for number in range(16)]
            codes = [client.get("/api/traces").status_code for _ in range(20)]
            stop.set()
            seen = set().union(*(guesser.result() for guesser in guessers))
    assert codes == [200] * 20
    assert 503 in seen
    assert seen <= {200, 429, 503}


def test_a_password_of_the_command_line_is_hashed_as_well(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", RIGHT)
    call_command("createsuperuser", username="root", email="a@b.example", interactive=False)
    assert User.objects.get().check_password(RIGHT)
