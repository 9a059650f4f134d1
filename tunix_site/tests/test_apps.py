"""What an app says of itself is all that the site needs to know of it."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core import checks

from datasets.apps import DatasetsConfig
from traces.apps import TracesConfig
from tunix_site import apps

# An app of its own, that nothing of the site knows of.
NOTES = {
    "__init__.py": "",
    "apps.py": """
from tunix_site import apps

class NotesConfig(apps.SiteApp):
    name = "notes"
    place = 15
    links = [apps.Link("Notes", "note-list", "note")]
    records = {"Sessions": ("tunix_site_apikey", "note")}
    urls = "notes.routes"
    root_links = {"notes": "note-list"}
    tags = {"notes": "What was noted."}
    words = "notes.routes.describe"
    collectors = ["notes.routes.NotesCollector"]
    workers = {"filing": ["file_notes"]}
    beside_server = ["keep_notes"]

    def ready(self):
        from notes import tasks
""",
    "tasks.py": """
from jobs.kinds import job_kind

@job_kind("note", queue="notes", role="writer")
def note(job, progress, by):
    return {}
""",
    "routes.py": """
from django.urls import path
from drf_spectacular.utils import extend_schema
from prometheus_client.core import GaugeMetricFamily
from rest_framework import serializers
from rest_framework.response import Response
from tunix_site.api.openapi.hooks import describing
from tunix_site.api.views import ApiView

class NoteSerializer(serializers.Serializer):
    noted = serializers.CharField()

class NotesView(ApiView):
    roles = {"get": "reader"}

    @extend_schema(operation_id="list_notes", responses=NoteSerializer)
    def get(self, request):
        "List the notes."
        return Response({"noted": ""})

class NotesCollector:
    def collect(self):
        yield GaugeMetricFamily("tunix_notes", "Notes.", 7)

urlpatterns = [path("notes", NotesView.as_view(), name="note-list")]
describe = describing({"noted": "What it says."})
""",
}
USERS = ("auth_user", "person")
ASK = """
import json
import django
django.setup()
from django.contrib import admin
from django.contrib.auth.models import User
from django.core import checks
from django.test import RequestFactory
from drf_spectacular.generators import SchemaGenerator
from rest_framework.test import APIRequestFactory, force_authenticate
from jobs.workers.processes import worker_commands
from tunix_site import apps
from tunix_site.admin_base.menu import navigation
from tunix_site.api.openapi.documents import RootView
from tunix_site.serving.metrics import ASKED_AT_ONCE

request = APIRequestFactory().get("/api/", SERVER_NAME="localhost")
force_authenticate(request, User(is_superuser=True))
asked = RequestFactory().get("/admin/")
asked.user = User(is_superuser=True, is_staff=True)
document = SchemaGenerator().get_schema(public=True)
print(json.dumps({
    "found": [found.msg for found in checks.run_checks()],
    "sidebar": {
        group["title"]: [line["title"] for line in group["items"]] for group in navigation(asked)
    },
    "links": list(RootView.as_view()(request).data),
    "tags": [tag["name"] for tag in document["tags"]],
    "said": document["components"]["schemas"]["Note"]["properties"]["noted"]["description"],
    "workers": list(worker_commands()),
    "beside": [command for app in apps.site_apps() for command in app.beside_server],
    "collectors": [type(collector).__name__ for collector in ASKED_AT_ONCE._collector_to_names],
}))
"""


@pytest.fixture
def told(tmp_path) -> dict:
    """Give what the site shows where the settings name one app more."""
    (tmp_path / "notes").mkdir()
    for name, code in NOTES.items():
        (tmp_path / "notes" / name).write_text(code)
    (tmp_path / "more_settings.py").write_text(
        "from tunix_site.settings import *\nINSTALLED_APPS.append('notes')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "more_settings",
            "PYTHONPATH": os.pathsep.join([str(tmp_path), str(settings.BASE_DIR)]),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_new_app_is_named_in_the_settings_alone(told):
    assert told["found"] == []
    assert told["sidebar"][""][-1] == "Notes"
    assert "Sessions" in told["sidebar"]["Records"]
    assert told["links"][:8] == [
        *("version", "traces", "reviews", "preferences", "queues", "filters", "columns", "notes"),
    ]
    assert told["tags"] == [
        *("traces", "scores", "preferences", "reviews", "queues", "claims"),
        *("filters", "columns", "rewards"),
        *("notes", "datasets", "evalsets", "jobs"),
        *("events", "operations"),
    ]
    assert told["said"] == "What it says."
    assert told["workers"] == [
        *(
            "imports",
            "bulk",
            "scoring",
            "queues",
            "builds",
            "programs",
            "notes",
            "search",
            "similar",
            "filing",
        ),
    ]
    assert told["beside"] == ["keep_notes", "work"]
    assert told["collectors"] == ["PendingCollector", "NotesCollector", "JobsCollector"]


def faults() -> list[str]:
    return [found.msg for found in checks.run_checks() if found.id == "tunix_site.E001"]


def test_what_the_apps_say_is_there():
    assert faults() == []


@pytest.mark.parametrize(
    ("app", "name", "value", "fault"),
    [
        (
            *(DatasetsConfig, "records", {**DatasetsConfig.records, "Dataset items": USERS}),
            "The admin's page datasets_datasetitem is among no app's records.",
        ),
        (
            *(DatasetsConfig, "links", [apps.Link("Sets", "no-datasets", "dataset")]),
            "datasets: Sets leads to no-datasets, which is no route.",
        ),
        (
            *(DatasetsConfig, "links", [apps.Link("Sets", "datasets", "dataset", role="king")]),
            "datasets: Sets is for the role king, which there is not.",
        ),
        (
            *(DatasetsConfig, "links", [apps.Link("Sets", "datasets", "s", instead_of="a_b")]),
            "datasets: it names a_b, which the admin has no page for.",
        ),
        (
            *(DatasetsConfig, "root_links", {"datasets": "dataset-lists"}),
            "datasets: the link datasets leads to dataset-lists, which is no route.",
        ),
        (
            *(TracesConfig, "words", ""),
            "traces: it has routes, and lacks root_links, tags or words for them.",
        ),
    ],
)
def test_what_an_app_leaves_out_or_says_wrong_is_found(monkeypatch, app, name, value, fault):
    monkeypatch.setattr(app, name, value)
    assert faults() == [fault]


def test_a_page_that_is_not_there_is_found(monkeypatch):
    records = {**apps.TunixSiteConfig.records, "Notes": ("tunix_site_note", "note")}
    monkeypatch.setattr(apps.TunixSiteConfig, "records", records)
    assert faults() == ["tunix_site: it names tunix_site_note, which the admin has no page for."]
