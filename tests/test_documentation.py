"""The documents: their commands are run, their answers are the real ones, their links lead on."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.db import connection
from drf_spectacular.generators import EndpointEnumerator

from datasets.formats.known import FORMATS
from tests import answers, pages
from tests.pages import PAGES, ROOT, Block
from traces.tests import real_data
from tunix_site.serving.server_process import database_url

SHOWN_URL = "http://127.0.0.1:8000"
PAGE_SECONDS = 900
MAKE = shutil.which("make") or "make"
OUR_APPS = ("tunix_site", "jobs", "traces", "evalsets", "datasets", "training", "pages")

# Stands before make: what takes minutes, or would run these tests inside themselves, is only
# looked at. `-o` keeps make from setting up environments: they are there.
READY = [f"-o.venv{name}/.ready" for name in ("", "-dev", "-training", "-uv")]
FAKE_MAKE = f"""#!/bin/sh
case "$1" in
    backup|restore|.venv*) exec {MAKE} {" ".join(READY)} "$@" ;;
    *) exec {MAKE} -n "$@" ;;
esac
"""

# The client's command, as an installation puts it on the path.
COMMAND = f"""#!/bin/sh
PYTHONPATH={ROOT / "client" / "src"} exec {sys.executable} -P -m tunix_rt.command.cli "$@"
"""

every_page = pytest.mark.parametrize("page", PAGES, ids=pages.name_of)


def run_pages() -> list:
    with_commands = [page for page in PAGES if list(pages.steps(page.read_text()))]
    return [pytest.param(page, id=pages.name_of(page)) for page in with_commands]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Make a directory that looks like the repository, to write into without a trace."""
    directory = tmp_path / "desk"
    (directory / "var").mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name not in ("var", ".git", ".env") and not entry.name.endswith("_cache"):
            (directory / entry.name).symlink_to(entry)
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in (("make", FAKE_MAKE), ("tunix-rt", COMMAND)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    return directory


def command_of(block: Block, url: str) -> str:
    """Give what a shell is to run; a program of Python without the desk, whose names are ours."""
    text = block.text.replace(SHOWN_URL, url)
    if block.language == "sh":
        return text
    python = f"{block.environment}/bin/python" if block.environment else sys.executable
    return f"PYTHONPATH=client/src {python} -P - <<'END_OF_BLOCK'\n{text}\nEND_OF_BLOCK"


def missing(text: str) -> set[str]:
    """Name the environments of blocks that are not there."""
    named = {block.environment for block, _ in pages.steps(text) if block.environment}
    return {name for name in named if not (ROOT / name / ".ready").exists()}


def run_page(text: str, desk: Path, url: str) -> list[str]:
    """Run a page's blocks in order in one shell; return what each printed."""
    outputs = desk.parent
    found, left_out = list(pages.steps(text)), missing(text)
    script = ["set -euo pipefail"]
    for number, (block, _) in enumerate(found):
        commands = ":" if block.environment in left_out else command_of(block, url)
        script += [f"echo {number} > {outputs}/reached", "{", commands, f"}} > {outputs}/{number}"]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "PYTHONPATH")
    }
    environment |= {
        "PATH": f"{desk.parent / 'programs'}:{os.environ['PATH']}",
        "DATABASE_URL": database_url(connection.settings_dict),
        "SECRET_KEY": "only-for-these-tests-" + "x" * 40,
        "TUNIX_VAR": str(desk / "var"),
        "TUNIX_GSM8K": str(real_data.FOLDER),
    }
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=desk,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PAGE_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        number = int((outputs / "reached").read_text())
        pytest.fail(
            f"line {found[number][0].line} ended with {done.returncode}\n"
            f"{(outputs / str(number)).read_text()[-2000:]}\n{done.stderr[-4000:]}",
            pytrace=False,
        )
    return [(outputs / str(number)).read_text() for number in range(len(found))]


@pytest.mark.live
@pytest.mark.parametrize("page", run_pages())
def test_the_commands_of_a_page_work(page, desk, transactional_db, site):
    text = page.read_text()
    if ".venv-training" in text and not (ROOT / ".venv-training" / ".ready").exists():
        pytest.skip("the training environment is missing: `make test` makes it")
    if "$TUNIX_GSM8K" in text and not real_data.FOLDER.exists():
        pytest.skip(f"{real_data.FOLDER} is not there")
    printed = run_page(text, desk, site.url)
    wrong = []
    for (block, answer), output in zip(pages.steps(text), printed, strict=True):
        if answer is not None and block.environment not in missing(text):
            seen = output.replace(site.url, SHOWN_URL)
            found = answers.differences(answer.text, answer.language, seen)
            wrong += [f"line {block.line}: {difference}" for difference in found]
    assert not wrong, "\n".join(wrong)
    if left_out := missing(text):
        pytest.skip(f"the rest passed, but {', '.join(left_out)} is missing")


@every_page
def test_every_block_is_run_or_says_why_not(page):
    assert not [f"line {block.line}" for block in pages.unexplained(page.read_text())]


