"""Many people at one queue, each in a browser of their own."""

import pytest
from django.db.models import Count

from pages.tests.browser.test_queue import begin, shown
from traces.models import Review
from traces.tests.factories import TraceFactory
from traces.tests.queues.working import assert_counted, filled
from tunix_site.tests.live import wait_until

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

MOVED = "(before) => document.querySelector('#page .bar').dataset.trace !== before"


def test_ten_people_never_see_one_trace_and_judge_five_hundred_once_each(tab, person):
    traces = TraceFactory.create_batch(500)
    queue = filled()
    people = [person(f"person-{number}") for number in range(10)]
    pages = [tab(user) for user in people]
    seen_by = {}
    for page in pages:
        begin(page, queue)
    working = dict(enumerate(pages))
    while working:
        showing = {number: shown(page) for number, page in working.items()}
        for number, trace in showing.items():
            if trace:
                assert seen_by.setdefault(trace, number) == number
        working = {number: page for number, page in working.items() if showing[number]}
        for page in working.values():
            page.keyboard.press("a")
        for number, page in working.items():
            page.wait_for_function(MOVED, arg=showing[number])
    wait_until(lambda: pages[0].evaluate("1") == 1 and Review.objects.count() == 500)
    assert set(seen_by) == {str(trace.pk) for trace in traces}
    judged = Review.objects.values("trace").annotate(times=Count("pk"))
    assert {row["times"] for row in judged} == {1}
    assert {str(review.trace_id): review.reviewer_id for review in Review.objects.all()} == {
        trace: people[number].pk for trace, number in seen_by.items()
    }
    assert_counted(queue)
    assert queue.left_count == 0
    assert [page.errors for page in pages] == [[]] * 10
