"""Queues and people that go while somebody works in them: nobody waits in a circle."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import ProtectedError
from rest_framework.exceptions import NotFound

from events.models import Event
from events.tests.acting import acting
from traces.curation.members import Claim
from traces.curation.queues import Queue
from traces.models import Review
from traces.services.queues.leaving import take_leave
from traces.services.queues.queues import change_queue, delete_queue
from traces.tests.concurrency import elsewhere, just_before, somebody_waits
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import filled, judged, person, taken
from tunix_site.tests.live import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

COUNTS = 'UPDATE "traces_queue"'


def test_a_queue_is_deleted_while_a_verdict_is_given_in_it():
    TraceFactory.create_batch(2)
    queue, by = filled(), acting(person("lead"))
    claim = taken(queue, "ada")
    taken(queue, "bob")

    def delete() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        delete_queue(queue=queue, by=by)

    with just_before(COUNTS, lambda: elsewhere(delete)):
        judged(claim)
    assert Review.objects.get().queue == queue
    assert not Queue.objects.existing().exists()
    assert not Claim.objects.exists()


def test_nobody_is_deleted_who_gives_a_verdict_meanwhile():
    TraceFactory()
    queue, by = filled(people=["ada", "bob"]), acting(person("lead"))
    claim, ada = taken(queue, "ada"), person("ada")

    @transaction.atomic
    def leave() -> None:
        take_leave(user=ada, by=by)
        ada.delete()

    with ThreadPoolExecutor(1) as pool:
        leaving = []

        def leave_at_once() -> None:
            leaving.append(pool.submit(elsewhere, leave))
            wait_until(somebody_waits)

        with just_before(COUNTS, leave_at_once):
            judged(claim)
        with pytest.raises(ProtectedError):
            leaving[0].result()
    assert Review.objects.get().reviewer == ada
    assert queue.people.count() == 2


def test_what_somebody_holds_who_leaves_is_free():
    TraceFactory()
    queue = filled()
    taken(queue, "ada")
    with transaction.atomic():
        take_leave(user=User.objects.get(username="ada"), by=acting(person("lead")))
    assert taken(queue, "bob")


def test_a_queue_that_was_deleted_meanwhile_is_changed_no_more():
    queue, by = filled(), acting(person("lead"))

    def delete() -> None:
        delete_queue(queue=queue, by=by)

    with just_before("FOR NO KEY UPDATE", lambda: elsewhere(delete)), pytest.raises(NotFound):
        change_queue(queue=queue, changes={"name": "products"}, by=by)
    assert Queue.objects.get().name == "sums"
    assert Event.objects.filter(object_type="queue").latest("pk").action == "delete"