@every_page
def test_links_lead_somewhere(page):
    assert not pages.dead_links(page, page.read_text())


def test_every_page_can_be_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached:
            continue
        reached.add(page)
        if page.is_dir():
            waiting += page.glob("*.md")
            continue
        for target in re.findall(r"\]\(([^()#\s]+)", page.read_text()):
            path = (page.parent / target).resolve()
            if path.is_dir() or path.suffix == ".md":
                waiting.append(path)
    assert not [pages.name_of(page) for page in PAGES if page not in reached]


def test_the_readme_begins_with_the_demo_and_the_tests():
    commands = [block.text for block, _ in pages.steps((ROOT / "README.md").read_text())]
    assert commands[:2] == ["make demo", "make test"]


def targets_named() -> set[str]:
    text = "\n".join(page.read_text() for page in PAGES)
    return set(re.findall(r"(?:^|`)make ([a-z-]+)", text, flags=re.MULTILINE))


def recipe(target: str) -> list[str]:
    done = subprocess.run(
        [MAKE, "-n", *READY, target, "FILE=x"],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if "MAKE" not in key},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("target", sorted(targets_named()))
def test_the_programs_of_a_make_target_start(target):
    """Each line that runs Python is asked for its help or version; our own modules are imported."""
    command = re.compile(r"(\.venv(?:-\w+)?/bin/python) (?:-m ([\w.]+)|manage\.py (\w+))")
    for line in recipe(target):
        if (found := command.match(line)) is None or found[2] == "venv":
            continue
        python, module, name = found.groups()
        if not (ROOT / python).exists():
            continue  # an environment that is made when it is needed
        if name:
            asked = ["manage.py", name, "--help"]
        elif (ROOT / module).is_dir():
            asked = ["-c", f"import {module}.__main__"]
        else:
            asked = ["-m", module, "--version"]
        done = subprocess.run(
            [python, *asked], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"


def test_make_says_what_it_can_do():
    shown = "\n".join(recipe("help"))
    for target in ("demo", "run", "test", "bench", "lint", "backup", "restore"):
        assert f"make {target} " in shown
        assert target in targets_named()


def documented_routes() -> set[tuple[str, str, str]]:
    """Give method, path and role of each row of the table of routes in docs/api.md."""
    rows = re.findall(
        r"^\| (GET|POST|PUT|PATCH|DELETE) \| `(/\S*)` \| (\w+) \|",
        (ROOT / "docs" / "api.md").read_text(),
        flags=re.MULTILINE,
    )
    return {(method, re.sub(r"\{\w+\}", "{}", path), role) for method, path, role in rows}


def test_the_page_of_the_api_lists_exactly_the_routes_that_there_are():
    routes = set()
    for path, _, method, callback in EndpointEnumerator().get_api_endpoints():
        actions = getattr(callback, "actions", None)
        action = actions[method.lower()] if actions else method.lower()
        role = getattr(callback.cls, "roles", {}).get(action, "none")
        routes.add((method, re.sub(r"\{\w+\}", "{}", path.rstrip("/")), str(role)))
    assert documented_routes() == routes


@pytest.mark.parametrize("name", FORMATS)
def test_every_export_format_is_described(name):
    pages = [(ROOT / "docs" / page).read_text() for page in ("datasets.md", "formats.md")]
    assert any(f"## `{name}`" in page for page in pages)
    assert f"`{name}`" in pages[0]


def test_every_argument_of_the_training_programs_is_described():
    text = (ROOT / "docs" / "training.md").read_text()
    for program in ("problems", "sft", "generate", "report"):
        code = (ROOT / "training" / "jobs" / f"{program}.py").read_text()
        arguments = re.findall(r'add_argument\(\s*"(--[a-z-]+)"', code)
        assert len(arguments) >= 5
        assert not [argument for argument in arguments if f"{argument}" not in text], program


@pytest.mark.parametrize("path", sorted((ROOT / "training" / "configs").glob("*.yaml")))
def test_every_training_configuration_is_described(path):
    assert f"`{path.name}`" in (ROOT / "docs" / "training.md").read_text()


def test_every_command_of_ours_is_described():
    text = "\n".join(page.read_text() for page in PAGES)
    ours = [name for name, app in get_commands().items() if app in OUR_APPS]
    assert not [name for name in ours if not re.search(rf"\b{name}\b", text)]


PAGE = """\
# A page

```sh
echo '{"id": "01a20fe6-b733-7378-b397-7d05669c2e15", "count": 1}'
```

```json
{"id": "01a20fe6-b733-7378-b397-7d05669c2e16", "count": 1}
```

<!-- not run: needs an accelerator -->
```sh
false
```
"""


def test_blocks_are_told_apart():
    [(command, answer)] = pages.steps(PAGE)
    assert command.text.startswith("echo")
    assert answer.language == "json"
    assert pages.unexplained(PAGE) == []


@pytest.mark.parametrize(
    "block", ["```toml\na = 1\n```", "```\ntext\n```", "~~~yaml\na: b\n~~~", "```json\n{}\n```"]
)
def test_a_block_that_is_not_run_and_does_not_say_why_is_found(block):
    [found] = pages.unexplained(f"{PAGE}\n{block}\n")
    assert found == Block(line=16, language=found.language, text=block.splitlines()[1])
    assert pages.unexplained(f"{PAGE}\n<!-- not run: an outline -->\n{block}\n") == []


def test_an_empty_reason_is_no_reason():
    assert pages.unexplained("<!-- not run: -->\n```toml\n```\n")


def test_a_program_of_python_is_run_with_the_client_and_without_the_desk(desk):
    text = "```python\nimport sys, tunix_rt\nprint(sys.path[0], tunix_rt.Client.__name__)\n```\n"
    assert run_page(text, desk, SHOWN_URL) == [f"{desk}/client/src Client\n"]


def test_a_program_of_an_environment_that_is_missing_is_left_out(desk):
    text = "<!-- run in: .venv-of-nobody -->\n```python\nnonsense\n```\n```sh\necho on\n```\n"
    assert run_page(text, desk, SHOWN_URL) == ["", "on\n"]
    assert missing(text) == {".venv-of-nobody"}


def test_a_command_that_fails_fails_its_page(desk):
    text = "```sh\ntrue\n```\n```sh\nfalse | cat\necho unreached\n```\n"
    with pytest.raises(pytest.fail.Exception, match="line 4 ended with 1"):
        run_page(text, desk, SHOWN_URL)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ('{"id": "01a20fe6-b733-7378-b397-7d05669c2e15"}', '{"id": "a word"}'),
        ('{"count": 1}', '{"count": 2}'),
        ('{"count": 1}', '{"count": true}'),
        ('{"count": 1}', '{"count": 1, "more": 1}'),
        ('{"a": 1, "b": 2}', '{"b": 2, "a": 1}'),
        ("[1]", "[1, 2]"),
        ('{"seconds": 0.1}', '{"seconds": null}'),
        (
            '{"content_hash": "01a20fe6-b733-7378-b397-7d05669c2e15"}',
            '{"content_hash": "01a20fe6-b733-7378-b397-7d05669c2e16"}',
        ),
    ],
)
def test_other_answers_are_differences(shown, printed):
    assert answers.differences(shown, "json", printed)
    assert not answers.differences(shown, "json", shown)


