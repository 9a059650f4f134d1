"""Where code belongs: views are thin, rows are written by services, which take named arguments.

docs/guardrails.md says why. Each checker is a function over source text, tried on bad samples.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pages import ROOT
from tests.test_layering import LAYERS, modules

MAX_VIEW_LINES = 20
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def calls(tree: ast.AST) -> Iterator[tuple[str, str, ast.Call]]:
    """Yield what is called (as `a.b`), the last of its names, and the call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            yield called, called.rpartition(".")[2], node


# What writes rows

METHODS = (
    *("save", "create", "bulk_create", "bulk_update", "get_or_create", "update_or_create"),
    "delete",
)
WRITES = {*METHODS, *(f"a{name}" for name in METHODS)}
RUN_SQL = {".execute", ".executemany", ".copy", ".raw", "RawSQL", "copy_out", "rows_of"}
CHANGES = re.compile(
    r"\b(INSERT\s+INTO|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE|FROM\s+STDIN|GRANT|REVOKE"
    r"|UPDATE\s+(ONLY\s+)?[\w\"{}.]+\s+(AS\s+\w+\s+)?SET|(CREATE|DROP|ALTER)\s+[A-Z]+)\b",
    re.IGNORECASE,
)


def is_of_rows(name: str, node: ast.Call) -> bool:
    """Tell a query set's methods from those of dictionaries, digests, lists and progress bars."""
    if name in ("update", "aupdate"):
        return not node.args and bool(node.keywords)
    return name in WRITES


def written(tree: ast.AST) -> list[str]:
    """Give the calls under a node that write rows."""
    return [
        called for called, name, node in calls(tree) if "." in called and is_of_rows(name, node)
    ]


def sql_run(tree: ast.AST) -> list[str]:
    """Give the calls under a node that run SQL."""
    return [called for called, _, node in calls(tree) if runs_sql(called) and node.args]


def runs_sql(called: str) -> bool:
    module, dot, name = called.rpartition(".")
    return module not in ("copy", "shutil") and (name in RUN_SQL or dot + name in RUN_SQL)


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the texts in code, each f-string and sum of texts as one; docstrings are none."""
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.Add):
        yield "".join([*texts(tree.left), *texts(tree.right)])
        return
    if isinstance(tree, ast.JoinedStr):
        yield "".join(
            part.value if isinstance(part, ast.Constant) else "{}" for part in tree.values
        )
    elif isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.value
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(tree, ast.Expr) and isinstance(child, ast.Constant)):
            yield from texts(child)


def changing_sql(code: str) -> list[str]:
    """Give what a module that runs SQL to read could change something with.

    That is SQL of its own that says so, and SQL that it takes by name from another module.
    """
    tree = ast.parse(code)
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    foreign = [
        f"{called}({ast.unparse(node.args[0])})"
        for called, _, node in calls(tree)
        if runs_sql(called) and node.args and ast.unparse(node.args[0]) in imported
    ]
    return [found[0] for text in texts(tree) if (found := CHANGES.search(text))] + foreign


# Views are thin


def thick(code: str) -> list[str]:
    """Say what a module of views does that is a service's to do."""
    tree = ast.parse(code)
    found = []
    for node in ast.walk(tree):
        caught = isinstance(node, ast.Try | ast.TryStar)
        if caught or (isinstance(node, ast.With) and "suppress" in ast.unparse(node.items[0])):
            found.append(f"has a try in line {node.lineno}")
        if isinstance(node, Function) and lines_of(node) > MAX_VIEW_LINES:
            found.append(f"{node.name} has {lines_of(node)} lines")
    return found + [f"calls {call}" for call in [*written(tree), *sql_run(tree)]]


