"""The architecture's rules that no linter knows. docs/guardrails.md says why each is there."""

import ast
import json
import re
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.urls import get_resolver
from drf_spectacular.generators import EndpointEnumerator
from rest_framework.permissions import AllowAny
from rest_framework.serializers import BaseSerializer, ListSerializer
from ruff import find_ruff_bin

from tests.pages import ROOT
from tests.routes import DOCUMENT, ROUTES
from tests.test_layering import LAYERS, imports, modules
from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.api import fields
from tunix_site.api.fields import StrictMixin, StrictSerializer, TextField
from tunix_site.api.pagination import PageQuery
from tunix_site.api.parsers import StreamParser, StrictJSONParser
from tunix_site.api.views import ApiViewMixin
from tunix_site.models import Role
from tunix_site.serving import server
from tunix_site.serving.operations import HealthView
from tunix_site.serving.server_process import free_port
from tunix_site.tests.live import wait_until

# Every route asks for a role, takes typed input and caps what it reads


def routes() -> list[tuple[str, str, Any]]:
    """Give (method, path, callback) of every route of the API."""
    endpoints = EndpointEnumerator().get_api_endpoints()
    return [(method, path, callback) for path, _, method, callback in endpoints]


def action_of(method: str, callback: Any) -> str:
    actions = getattr(callback, "actions", None)
    name: str = actions[method.lower()] if actions else method.lower()
    return name


every_route = pytest.mark.parametrize(
    ("method", "path", "callback"),
    routes(),
    ids=[f"{method} {path}" for method, path, _ in routes()],
)


@every_route
def test_every_route_names_a_role(method, path, callback):
    view = callback.cls
    assert issubclass(view, ApiViewMixin)
    if view is HealthView:
        assert view.permission_classes == [AllowAny]
    else:
        assert view.roles[action_of(method, callback)] in Role.values


@every_route
def test_nothing_but_health_answers_without_a_key(method, path, callback, client, db):
    address = re.sub(r"\{\w+\}", "01a20fe6-b733-7378-b397-7d05669c2e15", path)
    response = client.generic(method, address, "{}", content_type="application/json")
    if callback.cls is HealthView:
        assert response.status_code == 200
    else:
        assert response.status_code == 401


@every_route
def test_every_body_is_read_by_a_parser_that_counts(method, path, callback):
    parsers = callback.initkwargs.get("parser_classes") or callback.cls.parser_classes
    assert all(issubclass(parser, StrictJSONParser | StreamParser) for parser in parsers)


def unpaged(method: str, path: str) -> bool:
    """Tell whether an operation answers with rows and without pages."""
    answers = DOCUMENT["paths"][path][method]["responses"]
    shown = json.dumps([answer for code, answer in answers.items() if code < "300"])
    return '"type": "array"' in shown


def test_every_list_is_paged():
    paged = [
        (action_of(method, callback), callback.cls)
        for method, _, callback in routes()
        if getattr(callback.cls, "queries", {}).get(action_of(method, callback))
        and issubclass(callback.cls.queries[action_of(method, callback)], PageQuery)
    ]
    assert len(paged) >= 4
    bounded = {"/api/traces/{id}/scores", "/api/traces/formats"}  # criteria and readers are few
    assert {path for method, path in ROUTES if unpaged(method, path)} == bounded


def test_the_urls_are_those_of_the_api_and_of_django():
    """What is mounted beside the API guards itself: redirects, the login and the admin."""
    mounted = {str(pattern.pattern) for pattern in get_resolver().url_patterns}
    assert mounted - {"api/", "api-auth/", "admin/", ""} == {
        "^api/?$",
        "^api/health/?$",
        "^metrics/?$",
        "^api/schema/?$",
        "^api/docs/?$",
    }


def loose_fields(serializer: BaseSerializer, place: str = "") -> list[str]:
    """Name the fields of a serializer that would coerce, trim or drop what comes in."""
    found = []
    for name, field in getattr(serializer, "fields", {}).items():
        inner = field.child if isinstance(field, ListSerializer | fields.ListField) else field
        for part in {field, inner} - ({field} if isinstance(field, ListSerializer) else set()):
            if isinstance(part, BaseSerializer):
                found += loose_fields(part, f"{place}{name}.")
            elif not isinstance(part, StrictMixin):
                found.append(f"{place}{name}")
    return found


def strict_serializers(base: type = StrictSerializer) -> Iterator[type]:
    for kind in base.__subclasses__():
        if kind.__module__.split(".")[0] in LAYERS:
            yield kind
            yield from strict_serializers(kind)


def test_what_comes_in_is_typed_strictly():
    get_resolver().url_patterns  # imports all views  # noqa: B018
    found = {kind: loose_fields(kind()) for kind in strict_serializers()}
    assert len(found) > 8
    assert not any(found.values()), found


def test_a_loose_field_is_found():
    from rest_framework import serializers

    class Loose(StrictSerializer):
        good = TextField()
        bad = serializers.CharField()
        tags = fields.ListField(child=serializers.CharField())

    assert loose_fields(Loose()) == ["bad", "tags"]


# A database connection belongs to one thread


def shares_connections(code: str) -> list[str]:
    """Give what would open a connection past Django, or hand one to another thread."""
    names = [
        ast.unparse(node) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)
    ]
    forbidden = r"psycopg\.(\w+\.)*(Async)?(connect|Connection)\b|psycopg_pool|_thread_sharing"
    return [name for name in [*names, *imports(code)] if re.search(forbidden, name)]


def test_connections_are_opened_by_django_alone():
    found = {
        path.relative_to(ROOT).as_posix(): shares_connections(path.read_text())
        for path, _ in modules(*LAYERS)
    }
    # where the role and the database are made, and carried over, before Django can connect to them
    assert [path for path, names in found.items() if names] == ["tunix_site/postgres/server.py"]