def test_what_is_measured_differs_each_time():
    assert not answers.differences('[{"seconds": 0.1}]', "json", '[{"seconds": 0.02}]')


@pytest.mark.parametrize(
    ("shown", "printed"),
    [("one\ntwo", "one"), ("one", "one\ntwo"), ("one\n...\nthree", "one\ntwo"), ("on...", "two")],
)
def test_other_lines_are_differences(shown, printed):
    assert answers.differences(shown, "text", printed)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        ("one\n...\nfour", "one\ntwo\nthree\nfour"),
        ("...\nfour", "four"),
        ("Date: Tue, 24 Nov 2026 23:31:48 GMT", "Date: Wed, 25 Nov 2026 03:31:48 GMT"),
        ("one...", "one and more"),
    ],
)
def test_lines_may_be_left_out_and_change(shown, printed):
    assert not answers.differences(shown, "text", printed)


def test_dead_links_are_found():
    page = ROOT / "README.md"
    text = "# One two\n[a](LICENSE) [b](nowhere.md) [c](#one-two) [d](#three) [e](https://x.org)\n"
    assert pages.dead_links(page, text + "```sh\n[f](in-code.md)\n```\n") == [
        "nowhere.md",
        "#three",
    ]


def dead_names(text: str) -> list[str]:
    """Give the files, and the names `in` a module, that prose tells of and that are not there."""
    found = re.findall(r"`([\w.-]+/[\w./-]+\.(?:py|md|in|html|toml|yaml))`", pages.prose(text))
    made = "var/"  # by programs, when they run
    dead = [path for path in found if not path.startswith(made) and not (ROOT / path).exists()]
    for names, path in re.findall(
        r"((?:`[A-Za-z_]\w*`(?:,| and)? )+)in\s`(\w+/[\w/]+\.py)`", pages.prose(text)
    ):
        code = (ROOT / path).read_text() if (ROOT / path).exists() else ""
        defined = r"^(?:class |def )?{}\b"
        dead += [
            f"{name} in {path}"
            for name in re.findall(r"`(\w+)`", names)
            if not re.search(defined.format(name), code, re.MULTILINE)
        ]
    return dead


@every_page
def test_files_and_names_that_are_told_of_are_there(page):
    if page.name != "CHANGELOG.md":  # which tells of what there was
        assert not dead_names(page.read_text())


def test_what_is_told_of_and_not_there_is_found():
    assert dead_names("see `traces/no_such.py`") == ["traces/no_such.py"]
    assert dead_names("(`TraceRow` and `rows` in `traces/copy_in.py`)") == [
        "rows in traces/copy_in.py"
    ]
    assert dead_names("`TraceRow` in `traces/copy_in.py`, `make lint`, `and/or`") == []
