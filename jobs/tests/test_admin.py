"""Jobs in the admin: looked at and cancelled."""

import pytest
from django.contrib.admin.sites import site
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from datasets.tests.factories import CuratorFactory
from jobs.models import Job
from jobs.tests.factories import FailedJobFactory, JobErrorFactory, JobFactory, SucceededJobFactory
from tunix_site.models import Role
from tunix_site.tests.admin_pages import logged_in

pytestmark = pytest.mark.django_db

LIST = "/admin/jobs/job/"


@pytest.fixture
def staff():
    return logged_in(Role.CURATOR)


def page(client, url=LIST, **query) -> str:
    response = client.get(url, query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_list_says_what_became_of_each(staff, django_assert_max_num_queries):
    SucceededJobFactory(created_by=CuratorFactory(username="ada"), done=1234567)
    FailedJobFactory()
    with django_assert_max_num_queries(7):
        html = page(staff)
    for text in ("succeeded", "1,234,567 of 3", "ada", "No trace matches: nothing was built."):
        assert text in html


def test_the_list_is_filtered_as_in_the_api(staff):
    succeeded, failed = SucceededJobFactory(), FailedJobFactory()
    html = page(staff, state="failed")
    assert f"/{failed.pk}/change/" in html
    assert f"/{succeeded.pk}/change/" not in html


def test_a_job_shows_its_parameters_result_and_first_errors(staff):
    job = SucceededJobFactory(parameters={"dataset_name": "<b>sums</b>"})
    JobErrorFactory(job=job, line=12, message="<i>Not a string.</i>")
    html = page(staff, f"{LIST}{job.pk}/change/")
    for text in ("&lt;b&gt;sums&lt;/b&gt;", "sums-1", "&lt;i&gt;Not a string.&lt;/i&gt;", "12"):
        assert text in html


def test_curators_cancel_any_job(staff):
    queued, failed = JobFactory(), FailedJobFactory()
    data = {"action": "cancel", "_selected_action": [str(queued.pk), str(failed.pk)]}
    html = staff.post(LIST, data, follow=True).content.decode()
    assert "Cancelled 1." in html
    assert f"build {failed.pk}: The job has ended already: failed." in html
    assert {job.state for job in Job.objects.all()} == {"cancelled", "failed"}


def test_jobs_are_neither_made_nor_changed_nor_deleted_by_hand(admin_client):
    job = JobFactory()
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.get(f"{LIST}{job.pk}/delete/").status_code == 403
    assert admin_client.post(f"{LIST}{job.pk}/change/", {"kind": "other"}).status_code == 403


def test_the_menu_leads_to_the_jobs_and_not_to_the_queues_own_rows(staff):
    assert reverse("jobs") in page(staff, "/admin/")
    assert not site.is_registered(DBTaskResult)