def test_a_shared_connection_is_found():
    assert shares_connections("import psycopg\nlink = psycopg.connect('')")
    assert shares_connections("from psycopg import connect")
    assert shares_connections("import psycopg\npsycopg.Connection.connect('')")
    assert shares_connections("from psycopg_pool import ConnectionPool")
    assert shares_connections("connection.inc_thread_sharing()")
    assert not shares_connections("with connection.cursor() as cursor:\n    cursor.execute('')")


@pytest.mark.django_db(transaction=True)
def test_each_thread_has_a_connection_of_its_own():
    backends: dict[str, int] = {}
    together = threading.Barrier(3)

    def ask(name: str) -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                backends[name] = cursor.fetchone()[0]
                together.wait(timeout=30)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=[name]) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    ask("main")
    for thread in threads:
        thread.join()
    assert len(set(backends.values())) == 3


def backends(state: str = "") -> set[int]:
    """Name the database's processes that work for others on the tests' database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees what it saw first
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid != pg_backend_pid()"
            " AND (%s = '' OR wait_event_type = %s)",
            [state, state],
        )
        return {pid for (pid,) in cursor.fetchall()}


@pytest.mark.live
def test_a_request_that_waits_holds_no_other_up(site, site_as):
    """The site's one web process answers in several threads."""
    assert len(site.worker_pids()) == 1
    trace, curator, reader = TraceFactory(), site_as("curator"), site_as("reader")
    with ThreadPoolExecutor(1) as beside:
        with transaction.atomic():
            Trace.objects.select_for_update().get(pk=trace.pk)
            waiting = beside.submit(curator.patch, f"/api/traces/{trace.pk}", json={"tags": ["a"]})
            wait_until(lambda: len(backends("Lock")) == 1)
            assert reader.get(f"/api/traces/{trace.pk}").json()["tags"] == []
            assert not waiting.done()
        assert waiting.result().json()["tags"] == ["a"]


@pytest.mark.live
def test_the_server_keeps_a_connection_for_each_thread(site_as):
    reader = site_as("reader")
    kept: set[int] = set()
    for _ in range(3 * settings.WEB_THREADS):
        assert reader.get("/api/traces").status_code == 200
        there = backends()
        assert kept <= there  # none was closed
        kept = there
    assert 1 <= len(kept) <= settings.WEB_THREADS + 1  # the health check has its own


def test_web_processes_inherit_no_connection(monkeypatch, transactional_db):
    """A connection that is open when the server forks would be used by all its children."""
    from django.core.management import call_command

    left_open = []
    monkeypatch.setattr(
        server.Server, "run", lambda self: left_open.append(connection.connection is not None)
    )
    connection.ensure_connection()
    call_command("serve", "--no-setup", "--port", str(free_port()))
    assert left_open == [False]


# Times know their zone


def test_times_are_utc():
    assert settings.USE_TZ is True
    assert settings.TIME_ZONE == "UTC"


# The lint rules that the page names are on


def lint() -> dict[str, Any]:
    with (ROOT / "pyproject.toml").open("rb") as file:
        options: dict[str, Any] = tomllib.load(file)["tool"]["ruff"]["lint"]
    return options


PAGE = (ROOT / "docs" / "guardrails.md").read_text()


BROKEN = {  # code that breaks each of the lint rules that the page names
    "ANN": "def one(two): ...",
    "C90": "def f(x: int) -> None:\n" + "\n".join(f"    if x == {n}: x = 9" for n in range(11)),
    "DTZ": "import datetime\ndatetime.datetime.now()",
    "FBT": "def one(two: bool) -> None: ...",
    "S": "def one(two: str) -> str:\n    return f'SELECT 1 FROM {two} WHERE 1'",
    "T20": "print(1)",
    "TID251": "import jax",
}


def found_by_lint(code: str, path: str) -> set[str]:
    """Give the rules that code breaks in the repository's own configuration."""
    done = subprocess.run(
        [find_ruff_bin(), "check", "--output-format=json", "--stdin-filename", path, "-"],
        cwd=ROOT,
        input=code,
        capture_output=True,
        text=True,
        check=False,
    )
    return {found["code"] for found in json.loads(done.stdout)}


def test_the_page_names_the_lint_rules_that_are_tried():
    assert set(re.findall(r"ruff `([A-Z]+[0-9]*)`", PAGE)) == set(BROKEN)


@pytest.mark.parametrize(("rule", "code"), BROKEN.items())
def test_a_lint_rule_that_the_page_names_is_on(rule, code):
    for path in (
        "traces/views/traces.py",
        "datasets/services/build.py",
        "tunix_site/some/module.py",
    ):
        assert any(found.startswith(rule.removesuffix("0")) for found in found_by_lint(code, path))


def test_everything_outside_tests_is_typed_strictly():
    with (ROOT / "pyproject.toml").open("rb") as file:
        mypy = tomllib.load(file)["tool"]["mypy"]
    assert mypy["strict"] is True
    # packages without types may be imported; nothing of ours is let off
    for part in mypy["overrides"]:
        assert set(part) == {"module", "ignore_missing_imports"}
        assert not {name.split(".")[0] for name in part["module"]} & {*LAYERS, "benchmarks"}


@pytest.mark.parametrize(
    "name", ["jax", "flax", "tunix", "transformers", "torch", "pandas", "datasets.load_dataset"]
)
def test_the_name_is_banned_with_a_sentence(name):
    assert lint()["flake8-tidy-imports"]["banned-api"][name]["msg"].endswith(".")


@pytest.mark.parametrize(("path", "name"), re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE))
def test_the_tests_that_the_page_names_are_there(path, name):
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
