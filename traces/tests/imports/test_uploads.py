"""Files that wait to be imported: whose they are, for how long, how many, and their job."""

import gzip
import json
import os
import stat
import time
from contextlib import suppress
from datetime import timedelta
from unittest.mock import Mock
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.utils import timezone
from rest_framework.exceptions import NotFound

from events.models import Event
from events.tests.acting import acting
from jobs.errors import JobInterrupted
from jobs.kinds import queues
from jobs.models import Job, State
from jobs.services import lease
from jobs.services.queue import cancel_job
from jobs.services.reaping import reap_jobs
from jobs.tests.working import work_off
from jobs.workers.worker import keep_house
from traces.models import Trace
from traces.services.importing import queued, uploads
from traces.services.importing.queued import ImportedOtherwise, start_import
from traces.services.importing.summary import ImportRequest
from traces.services.importing.uploads import Draft, forget, opened, sweep
from tunix_site.access.accounts import take_leave
from tunix_site.errors import TooLarge, Unavailable
from tunix_site.tests.people import give_role

pytestmark = pytest.mark.django_db

LINES = b"".join(
    json.dumps({"question": f"What is {n}?", "answer": f"It is {n}.\n#### {n}"}).encode() + b"\n"
    for n in range(5)
)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.UPLOADS_DIR = tmp_path / "uploads"
    return settings.UPLOADS_DIR


@pytest.fixture
def ada(django_user_model):
    user = django_user_model.objects.create_user(username="ada")
    give_role(user, "writer")
    return user


@pytest.fixture
def bea(django_user_model):
    user = django_user_model.objects.create_user(username="bea")
    give_role(user, "curator")
    return user


def kept(owner, data: bytes = LINES):
    draft = Draft(owner=owner.pk)
    draft.write(data)
    return draft.keep()


