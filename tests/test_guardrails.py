"""The architecture's rules that no linter knows. docs/guardrails.md says why each is there."""

import ast
import inspect
import re
import threading
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.urls import get_resolver
from drf_spectacular.generators import EndpointEnumerator
from rest_framework.permissions import AllowAny
from rest_framework.serializers import BaseSerializer, ListSerializer

from tests.pages import ROOT
from tests.test_layering import LAYERS, modules
from tunix_site import fields, server
from tunix_site.fields import StrictMixin, StrictSerializer, TextField
from tunix_site.models import Role
from tunix_site.operations import HealthView
from tunix_site.pagination import PageQuery
from tunix_site.parsers import StreamParser, StrictJSONParser
from tunix_site.server_process import free_port
from tunix_site.views import ApiViewMixin

MAX_VIEW_LINES = 20
WRITES = {
    "save",
    "create",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "delete",
    "execute",
}
WRITES_OF_QUERYSETS = {"update", "insert", "insert_unless_taken"}  # others have such methods too
OF_A_QUERYSET = re.compile(r"\.(objects|filter|exclude|all)\b")

Function = ast.FunctionDef | ast.AsyncFunctionDef


# Views are thin


def functions_of_classes(code: str) -> Iterator[Function]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ClassDef):
            yield from (part for part in node.body if isinstance(part, Function))


def lines_of(function: Function) -> int:
    """Count the lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return 1 + (body[-1].end_lineno or 0) - body[0].lineno if body else 0


def writes(node: ast.AST) -> list[str]:
    """Give the calls under a node that write rows."""
    calls = [
        part.func
        for part in ast.walk(node)
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute)
    ]
    return [
        ast.unparse(call)
        for call in calls
        if call.attr in WRITES
        or (call.attr in WRITES_OF_QUERYSETS and OF_A_QUERYSET.search(ast.unparse(call.value)))
    ]


def thick(code: str) -> list[str]:
    """Say what the views of a module do that is a service's to do."""
    found = []
    for function in functions_of_classes(code):
        if any(isinstance(node, ast.Try) for node in ast.walk(function)):
            found.append(f"{function.name} has a try")
        if lines_of(function) > MAX_VIEW_LINES:
            found.append(f"{function.name} has {lines_of(function)} lines")
        found += [f"{function.name} calls {call}" for call in writes(function)]
    return found


def views_modules() -> list[Path]:
    return [
        path
        for path, _ in modules("jobs", "traces", "datasets", "training")
        if path.name == "views.py"
    ]


def test_views_validate_call_a_service_and_respond():
    found = {str(path): thick(path.read_text()) for path in views_modules()}
    assert len(found) >= 2
    assert not any(found.values()), found


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("try:\n            pass\n        except ValueError:\n            pass", "has a try"),
        ("Trace.objects.create()", "calls Trace.objects.create"),
        ("Trace.objects.filter(pk=1).update(tags=[])", "calls Trace.objects.filter(pk=1).update"),
        ("Trace.objects.insert(rows)", "calls Trace.objects.insert"),
        ("self.get_object().delete()", "calls self.get_object().delete"),
        ("\n        ".join(["pass"] * 21), "has 21 lines"),
    ],
)
def test_a_thick_view_is_found(body, found):
    code = f"class View:\n    def post(self):\n        '''Do it.'''\n        {body}\n"
    assert thick(code) == [f"post {found}"]


def test_a_thin_view_is_none():
    assert thick("class V:\n    def post(self):\n        services.delete_trace(trace=1)\n") == []


# Rows are written in the places for it


def may_write(path: Path) -> bool:
    """Services, and what is below them: querysets, models, and what keys and answers need."""
    return (
        "services" in path.with_suffix("").parts
        or "migrations" in path.parts
        or "commands" in path.parts
        or path.name in ("querysets.py", "models.py", "accounts.py", "idempotency.py")
    )