def lines_of(function: Function) -> int:
    """Count the lines of a function's body without its docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return 1 + (body[-1].end_lineno or 0) - body[0].lineno if body else 0


def has_views(code: str) -> bool:
    """Tell whether a module defines views, wherever it lies."""
    return any(
        isinstance(node, ast.ClassDef)
        and any(re.search(r"View(Set)?\b", ast.unparse(base)) for base in node.bases)
        for node in ast.walk(ast.parse(code))
    )


def views_modules() -> dict[str, str]:
    """Give the code of the modules that define views, by path."""
    read = {name_of(path): path.read_text() for path, _ in modules(*LAYERS)}
    return {path: code for path, code in read.items() if has_views(code)}


def test_views_validate_call_a_service_and_respond():
    found = {path: thick(code) for path, code in views_modules().items()}
    assert {"jobs/api/views.py", "traces/views/traces.py", "datasets/views.py"} <= set(found)
    # whether the database answers is what the health check is asked
    health = found.pop("tunix_site/serving/operations.py")
    assert not [said for said in health if not re.match("has a try|calls cursor.execute", said)]
    assert not any(found.values()), found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("try: pass\n    except ValueError: pass", "has a try in line 3"),
        ("try: pass\n    except* ValueError: pass", "has a try in line 3"),
        ("with contextlib.suppress(ValueError): pass", "has a try in line 3"),
        ("Trace.objects.create()", "calls Trace.objects.create"),
        ("await trace.asave()", "calls trace.asave"),
        ("Trace.objects.filter(pk=1).update(tags=[])", "calls Trace.objects.filter(pk=1).update"),
        ("rows.update(tags=[])", "calls rows.update"),
        ("Trace.objects.bulk_create(rows)", "calls Trace.objects.bulk_create"),
        ("self.get_object().delete()", "calls self.get_object().delete"),
        ("cursor.execute('SELECT 1')", "calls cursor.execute"),
        ("\n    ".join(["pass"] * 21), "view has 21 lines"),
    ],
)
def test_a_thick_view_is_found(line, found):
    code = f"async def view(self):\n    '''Do it.'''\n    {line}\n"
    assert thick(code) == [found]
    in_a_class = code.replace("\n", "\n    ")
    assert thick(f"class V:\n    {in_a_class}\n") == [found.replace("line 3", "line 4")]


def test_a_thin_view_is_none():
    assert thick("class V:\n    def post(self):\n        services.delete_trace(trace=1)\n") == []
    assert thick("def post(self):\n    shown.update(found)\n    seen.update()\n") == []


def test_views_are_found_wherever_they_are():
    assert has_views("class One(ApiViewSet): ...")
    assert has_views("class One(ApiViewMixin, views.SpectacularAPIView): ...")
    assert not has_views("class ViewsOfMine(Model): ...")


# Rows are written in the places for it

SERVICES = r"\w+/services(/\w+){0,2}\.py|tunix_site/access/(accounts|keys|people)\.py"
BELOW = (  # services, and what stands below them in each app
    SERVICES,
    r"\w+/models\.py",
    r"\w+/migrations/\w+\.py",
    r"\w+/management/commands/\w+\.py",
)
WRITE_BESIDE = {
    "datasets/recipe/candidates.py": "stores candidates in temporary tables",
    "traces/copy_in.py": "inserts traces by COPY",
    "traces/curation/pieces.py": "keeps the ids that a change of many is for, in one statement",
    "tunix_site/admin_base/entering.py": "sets one's own password, by its form",
    "tunix_site/api/idempotency.py": "keeps the answers to requests that may come again",
    "tunix_site/postgres/cluster.py": "makes the role and the database, before there is a table",
}
READ_BY_SQL = {
    "tunix_site/database/patience.py": "says how long statements may take",
    "datasets/export/reading.py": "exports",
    "datasets/formats/counted.py": "counts of what a format leaves out",
    "datasets/held_out/contamination.py": "the prompts of a dataset, and their traces",
    "datasets/lineage/compare.py": "the items of two datasets",
    "datasets/recipe/differences.py": "compares JSON",
    "datasets/statistics/counting.py": "counts candidates and their scores",
    "datasets/recipe/steps/pair.py": "the attempts at each prompt",
    "datasets/recipe/steps/verify.py": "candidates that lack a score",
    "datasets/recipe/text/items.py": "the items of evaluation sets, which it holds",
    "datasets/recipe/text/signed.py": "candidates with their signatures and texts",
    "evalsets/reading.py": "the items of an evaluation set",
    "jobs/api/reading.py": "a job's errors",
    "pages/traces/choices.py": "some rows from all over a table",
    "traces/finding/curation/agreement.py": "what people say of the same traces",
    "traces/finding/matches.py": "which traces hold words",
    "traces/finding/prompts/groups.py": "prompts, with what their traces have in common",
    "traces/finding/prompts/order.py": "prompts, by what their traces have in common",
    "traces/finding/search.py": "how well they do",
    "traces/finding/similar.py": "which traces share bands of their signatures",
    "traces/querysets.py": "which traces have names",
    "tunix_site/audit/finding.py": "what a column of events holds, by its index",
    "tunix_site/database/copy_out.py": "any query, by COPY",
    "tunix_site/database/migrating.py": "takes a lock",
    "tunix_site/postgres/upgrade/carry_over.py": "how a cluster was made; has the planner know it",
    "tunix_site/postgres/upgrade/inventory.py": "what a cluster holds",
    "tunix_site/serving/operations.py": "whether the database answers",
    "tunix_site/database/statements.py": "query sets, compiled once; what others give it",
    "tunix_site/database/write_check.py": "whether the database can be written: locks a row",
}


def may_write(path: str) -> bool:
    return path in WRITE_BESIDE or any(re.fullmatch(place, path) for place in BELOW)


def misplaced(path: str, code: str) -> list[str]:
    """Give what writes rows in a module that is not for it, or runs SQL that is not known of."""
    if may_write(path):
        return []
    tree = ast.parse(code)
    found = written(tree)
    if re.fullmatch(r"\w+/admin(/\w+)?\.py", path):  # a form's one object may be saved by the form
        found = [call for call in found if call != "obj.save"]
    return found + (changing_sql(code) if path in READ_BY_SQL else sql_run(tree))


def test_rows_are_written_by_services_alone():
    found = {
        name_of(path): misplaced(name_of(path), path.read_text()) for path, _ in modules(*LAYERS)
    }
    assert {*WRITE_BESIDE, *READ_BY_SQL} <= set(found)
    assert not {path: calls for path, calls in found.items() if calls}


@pytest.mark.parametrize("path", [*WRITE_BESIDE, *READ_BY_SQL])
def test_each_place_that_is_named_needs_it(path):
    tree = ast.parse((ROOT / path).read_text())
    assert sql_run(tree) or (path in WRITE_BESIDE and written(tree))


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("datasets/recipe/recipe.py", "Trace.objects.all().delete()"),
        ("datasets/recipe/recipe.py", "cursor.execute('SELECT 1')"),
        ("datasets/recipe/recipe.py", "cursor.execute(f'SELECT {x}')"),
        ("datasets/recipe/recipe.py", "Trace.objects.raw('SELECT 1')"),
        ("datasets/recipe/recipe.py", "rows.update(status='approved')"),
        # the name of a place that may, in another app or below it
        ("datasets/querysets.py", "rows.bulk_create(found)"),
        ("traces/readers/models.py", "trace.save()"),
        ("traces/views/services.py", "trace.save()"),
        ("traces/copy_out.py", "cursor.copy('COPY (SELECT 1) TO STDOUT')"),
        # those that may read, and do more
        ("datasets/export/reading.py", "cursor.execute('DELETE FROM traces_trace')"),
        ("datasets/export/reading.py", "cursor.execute('delete\\n from traces_trace')"),
        ("datasets/export/reading.py", "q = f'UPDATE {table} SET x = 1'"),
        ("datasets/export/reading.py", "q = 'UP' + 'DATE traces_trace SET x = 1'"),
        (
            "datasets/export/reading.py",
            "q = 'WITH gone AS (DELETE FROM t RETURNING id) SELECT id FROM gone'",
        ),
        ("traces/finding/search.py", "cursor.copy('COPY traces_trace FROM STDIN')"),
        ("traces/finding/search.py", "from traces.services.bulk import C\ncursor.execute(C)"),
        ("traces/finding/search.py", "Trace.objects.create()"),
        ("tunix_site/serving/operations.py", "cursor.execute('DROP TABLE traces_trace')"),
        ("traces/admin/traces.py", "other.save()"),
    ],
)
def test_a_write_in_another_place_is_found(path, line):
    assert misplaced(path, line)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("datasets/services/delete.py", "dataset.delete()"),
        ("traces/services/bulk.py", "cursor.execute('UPDATE traces_trace SET status = 1')"),
        ("traces/copy_in.py", "cursor.copy('COPY traces_trace FROM STDIN')"),
        ("traces/admin/traces.py", "obj.save()"),
        (
            "datasets/export/reading.py",
            "'''Update what is set.'''\ncursor.execute('SELECT 1 FOR UPDATE')",
        ),
        (
            "datasets/recipe/recipe.py",
            "found.update(more)\nshown.copy()\na.insert(0, b)\ncopy.copy(a)\nupdate(a=1)",
        ),
    ],
)
def test_a_write_in_its_place_is_none(path, line):
    assert misplaced(path, line) == []


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
    services = [path for path, _ in modules(*LAYERS) if re.fullmatch(SERVICES, name_of(path))]
    found = {name_of(path): untyped(path.read_text()) for path in services}
    assert {
        "datasets/services/build.py",
        "traces/services/storing.py",
        "jobs/services/queue.py",
    } <= set(found)
    assert not any(found.values()), found


@pytest.mark.parametrize(
    "signature",
    ["(trace: Trace) -> None", "(*, trace) -> None", "(*, trace: Trace)", "(**given: Any) -> None"],
)
def test_a_service_of_another_kind_is_found(signature):
    assert untyped(f"def delete_trace{signature}: ...") == ["delete_trace"]
    assert untyped("def delete_trace(*, trace: Trace) -> None: ...\ndef _x(y): ...") == []


# Services know who writes

# What the program does of its own accord, beside the work that somebody asked for.
OF_ITSELF = {
    "datasets/services/filling.py": "writes the items of a build, which is told",
    "datasets/services/written.py": "fills a dataset that is undone, to show its first rows",
    "datasets/services/holding.py": "holds the traces of a build, which is told",
    "datasets/services/pairs.py": "writes the pairs of a build, which is told",
    "datasets/services/reasons.py": "notes what a build, which is told, takes away",
    "jobs/services": "takes jobs, renews their leases and ends them, whoever started them",
    "traces/services/indexing.py": "fills the indexes behind ingest",
    "traces/services/signatures.py": "computes what an index holds",
    "traces/services/locking.py": "locks a row",
    "traces/services/filters/long_filters.py": "shortens an address",
    "events/services.py": "writes down what the others are told",
}
ASKED_FOR = {"start_job", "cancel_job"}  # of the services of jobs


def writers(code: str) -> dict[str, bool]:
    """Give the public functions of a module that write rows, and whether they are told who does.

    A function writes that calls a query set's method for it, runs SQL, or calls one that does.
    """
    functions = {node.name: node for node in ast.parse(code).body if isinstance(node, Function)}
    called = {
        name: {last for _, last, _ in calls(node)} & functions.keys()
        for name, node in functions.items()
    }
    found = {name for name, node in functions.items() if written(node) or changes(node)}
    while more := {name for name, names in called.items() if names & found} - found:
        found |= more
    return {name: is_told(functions[name]) for name in sorted(found) if not name.startswith("_")}


def changes(function: Function) -> bool:
    sql = [node for called, _, node in calls(function) if runs_sql(called) and node.args]
    return bool(sql) and any(
        not (isinstance(text := node.args[0], ast.Constant) and not CHANGES.search(str(text.value)))
        for node in sql
    )


def is_told(function: Function) -> bool:
    arguments = {one.arg: one.annotation for one in function.args.kwonlyargs}
    return "by" in arguments and ast.unparse(arguments["by"] or ast.Pass()) == "Actor"


def is_of_itself(path: str, name: str) -> bool:
    named = any(path.startswith(place) for place in OF_ITSELF)
    return named and not (path.startswith("jobs/") and name in ASKED_FOR)


def test_every_service_that_writes_is_told_who_does():
    services = [path for path, _ in modules(*LAYERS) if re.fullmatch(SERVICES, name_of(path))]
    found = {
        f"{name_of(path)}: {name}": told
        for path in services
        for name, told in writers(path.read_text()).items()
        if not is_of_itself(name_of(path), name)
    }
    assert len(found) > 15
    assert [name for name, told in found.items() if not told] == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("def delete_trace(*, trace: Trace) -> None:\n    trace.delete()", {"delete_trace": False}),
        ("def f(*, by: Actor) -> None:\n    trace.save()", {"f": True}),
        ("def f(*, by: Any) -> None:\n    trace.save()", {"f": False}),
        ("def f() -> None:\n    _g()\ndef _g() -> None:\n    Trace.objects.create()", {"f": False}),
        ("def f() -> None:\n    cursor.execute('UPDATE t SET x = 1')", {"f": False}),
        ("def f() -> None:\n    cursor.execute(CHANGE)", {"f": False}),
        ("def f() -> None:\n    rows_of(CHANGE, values)", {"f": False}),
        ("def f() -> None:\n    cursor.execute('SELECT 1')", {}),
        ("def f() -> None:\n    found.append(1)", {}),
    ],
)
def test_a_service_that_is_not_told_is_found(code, found):
    assert writers(code) == found
