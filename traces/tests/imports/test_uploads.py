"""Files that wait to be imported: whose they are, for how long, how many, and their job."""

import json
import os
import stat
import time
from unittest.mock import Mock
from uuid import uuid4

import pytest
from rest_framework.exceptions import NotFound

from events.models import Event
from events.tests.acting import acting
from jobs.errors import JobInterrupted
from jobs.models import Job, State
from jobs.services.queue import cancel_job
from jobs.tests.working import work_off
from traces.models import Trace
from traces.services.importing import queued, uploads
from traces.services.importing.queued import start_import
from traces.services.importing.summary import ImportRequest
from traces.services.importing.uploads import Draft, forget, opened, sweep
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


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def age(path, seconds: float) -> None:
    os.utime(path, (time.time() - seconds,) * 2)


def test_a_file_is_imported_by_its_job_once_and_is_gone_then(ada, folder):
    upload = kept(ada)
    [path] = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    asked = {"upload": upload, "name": "a\0.jsonl", "request": ImportRequest(source="mine")}
    job = start_import(**asked, by=acting(ada))
    assert start_import(**asked, by=acting(ada)).pk == job.pk
    work_off("bulk")
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
        work_off("bulk")
        assert Trace.objects.get(prompt=f"p{number}").status == status


def test_a_file_that_is_refused_or_cancelled_stays_for_another_try(ada, folder):
    upload = kept(ada, b'{"question": 1}\n')
    begun = {"upload": upload, "name": "", "by": acting(ada)}
    refused = start_import(request=ImportRequest(format="gsm8k"), **begun)
    work_off("bulk")
    refused.refresh_from_db()
    assert (refused.state, refused.error) == ("failed", "Nothing was stored: every record is bad.")
    assert refused.result["error_count"] == refused.errors.count() == 1
    cancelled = start_import(request=ImportRequest(), **begun)
    cancel_job(job=cancelled, by=acting(ada), rank=2)
    work_off("bulk")
    assert names(folder) == [f"{ada.pk}.{upload}"]


def test_a_job_whose_file_is_gone_says_so(ada):
    upload = kept(ada)
    job = start_import(upload=upload, name="", request=ImportRequest(), by=acting(ada))
    forget(upload=upload, owner=ada.pk)
    work_off("bulk")
    job.refresh_from_db()
    assert job.state == "failed"
    assert "not here any more" in job.error
    assert "must share" in job.error
    forget(upload=upload, owner=ada.pk)  # again: nothing


def test_a_file_stays_for_the_worker_that_goes_on(ada, folder, monkeypatch):
    upload = kept(ada)
    start_import(upload=upload, name="", request=ImportRequest(), by=acting(ada))
    monkeypatch.setattr(queued, "import_traces", Mock(side_effect=JobInterrupted))
    work_off("bulk")
    assert names(folder) == [f"{ada.pk}.{upload}"]


def test_what_nobody_comes_back_to_goes_but_what_a_job_waits_for(ada, folder):
    left, awaited, fresh = kept(ada), kept(ada), kept(ada)
    start_import(upload=awaited, name="", request=ImportRequest(), by=acting(ada))
    dead, alive = Draft(owner=ada.pk), Draft(owner=ada.pk)
    for upload in (left, awaited):
        age(folder / f"{ada.pk}.{upload}", uploads.KEPT_SECONDS + 1)
    age(folder / f"{ada.pk}.{dead.id}.draft", uploads.DRAFT_SECONDS + 1)
    sweep()
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


def test_what_is_too_large_is_refused_and_leaves_nothing(ada, folder, settings):
    settings.MAX_UPLOADS_BYTES = 10
    draft = Draft(owner=ada.pk)
    draft.write(b"123456")
    with pytest.raises(TooLarge, match="10 bytes"):
        draft.write(b"12345")
    draft.discard()
    assert names(folder) == []


def test_others_files_take_the_room(ada, folder, settings):
    settings.MAX_UPLOADS_BYTES = 10
    kept(ada, b"1234567")
    draft = Draft(owner=ada.pk)
    with pytest.raises(Unavailable, match="no room"):
        draft.write(b"1234")
    draft.discard()


def test_a_disk_that_is_nearly_full_is_left_alone(ada, monkeypatch):
    monkeypatch.setattr(uploads, "MIN_FREE_BYTES", 2**62)
    draft = Draft(owner=ada.pk)
    with pytest.raises(Unavailable, match="no room"):
        draft.write(b"1")
    draft.discard()


def test_a_folder_that_cannot_be_written_to_is_told(ada, settings, tmp_path):
    (tmp_path / "file").touch()
    settings.UPLOADS_DIR = tmp_path / "file" / "uploads"
    with pytest.raises(Unavailable, match="cannot be kept here: Not a directory"):
        Draft(owner=ada.pk)
    assert not Job.objects.exists()
