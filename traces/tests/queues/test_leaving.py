"""What goes with somebody who is deleted is told, and their name stays where they did something."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from events.models import Event
from events.tests.acting import acting
from traces.curation.queues import SavedFilter
from traces.models import Review
from traces.services.filters.saved_filters import save_filter
from traces.tests.concurrency import just_before
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled
from tunix_site.models import ApiKey, Role

pytestmark = pytest.mark.django_db


def test_filters_and_places_in_queues_that_go_with_a_user_are_told(admin_client):
    ann = User.objects.create_user("ann")
    save_filter(
        name="mine", where={"status": "flagged"}, team=False, may_curate=False, by=acting(ann)
    )
    ApiKey.objects.issue(user=ann, name="theirs", role=Role.READER)
    both, alone = filled(name="both", people=["ann", "ben"]), filled(name="alone", people=["ann"])
    twice = filled(name="two verdicts of each", people=["ann", "ben"], overlap=1)
    admin_client.post(reverse("admin:auth_user_delete", args=[ann.pk]), {"post": "yes"})
    assert not User.objects.filter(username="ann").exists()
    assert not SavedFilter.objects.exists()
    told = {
        (event.action, event.object_type): event
        for event in Event.objects.filter(actor_name="admin")
    }
    assert told["delete", "key"].before["name"] == "theirs"
    assert told["delete", "filter"].before == {"name": "mine", "team": False}
    assert told["delete", "user"].before["username"] == "ann"
    for queue, left in ((both, ["ben"]), (alone, []), (twice, [])):
        event = Event.objects.get(action="change", object_type="queue", object_id=queue.pk)
        assert "ann" in event.before["people"]
        assert event.after["people"] == left
    assert Event.objects.filter(actor_name="ann", action="create", object_type="filter").exists()


def test_who_gave_a_verdict_meanwhile_stays_and_that_is_told(admin_client):
    trace, ann = TraceFactory(), User.objects.create_user("ann")
    ApiKey.objects.issue(user=ann, name="theirs", role=Role.READER)

    def judge() -> None:
        Review.objects.create(trace=trace, reviewer=ann, verdict="approved")

    with just_before("DELETE FROM", judge):
        answer = admin_client.post(
            reverse("admin:auth_user_delete", args=[ann.pk]), {"post": "yes"}, follow=True
        )
    assert answer.status_code == 200
    assert "Something else took it meanwhile." in answer.content.decode()
    assert User.objects.filter(username="ann").exists()
    assert ApiKey.objects.filter(user=ann).exists()