def reads_alone(path: Path) -> bool:
    """These run SQL of their own, to read, to check or to lock."""
    return path.name in (
        "reading.py",
        "search.py",
        "matches.py",
        "operations.py",
        "postgres.py",
        "copy_out.py",
        "statements.py",
        "migrating.py",
    )


def test_rows_are_written_by_services_alone():
    found = {}
    for path, _ in modules(*LAYERS):
        calls = writes(ast.parse(path.read_text()))
        if reads_alone(path):
            calls = [call for call in calls if not call.endswith(".execute")]
        if path.name == "admin.py":  # a form's one object may be saved by the form
            calls = [call for call in calls if call != "obj.save"]
        if calls and not may_write(path):
            found[path.relative_to(ROOT).as_posix()] = calls
    assert found == {}


# Services take named, typed arguments


def untyped(code: str) -> list[str]:
    """Give the public functions whose arguments are positional or that lack a type."""
    found = []
    for function in ast.parse(code).body:
        if not isinstance(function, Function) or function.name.startswith("_"):
            continue
        given = function.args
        annotated = all(argument.annotation for argument in given.kwonlyargs) and function.returns
        if given.posonlyargs or given.args or given.vararg or given.kwarg or not annotated:
            found.append(function.name)
    return found


def test_services_take_keywords_alone_and_are_typed():
    services = [path for path, _ in modules(*LAYERS) if "services" in path.with_suffix("").parts]
    found = {str(path): untyped(path.read_text()) for path in services}
    assert len(found) >= 2
    assert not any(found.values()), found


@pytest.mark.parametrize(
    "signature",
    ["(trace: Trace) -> None", "(*, trace) -> None", "(*, trace: Trace)", "(**given: Any) -> None"],
)
def test_a_service_of_another_kind_is_found(signature):
    assert untyped(f"def delete_trace{signature}: ...") == ["delete_trace"]
    assert untyped("def delete_trace(*, trace: Trace) -> None: ...\ndef _x(y): ...") == []


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


def test_every_list_is_paged():
    lists = [
        callback.cls for method, _, callback in routes() if action_of(method, callback) == "list"
    ]
    assert len(lists) >= 2
    for view in lists:
        assert issubclass(view.queries["list"], PageQuery)


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
    forbidden = ("psycopg.connect", "psycopg_pool", "inc_thread_sharing", "allow_thread_sharing")
    return [name for name in names if any(part in name for part in forbidden)]


def test_connections_are_opened_by_django_alone():
    found = {
        path.relative_to(ROOT).as_posix(): shares_connections(path.read_text())
        for path, _ in modules(*LAYERS)
    }
    # which makes the role and the database, before there is anything for Django to connect to
    assert [path for path, names in found.items() if names] == ["tunix_site/postgres.py"]


def test_a_shared_connection_is_found():
    assert shares_connections("import psycopg\nlink = psycopg.connect('')")
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


def test_the_server_is_of_threads_and_keeps_their_connections():
    database = settings.DATABASES["default"]
    assert database["CONN_MAX_AGE"] is None
    assert database["CONN_HEALTH_CHECKS"] is True
    assert "pool" not in database.get("OPTIONS", {})
    assert '"worker_class": "gthread"' in inspect.getsource(server.Server)


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


def test_the_lint_rules_that_the_page_names_are_on():
    named = set(re.findall(r"ruff `([A-Z]+)[0-9]*`", PAGE))
    assert {"ANN", "C", "DTZ", "S", "T", "TID"} <= named
    selected = {re.sub(r"[0-9]+$", "", rule) for rule in lint()["select"]}
    assert named <= selected


@pytest.mark.parametrize(
    "name", ["jax", "flax", "tunix", "transformers", "torch", "pandas", "datasets.load_dataset"]
)
def test_the_name_is_banned_with_a_sentence(name):
    assert lint()["flake8-tidy-imports"]["banned-api"][name]["msg"].endswith(".")


@pytest.mark.parametrize(("path", "name"), re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE))
def test_the_tests_that_the_page_names_are_there(path, name):
    tree = ast.parse((ROOT / path).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
