"""Settings: one's own keys and shortcuts, and people, whom superusers make and change."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.utils import timezone

from events.models import Event
from events.tests.acting import acting
from pages.tests.hostile import ATTACK
from tunix_site.access.people import set_password
from tunix_site.errors import Conflict
from tunix_site.models import ApiKey, Role
from tunix_site.tests.admin_pages import logged_in
from tunix_site.tests.people import give_role

pytestmark = pytest.mark.django_db

KEYS = "/admin/settings/keys"
PEOPLE = "/admin/settings/people"
SECRET = re.compile(r'<code id="secret">([^<]+)</code>')


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def curator():
    return logged_in(Role.CURATOR)


def secret_of(response):
    (secret,) = SECRET.findall(response.content.decode())
    return secret


def person(name="ann", role=Role.CURATOR, **fields):
    user = User.objects.create_user(name, **fields)
    if role:
        give_role(user, role)
    return user


def changed(client, user, *, shown=None, **fields):
    """Send the form of somebody as it was shown, but for some fields."""
    was = {"username": user.username, "role": "curator", "is_active": "on"} | (shown or {})
    now = {**was, **fields}
    form = {name: value for name, value in now.items() if value is not None}
    form |= {f"shown_{name}": value for name, value in was.items() if value is not None}
    return client.post(f"{PEOPLE}/{user.pk}", form)


def record(user, rights):
    """Give the form of a record of somebody with these rights."""
    return {"username": user.username, "first_name": "", "last_name": "", "email": "", **rights}


def test_a_key_is_made_shown_once_and_works(curator):
    page = curator.post(KEYS, {"name": "nightly", "role": "writer", "last_day": ""})
    text = secret_of(page)
    key = ApiKey.objects.get()
    assert (key.user.username, key.name, key.role, key.expires_at) == (
        *("the curator", "nightly", "writer", None),
    )
    program = Client(headers={"Authorization": f"Bearer {text}"})
    assert program.get("/api/traces").status_code == 200
    assert text not in curator.get("/admin/settings").content.decode()
    assert "nightly" in curator.get("/admin/settings").content.decode()
    assert page["Cache-Control"] == "no-store"
    assert Event.objects.filter(object_type="key", action="issue").get().actor_name == "the curator"


def test_a_key_ends_with_its_last_day(curator):
    day = (timezone.now() + timedelta(3)).date()
    curator.post(KEYS, {"name": "a visit", "role": "reader", "last_day": day.isoformat()})
    ends = ApiKey.objects.get().expires_at
    assert (ends.date(), ends.hour, ends.minute) == (day, 23, 59)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"name": "", "role": "reader"}, "may not be blank"),
        ({"name": "a\0b", "role": "reader"}, "Null characters"),
        ({"name": "n" * 101, "role": "reader"}, "no more than 100"),
        ({"name": "typed", "role": "king"}, "is not a valid choice"),
        ({"name": "typed", "role": "trainer"}, "A key may do no more than you may."),
        ({"name": "typed", "role": "reader", "last_day": "2020-01-01"}, "ended already"),
        ({"name": "typed", "role": "reader", "last_day": "tomorrow"}, "wrong format"),
        ({"name": "typed", "role": "reader", "last_day": "9" * 5000}, "wrong format"),
    ],
)
def test_a_key_that_may_not_be_is_refused_and_what_was_typed_stays(curator, form, told):
    page = curator.post(KEYS, form)
    assert page.status_code == 400
    assert told in page.content.decode()
    assert not ApiKey.objects.exists()
    if form["name"] == "typed":
        assert 'value="typed"' in page.content.decode()


def test_the_roles_of_keys_go_up_to_ones_own():
    page = logged_in(Role.WRITER).get("/admin/settings").content.decode()
    select = page[page.index('id="key-role"') :]
    assert re.findall(r"<option>(\w+)", select[: select.index("</select>")]) == ["reader", "writer"]


def test_ones_own_key_is_revoked_and_nobody_elses(curator):
    mine, _ = ApiKey.objects.issue(user=User.objects.get(), name="mine", role=Role.READER)
    theirs, _ = ApiKey.objects.issue(user=person(), name="theirs", role=Role.READER)
    assert curator.post(f"{KEYS}/{mine.pk}/revoke").url == "/admin/settings#keys"
    assert curator.post(f"{KEYS}/{theirs.pk}/revoke").status_code == 404
    assert [key.state for key in ApiKey.objects.order_by("pk")] == ["revoked", "active"]
    again = curator.post(f"{KEYS}/{mine.pk}/revoke", follow=True)
    assert "was revoked before" in again.content.decode()
    assert Event.objects.filter(action="revoke").count() == 1


def test_there_is_an_end_to_keys(curator, monkeypatch):
    monkeypatch.setattr("tunix_site.access.keys.MAX_OWN", 1)
    form = {"name": "one", "role": "reader"}
    assert curator.post(KEYS, form).status_code == 200
    assert "revoke one first" in curator.post(KEYS, form).content.decode()


def test_the_keys_of_a_review_are_listed(curator):
    page = curator.get("/admin/settings").content.decode()
    assert page.count("data-change=") == 20
    assert f'data-user="{User.objects.get().pk}"' in page


@pytest.mark.parametrize("path", [PEOPLE, f"{PEOPLE}/new", f"{PEOPLE}/1", f"{PEOPLE}/1/password"])
def test_people_are_superusers_alone(curator, path):
    assert curator.get(path).status_code == 403
    assert curator.post(path).status_code == 403
    assert "People" not in curator.get("/admin/settings").content.decode()


@pytest.mark.parametrize(
    ("role", "is_staff", "is_superuser"),
    [
        ("reader", False, False),
        ("writer", False, False),
        ("curator", True, False),
        ("trainer", True, False),
        ("superuser", True, True),
    ],
)
def test_somebody_is_made_with_all_that_the_role_needs(admin_client, role, is_staff, is_superuser):
    form = {"username": "ann", "role": role, "is_active": "on", "password": ""}
    password = secret_of(admin_client.post(f"{PEOPLE}/new", form))
    ann = User.objects.get(username="ann")
    assert (ann.is_staff, ann.is_superuser, ann.is_active) == (is_staff, is_superuser, True)
    assert [group.name for group in ann.groups.all()] == ([] if is_superuser else [role])
    client = Client()
    sent = {"username": "ann", "password": password, "next": "/admin/"}
    assert client.post("/admin/login/", sent).url == "/admin/"
    assert password not in str(list(Event.objects.values()))
    event = Event.objects.get(object_type="user", action="create")
    assert (event.actor_name, event.after["username"]) == ("admin", "ann")


def test_a_password_that_is_given_is_not_shown(admin_client):
    form = {"username": "ann", "role": "reader", "is_active": "on", "password": "a long one 42"}
    answer = admin_client.post(f"{PEOPLE}/new", form, follow=True)
    assert answer.redirect_chain[0][0] == PEOPLE
    assert "a long one 42" not in answer.content.decode()
    assert User.objects.get(username="ann").check_password("a long one 42")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"username": ""}, "cannot be blank"),
        ({"username": "a b"}, "Enter a valid username"),
        ({"username": "a\0b"}, "Enter a valid username"),
        ({"username": "n" * 151}, "at most 150"),
        ({"username": "admin"}, "already exists"),
        ({"role": "king"}, "There is no such role."),
        ({"password": "short"}, "too short"),
        ({"password": "1234567890"}, "too common"),
    ],
)
def test_who_cannot_be_made_is_told_why_by_the_field(admin_client, fields, told):
    form = {"username": "ann", "role": "curator", "is_active": "on", "password": "", **fields}
    page = admin_client.post(f"{PEOPLE}/new", form)
    assert page.status_code == 400
    assert told in page.content.decode()
    assert User.objects.count() == 1
    assert f'value="{form["username"]}"' in page.content.decode() or "\0" in form["username"]


def test_a_role_is_changed_with_what_it_needs(admin_client):
    ann = person()
    ann.groups.add(Group.objects.create(name="readers' club"))
    assert changed(admin_client, ann, role="reader").url == PEOPLE
    ann.refresh_from_db()
    assert not ann.is_staff
    assert {group.name for group in ann.groups.all()} == {"reader", "readers' club"}
    event = Event.objects.get(action="change")
    assert event.before["groups"] == ["curator", "readers' club"]
    assert event.after["groups"] == ["reader", "readers' club"]


def test_a_curator_without_staff_gets_it(admin_client):
    ann = person(is_staff=False)
    changed(admin_client, ann)
    ann.refresh_from_db()
    assert ann.is_staff


def test_who_is_switched_off_loses_session_and_keys(admin_client):
    ann = person()
    _, text = ApiKey.objects.issue(user=ann, name="theirs", role=Role.READER)
    client = Client()
    client.force_login(ann)
    changed(admin_client, ann, is_active=None)
    assert client.get("/admin/").status_code == 302
    program = Client(headers={"Authorization": f"Bearer {text}"})
    assert program.get("/api/traces").status_code == 401


def test_what_was_lost_does_not_come_back(admin_client):
    ann = person()
    _, text = ApiKey.objects.issue(user=ann, name="theirs", role=Role.READER)
    client = Client()
    client.force_login(ann)
    changed(admin_client, ann, is_active=None)
    off = {"username": "ann", "role": "curator", "is_active": None}
    assert changed(admin_client, ann, shown=off, is_active="on").url == PEOPLE
    ann.refresh_from_db()
    assert ann.is_active
    assert client.get("/admin/").status_code == 302
    program = Client(headers={"Authorization": f"Bearer {text}"})
    assert program.get("/api/traces").status_code == 401
    assert Event.objects.get(object_type="key", action="revoke").actor_name == "admin"
    assert admin_client.get(PEOPLE).status_code == 200  # nobody else's session ended


def test_who_goes_while_they_are_changed_is_not_found(admin_client, monkeypatch):
    ann = person()
    found = User.objects.get(pk=ann.pk)
    monkeypatch.setattr("pages.settings.people_views._user", lambda pk: found)
    ann.delete()
    assert changed(admin_client, found).status_code == 404
    assert admin_client.post(f"{PEOPLE}/{found.pk}/password", {}).status_code == 404


def test_a_name_that_was_taken_at_the_same_moment_is_refused(admin_client, monkeypatch):
    ann = person()
    person("ben")
    monkeypatch.setattr(User, "full_clean", lambda self, **options: None)  # it looked before
    form = {"username": "ben", "role": "reader", "is_active": "on", "password": ""}
    for page in (
        admin_client.post(f"{PEOPLE}/new", form),
        changed(admin_client, ann, username="ben"),
    ):
        assert page.status_code == 400
        assert "already exists" in page.content.decode()


def test_ones_own_password_takes_the_old_one(admin_client, admin_user):
    before = User.objects.get(pk=admin_user.pk).password
    for path in (f"{PEOPLE}/{admin_user.pk}", f"/admin/auth/user/{admin_user.pk}"):
        answer = admin_client.post(
            f"{path}/password", {"password": "", "password1": "a long one 42"}
        )
        assert answer.url in ("/admin/password_change/", f"{path}/password/")
    records = f"/admin/auth/user/{admin_user.pk}/password/"
    assert admin_client.get(records).url == "/admin/password_change/"
    assert User.objects.get(pk=admin_user.pk).password == before
    page = admin_client.get(f"{PEOPLE}/{admin_user.pk}").content.decode()
    assert f"{PEOPLE}/{admin_user.pk}/password" not in page
    assert "/admin/password_change/" in page
    with pytest.raises(Conflict):
        set_password(user=admin_user, password="", by=acting(admin_user))


def test_who_has_no_role_is_not_said_to_enter(admin_client):
    form = {"username": "ann", "role": "", "is_active": "on", "password": "a long one 42"}
    page = admin_client.post(f"{PEOPLE}/new", form, follow=True).content.decode()
    assert "ann is made, and may not enter yet." in page
    assert "can sign in now" not in page


def test_keys_that_work_are_listed_before_those_that_do_no_more(curator, monkeypatch):
    monkeypatch.setattr("pages.settings.own_keys.SHOWN", 2)
    user = User.objects.get()
    ApiKey.objects.issue(user=user, name="the first", role=Role.READER)
    for name in ("the second", "the third"):
        ApiKey.objects.issue(user=user, name=name, role=Role.READER)[0].revoke()
    page = curator.get("/admin/settings")
    assert [key.name for key in page.context["keys"]] == ["the first", "the third"]


@pytest.mark.parametrize("rights", [{"is_superuser": "on"}, {"is_active": "on"}])
def test_the_records_take_nobodys_own_rights_either(admin_client, admin_user, rights):
    User.objects.create_superuser("deputy")
    page = admin_client.post(
        f"/admin/auth/user/{admin_user.pk}/change/", record(admin_user, rights)
    )
    assert page.status_code == 200
    assert "You cannot take your own rights away" in page.content.decode()
    admin_user.refresh_from_db()
    assert admin_user.is_superuser
    assert admin_user.is_active


def test_the_records_delete_neither_oneself_nor_the_last_superuser(admin_client, admin_user):
    deputy = User.objects.create_superuser("deputy")
    assert admin_client.get(f"/admin/auth/user/{deputy.pk}/delete/").status_code == 200
    for method in (admin_client.get, admin_client.post):
        answer = method(f"/admin/auth/user/{admin_user.pk}/delete/", {"post": "yes"})
        assert answer.status_code == 403
    ticked = {"action": "delete_selected", "_selected_action": [admin_user.pk], "post": "yes"}
    admin_client.post("/admin/auth/user/", ticked)
    assert User.objects.filter(pk=admin_user.pk).exists()


def test_who_is_switched_off_in_the_records_loses_keys_and_sessions(admin_client):
    ann = person()
    key, _ = ApiKey.objects.issue(user=ann, name="theirs", role=Role.READER)
    client = Client()
    client.force_login(ann)
    answer = admin_client.post(f"/admin/auth/user/{ann.pk}/change/", record(ann, {}))
    assert answer.status_code == 302
    User.objects.filter(pk=ann.pk).update(is_active=True)
    assert client.get("/admin/").status_code == 302
    key.refresh_from_db()
    assert key.state == "revoked"


def test_another_superusers_change_is_not_overwritten(admin_client):
    ann = person()
    deputy = Client()
    deputy.force_login(User.objects.create_superuser("deputy"))
    changed(deputy, ann, role="trainer")
    page = changed(admin_client, ann, username="anne")
    assert page.status_code == 409
    told = " ".join(re.sub(r"<[^>]+>", "", page.content.decode()).split())
    assert "Somebody else changed this person meanwhile." in told
    assert "Now: ann, trainer, may sign in." in told
    assert 'value="anne"' in page.content.decode()
    assert User.objects.filter(username="ann").exists()
    shown = {"username": "ann", "role": "trainer", "is_active": "on"}
    assert changed(admin_client, ann, shown=shown, username="anne").url == PEOPLE


@pytest.mark.parametrize("fields", [{"role": "curator"}, {"is_active": None}, {"role": ""}])
def test_nobody_takes_their_own_rights(admin_client, admin_user, fields):
    User.objects.create_superuser("deputy")
    shown = {"username": "admin", "role": "superuser", "is_active": "on"}
    page = changed(admin_client, admin_user, shown=shown, **fields)
    assert page.status_code == 409
    assert "You cannot take your own rights away" in page.content.decode()
    admin_user.refresh_from_db()
    assert admin_user.is_superuser
    assert admin_user.is_active


def test_another_superuser_can_be_made_less(admin_client):
    deputy = User.objects.create_superuser("deputy")
    shown = {"username": "deputy", "role": "superuser", "is_active": "on"}
    assert changed(admin_client, deputy, shown=shown, role="curator").url == PEOPLE
    deputy.refresh_from_db()
    assert not deputy.is_superuser


def test_another_password_ends_their_sessions(admin_client):
    ann = person(password="something long")
    client = Client()
    client.force_login(ann)
    password = secret_of(admin_client.post(f"{PEOPLE}/{ann.pk}/password", {"password": ""}))
    ann.refresh_from_db()
    assert ann.check_password(password)
    assert client.get("/admin/").status_code == 302
    assert Event.objects.filter(action="set_password", object_id=ann.pk).exists()
    refused = admin_client.post(f"{PEOPLE}/{ann.pk}/password", {"password": "short"})
    assert (refused.status_code, "too short" in refused.content.decode()) == (400, True)


def test_people_are_found_and_paged_by_name(admin_client, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr("pages.settings.people.ROWS", 2)
    for name in ("ben", "cleo", "dan"):
        person(name)

    def names(query):
        page = admin_client.get(f"{PEOPLE}?{query}")
        return [row.person.username for row in page.context["people"].rows]

    assert names("") == ["admin", "ben"]
    assert names("after=ben") == ["cleo", "dan"]
    assert names("q=a") == ["admin", "dan"]
    for query in ("q=%00", "after=%00", "q=" + "9" * 5000, "after=" + "x" * 5000):
        assert admin_client.get(f"{PEOPLE}?{query}").status_code == 200
    with django_assert_num_queries(4):
        admin_client.get(PEOPLE)


@pytest.mark.parametrize("pk", ["0", "9" * 9])
def test_nobody_is_no_person(admin_client, pk):
    for path in (f"{PEOPLE}/{pk}", f"{PEOPLE}/{pk}/password"):
        assert admin_client.post(path, {}).status_code == 404
    assert admin_client.get(f"{PEOPLE}/{pk}").status_code == 404


def test_nothing_in_it_is_markup(curator, admin_client):
    ApiKey.objects.issue(
        user=User.objects.get(username="the curator"), name=ATTACK[:100], role=Role.READER
    )
    page = curator.get("/admin/settings").content.decode()
    assert "<script>alert" not in page
    page = admin_client.post(f"{PEOPLE}/new", {"username": ATTACK, "role": ATTACK})
    assert "<script>alert" not in page.content.decode()
