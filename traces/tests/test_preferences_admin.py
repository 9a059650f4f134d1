"""Preferences in the admin."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User

from events.tests.acting import acting
from traces.models import Preference
from traces.services.preferences import delete_preference
from traces.tests.concurrency import elsewhere, just_before
from traces.tests.factories import TraceFactory
from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in
from tunix_site.tests.people import give_role

pytestmark = pytest.mark.django_db

ADD = "/admin/traces/preference/add/"
LIST = "/admin/traces/preference/"


@pytest.fixture
def staff(client):
    user = User.objects.create_user("carla", is_staff=True)
    give_role(user, Role.CURATOR)
    client.force_login(user)
    return client


def ids(chosen, rejected, **fields) -> dict:
    return {"chosen_id": str(chosen.id), "rejected_id": str(rejected.id), "note": "", **fields}


def test_a_preference_is_given_shown_and_deleted(staff):
    chosen, rejected = TraceFactory.create_batch(2, prompt="2+2?")
    assert staff.get(ADD).status_code == 200
    response = staff.post(ADD, ids(chosen, rejected, note=" so "))
    assert (response.status_code, response["Location"]) == (302, LIST)
    preference = Preference.objects.get()
    assert (preference.chosen, preference.rejected, preference.note) == (chosen, rejected, " so ")
    assert preference.reviewer.username == "carla"
    for page in (LIST, f"{LIST}?trace={rejected.id}", f"{LIST}{preference.pk}/change/"):
        body = staff.get(page).content.decode()
        assert str(chosen.id) in body
        assert "carla" in body
    assert str(chosen.id) not in staff.get(f"{LIST}?reviewer=nobody").content.decode()
    staff.post(f"{LIST}{preference.pk}/delete/", {"post": "yes"})
    assert not Preference.objects.exists()


def test_what_is_no_pair_is_told_and_what_was_typed_stays(staff):
    chosen, rejected = TraceFactory(prompt="2+2?"), TraceFactory(prompt="3+3?")
    response = staff.post(ADD, ids(chosen, rejected, note="much clearer"), follow=True)
    body = response.content.decode()
    assert "It is an attempt at another prompt than the chosen one." in body
    assert f'value="{chosen.id}"' in body
    assert "much clearer" in body
    assert not Preference.objects.exists()
    assert (
        "Enter a valid UUID"
        in staff.post(ADD, ids(chosen, rejected, chosen_id="x")).content.decode()
    )


@pytest.mark.parametrize("order", [1, -1])
def test_what_was_said_before_is_told_and_what_was_typed_stays(staff, order):
    attempts = TraceFactory.create_batch(2, prompt="2+2?")
    staff.post(ADD, ids(*attempts, note="clear"))
    stored = Preference.objects.get()
    response = staff.post(ADD, ids(*attempts[::order], note="much clearer"), follow=True)
    body = response.content.decode()
    assert f"delete preference {stored.pk} first" in body
    assert "much clearer" in body
    assert LogEntry.objects.count() == 1
    assert Preference.objects.get().note == "clear"


@pytest.mark.django_db(transaction=True)
def test_one_that_somebody_deletes_meanwhile_holds_nothing_up():
    staff = logged_in(Role.CURATOR)
    for _ in range(2):
        staff.post(ADD, ids(*TraceFactory.create_batch(2, prompt="2+2?")))
    gone, left = Preference.objects.order_by("-pk")

    def delete_it():
        delete_preference(preference=gone, by=acting())

    ticked = {"action": "delete_selected", "_selected_action": [gone.pk, left.pk], "post": "yes"}
    with just_before("DELETE FROM", lambda: elsewhere(delete_it)):
        response = staff.post(LIST, {**ticked, "index": "0"}, follow=True)
    not_found = f"Preference {gone.pk} not found."
    assert [str(told) for told in response.context["messages"]][-2:] == [
        f"{gone}: {not_found}",
        "Deleted 1.",
    ]
    assert not Preference.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_one_that_was_deleted_in_another_tab_is_told():
    staff = logged_in(Role.CURATOR)
    staff.post(ADD, ids(*TraceFactory.create_batch(2, prompt="2+2?")))
    gone = Preference.objects.get()

    def delete_it():
        delete_preference(preference=gone, by=acting())

    with just_before("DELETE FROM", lambda: elsewhere(delete_it)):
        response = staff.post(f"{LIST}{gone.pk}/delete/", {"post": "yes"}, follow=True)
    assert response.status_code == 200
    assert f"Preference {gone.pk} not found." in response.content.decode()
