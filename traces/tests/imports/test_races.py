"""Imports that are killed, and imports at the same time: nothing is lost, nothing doubled."""

import io
import json
import os
import random
import subprocess
import sys
from functools import partial

import pytest
from django.conf import settings

from events.tests.acting import acting
from jobs.models import Job
from traces.indexes import Pending
from traces.models import Trace
from traces.services.importing.imports import import_stream
from traces.services.importing.summary import ImportRequest
from traces.sources.records import Source
from traces.tests.concurrency import at_once
from tunix_site.tests.live import url_of_database, wait_until

PAD = " Really." * 100  # a few megabytes, so that some are stored before all are sent

pytestmark = pytest.mark.django_db(transaction=True)


def record(number: int) -> dict:
    return {"question": f"What is {number}?", "answer": f"It is {number}.{PAD}\n#### {number}"}


def lines(numbers) -> bytes:
    return b"".join(json.dumps(record(number)).encode() + b"\n" for number in numbers)


def imported(data: bytes) -> dict:
    return import_stream(source=Source(io.BytesIO(data)), request=ImportRequest(), by=acting())


def prompts() -> list[str]:
    return sorted(Trace.objects.values_list("prompt", flat=True))


def expected(numbers) -> list[str]:
    return sorted(record(number)["question"] for number in numbers)


def test_an_import_that_is_killed_is_finished_by_the_next(tmp_path):
    data = lines(range(6000))
    environment = {
        **os.environ,
        "DATABASE_URL": url_of_database(),
        "SECRET_KEY": settings.SECRET_KEY,
        "TUNIX_VAR": str(tmp_path),
    }
    command = [sys.executable, "manage.py", "import_traces", "-"]
    process = subprocess.Popen(
        command,
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    process.stdin.write(data[: 5 * len(data) // 6])
    process.stdin.flush()
    wait_until(Trace.objects.exists)
    process.kill()
    process.wait()
    process.stdin.close()
    stored = Trace.objects.count()
    assert 0 < stored < 6000
    assert Job.objects.get().state == "running"  # until its lease is over

    answer = imported(data)
    assert (answer["created_count"], answer["existing_count"]) == (6000 - stored, stored)
    assert prompts() == expected(range(6000))
    noted = [
        identity for some in Pending.objects.filter(kind="search") for identity in some.trace_ids
    ]
    assert sorted(noted) == sorted(Trace.objects.values_list("id", flat=True))


def test_eight_importers_of_overlapping_files_store_each_record_once():
    files = []
    for seed in range(8):
        numbers = random.Random(seed).sample(range(900), 600)
        files.append(numbers)
    answers = at_once([partial(imported, lines(numbers)) for numbers in files])
    union = set().union(*files)
    assert prompts() == expected(union)
    assert sum(answer["created_count"] for answer in answers) == len(union)
    assert all(
        answer["created_count"] + answer["existing_count"] == 600 and not answer["error_count"]
        for answer in answers
    )