@pytest.fixture
def working(django_capture_on_commit_callbacks):
    """Import what waits, and do what follows when the end of it is committed."""

    def work() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            work_off("imports")

    return work


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def age(path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_file_is_imported_by_its_job_once_and_is_gone_then(ada, folder, working):
    upload = kept(ada)
    [path] = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    asked = {"upload": upload, "name": "a\0.jsonl", "request": ImportRequest(source="mine")}
    job = start_import(**asked, by=acting(ada))
    assert start_import(**asked, by=acting(ada)).pk == job.pk
    working()
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == (State.SUCCEEDED, 5, 5)
    assert job.result["created_count"] == 5
    assert job.parameters["file"] == "a\ufffd.jsonl"
    assert set(Trace.objects.values_list("source", "created_by")) == {("mine", ada.pk)}
    told = Event.objects.filter(action="import").get()
    assert (told.actor, told.through, told.job_id, told.count) == (ada, "worker", job.pk, 5)
    assert names(folder) == []
    with pytest.raises(NotFound, match="not here any more"):
        start_import(**asked, by=acting(ada))


def test_a_file_is_its_owners(ada):
    upload = kept(ada)
    with pytest.raises(NotFound), opened(upload=upload, owner=ada.pk + 1):
        pass
    with pytest.raises(NotFound), opened(upload=uuid4(), owner=ada.pk):
        pass
    with opened(upload=upload, owner=ada.pk) as file:
        assert file.read() == LINES


def test_verdicts_count_where_who_began_it_may_curate(ada, bea):
    record = {
        "trace_version": "1",
        "prompt": "p",
        "final_answer": "a",
        "steps": [{"i": 0, "type": "output", "content": "a"}],
        "meta": {},
        "status": "approved",
        "scores": [],
    }
    for number, (owner, status) in enumerate([(ada, "unreviewed"), (bea, "approved")]):
        line = json.dumps({**record, "id": str(uuid4()), "prompt": f"p{number}"}).encode()
        request = ImportRequest(format="record")
        start_import(upload=kept(owner, line), name="", request=request, by=acting(owner))
        work_off("imports")
        assert Trace.objects.get(prompt=f"p{number}").status == status


def test_a_file_that_is_refused_or_cancelled_stays_for_another_try(ada, folder):
    upload = kept(ada, b'{"question": 1}\n')
    begun = {"upload": upload, "name": "", "by": acting(ada)}
    refused = start_import(request=ImportRequest(format="gsm8k"), **begun)
    work_off("imports")
    refused.refresh_from_db()
    assert (refused.state, refused.error) == ("failed", "Nothing was stored: every record is bad.")
    assert refused.result["error_count"] == refused.errors.count() == 1
    cancelled = start_import(request=ImportRequest(), **begun)
    cancel_job(job=cancelled, by=acting(ada), rank=2)
    work_off("imports")
    assert names(folder) == [f"{ada.pk}.{upload}"]


def test_a_job_whose_file_is_gone_says_so(ada):
    upload = kept(ada)
    job = start_import(upload=upload, name="", request=ImportRequest(), by=acting(ada))
    forget(upload=upload, owner=ada.pk)
    work_off("imports")
    job.refresh_from_db()
    assert job.state == "failed"
    assert "not here any more" in job.error
    assert "must share" in job.error
    forget(upload=upload, owner=ada.pk)  # again: nothing


def test_a_file_stays_for_the_worker_that_goes_on(ada, folder, monkeypatch):
    upload = kept(ada)
    start_import(upload=upload, name="", request=ImportRequest(), by=acting(ada))
    monkeypatch.setattr(queued, "import_traces", Mock(side_effect=JobInterrupted))
    work_off("imports")
    assert names(folder) == [f"{ada.pk}.{upload}"]


def test_a_worker_that_is_killed_before_the_end_is_noted_has_a_successor(
    ada, folder, working, monkeypatch
):
    upload = kept(ada)
    job = start_import(upload=upload, name="", request=ImportRequest(), by=acting(ada))
    with monkeypatch.context() as killed, suppress(OperationalError):
        killed.setattr(lease, "_succeed", Mock(side_effect=OperationalError))
        working()
    assert Trace.objects.count() == 5
    assert names(folder) == [f"{ada.pk}.{upload}"]
    Job.objects.update(heartbeat_at=timezone.now() - timedelta(hours=1))
    assert reap_jobs() == 1
    working()
    job.refresh_from_db()
    assert (job.state, job.attempt, job.error) == (State.SUCCEEDED, 2, "")
    assert (job.result["line_count"], job.result["existing_count"]) == (5, 5)
    assert names(folder) == []


def test_changes_of_curators_do_not_wait_for_a_file(ada):
    job = start_import(upload=kept(ada), name="", request=ImportRequest(), by=acting(ada))
    for queue in set(queues()) - {"imports"}:
        work_off(queue)
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_while_a_file_waits_other_settings_are_refused_by_name(ada):
    asked = {"upload": kept(ada), "name": "", "by": acting(ada)}
    job = start_import(request=ImportRequest(source="mine"), **asked)
    other = ImportRequest(source="mine", on_error="abort", map="prompt:q,reply:a")
    with pytest.raises(
        ImportedOtherwise, match=r"with map \(none\), on_error skip: cancel"
    ) as told:
        start_import(request=other, **asked)
    assert told.value.job == job
    cancel_job(job=job, by=acting(ada), rank=2)
    assert start_import(request=other, **asked).parameters["on_error"] == "abort"


def test_a_compressed_table_is_written_to_disk_up_to_the_bound(ada, settings, working):
    settings.MAX_SPOOL_BYTES = 1000
    table = gzip.compress(b"PAR1" + b"\0" * 2000)
    job = start_import(upload=kept(ada, table), name="", request=ImportRequest(), by=acting(ada))
    working()
    job.refresh_from_db()
    assert (job.state, "1,000 bytes" in job.error) == (State.FAILED, True)


def test_what_nobody_comes_back_to_goes_but_what_a_job_waits_for(ada, folder):
    left, awaited, fresh = kept(ada), kept(ada), kept(ada)
    start_import(upload=awaited, name="", request=ImportRequest(), by=acting(ada))
    dead, alive = Draft(owner=ada.pk), Draft(owner=ada.pk)
    for upload in (left, awaited):
        age(folder / f"{ada.pk}.{upload}", uploads.KEPT_SECONDS + 1)
    age(folder / f"{ada.pk}.{dead.id}.draft", uploads.DRAFT_SECONDS + 1)
    keep_house()  # as workers do, whoever opens a page
    expected = [awaited, fresh, f"{alive.id}.draft"]
    assert names(folder) == sorted(f"{ada.pk}.{one}" for one in expected)
    alive.discard()
    dead.discard()
    assert len(names(folder)) == 2


def test_a_person_keeps_a_few_the_newest(ada, bea, folder):
    other = kept(bea)
    first = kept(ada)
    start_import(upload=first, name="", request=ImportRequest(), by=acting(ada))
    mine = [kept(ada) for _ in range(uploads.KEPT_OF_ONE + 1)]
    left = {name.partition(".")[2] for name in names(folder)}
    assert left == {str(one) for one in (other, first, *mine[1:])}


def test_the_files_of_who_is_deleted_go_with_them(
    ada, bea, folder, django_capture_on_commit_callbacks
):
    kept(ada)
    coming, other = Draft(owner=ada.pk), kept(bea)
    with django_capture_on_commit_callbacks(execute=True):
        take_leave(user=ada, by=acting(bea))
    assert names(folder) == [f"{bea.pk}.{other}"]
    with pytest.raises(Unavailable):
        coming.keep()


def test_one_persons_files_leave_room_for_those_of_others(ada, bea, folder, settings):
    settings.MAX_UPLOADS_BYTES = 40
    kept(ada, b"123456")
    second = kept(ada, b"1234")
    third = kept(ada, b"123")  # for which the oldest goes
    other = kept(bea, b"1234567890")
    assert names(folder) == sorted([f"{ada.pk}.{second}", f"{ada.pk}.{third}", f"{bea.pk}.{other}"])
    for upload in (second, third):
        start_import(upload=upload, name="", request=ImportRequest(), by=acting(ada))
    draft = Draft(owner=ada.pk)
    with pytest.raises(Unavailable, match="10 bytes are yours"):
        draft.write(b"1234")
    draft.write(b"123")
    draft.discard()
    assert len(names(folder)) == 3


def test_a_file_that_cannot_be_deleted_hinders_no_other(ada, folder):
    uploaded = [kept(ada), kept(ada)]
    for one in uploaded:
        age(folder / f"{ada.pk}.{one}", uploads.KEPT_SECONDS + 1)
    (folder / f"{ada.pk}.{uploaded[0]}").unlink()
    (folder / f"{ada.pk}.{uploaded[0]}").mkdir()
    age(folder / f"{ada.pk}.{uploaded[0]}", uploads.KEPT_SECONDS + 1)
    sweep()
    assert names(folder) == [f"{ada.pk}.{uploaded[0]}"]


def test_what_is_too_large_is_refused_and_leaves_nothing(ada, folder, settings):
    settings.MAX_UPLOADS_BYTES = 40
    draft = Draft(owner=ada.pk)
    draft.write(b"123456")
    with pytest.raises(TooLarge, match="10 bytes"):
        draft.write(b"12345")
    draft.discard()
    assert names(folder) == []


def test_others_files_take_the_room(ada, settings):
    settings.MAX_UPLOADS_BYTES = 40
    for owner in range(ada.pk + 1, ada.pk + 5):
        draft = Draft(owner=owner)
        draft.write(b"123456789")
        draft.keep()
    draft = Draft(owner=ada.pk)
    draft.write(b"1234")
    with pytest.raises(Unavailable, match="others wait"):
        draft.write(b"5")
    draft.discard()


def test_a_disk_that_is_nearly_full_is_left_alone(ada, monkeypatch):
    monkeypatch.setattr(uploads, "MIN_FREE_BYTES", 2**62)
    draft = Draft(owner=ada.pk)
    with pytest.raises(Unavailable, match="nearly full"):
        draft.write(b"1")
    draft.discard()


def test_a_folder_that_cannot_be_written_to_is_told(ada, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.UPLOADS_DIR = tmp_path / "file" / "uploads"
    with pytest.raises(Unavailable, match="cannot be kept here: Not a directory"):
        Draft(owner=ada.pk)
    assert not Job.objects.exists()
