"""Preferences in the admin."""

import pytest
from django.contrib.auth.models import Group, User

from traces.models import Preference
from traces.tests.factories import TraceFactory

pytestmark = pytest.mark.django_db

ADD = "/admin/traces/preference/add/"
LIST = "/admin/traces/preference/"


@pytest.fixture
def staff(client):
    user = User.objects.create_user("carla", is_staff=True)
    user.groups.add(Group.objects.get(name="curator"))
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


def test_what_is_no_pair_is_told_and_the_ids_stay(staff):
    chosen, rejected = TraceFactory(prompt="2+2?"), TraceFactory(prompt="3+3?")
    response = staff.post(ADD, ids(chosen, rejected), follow=True)
    body = response.content.decode()
    assert "It is an attempt at another prompt than the chosen one." in body
    assert f'value="{chosen.id}"' in body
    assert not Preference.objects.exists()
    assert (
        "Enter a valid UUID"
        in staff.post(ADD, ids(chosen, rejected, chosen_id="x")).content.decode()
    )
