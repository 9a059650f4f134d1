"""The image and compose.yaml: what they name is there, and no secret is in them."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.apps import apps

from tests.commands import parse
from tests.pages import ROOT
from tests.test_settings_documented import SETTINGS, table
from tunix_site.serving.server_process import free_port

DEPLOY = ROOT / "deploy"
SECRET = re.compile(r"SECRET|PASSWORD|TOKEN|DATABASE_URL")
WITHOUT_TABLES = {"training", "pages"}
GIVEN = re.compile(r"\$\{[A-Z_]+:\?[^}]+\}")  # from outside, and refused with a sentence without
OF_PYTHON = {"PYTHONUNBUFFERED", "PATH"}

LOAD_ALL = """
import django
from django.core.management import call_command, get_commands, load_command_class
django.setup()
call_command("check")
for name, app in get_commands().items():
    load_command_class(app, name)
"""


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Give the instructions with what follows them, in order."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    pairs = (line.split(maxsplit=1) for line in joined if line.strip())
    return [(name, " ".join(rest.split())) for name, rest in pairs]


def faults(dockerfile: str) -> Iterator[str]:
    """Say what an image must not be made of, or lacks."""
    found = instructions(dockerfile)
    for name, rest in found:
        if name == "FROM" and not re.match(r"[\w./-]+:\w*\d[\w.-]*( AS \w+)?$", rest):
            yield f"no version: {rest}"
        if name == "ADD":
            yield f"ADD: {rest}"
        if name in ("ENV", "ARG") and SECRET.search(rest):
            yield f"a secret: {rest}"
        if "apt-get install" in rest and "rm -rf /var/lib/apt/lists" not in rest:
            yield f"lists of apt are left: {rest}"
        if "pip install" in rest and not {"--require-hashes", "--no-deps"} <= set(rest.split()):
            yield f"packages without hashes: {rest}"
    users = [rest for name, rest in found if name == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*(:\d+)?", users[-1]):
        yield "it may run as root"
    if "HEALTHCHECK" not in dict(found):
        yield "nobody can ask whether it is well"


DOCKERFILE = (ROOT / "Dockerfile").read_text()
IMAGE = dict(instructions(DOCKERFILE))  # of each instruction the last


def test_the_image_is_made_of_known_parts_and_runs_as_nobody():
    assert list(faults(DOCKERFILE)) == []


@pytest.mark.parametrize(
    ("line", "instead", "fault"),
    [
        ("FROM python:3.13-slim-bookworm\n", "FROM python\n", "no version"),
        ("FROM python:3.13-slim-bookworm\n", "FROM python:latest\n", "no version"),
        ("USER 10001:10001\n", "", "it may run as root"),
        ("USER 10001:10001\n", "USER 0\n", "it may run as root"),
        ("COPY . .\n", "ADD https://a.example/b.tar.gz .\n", "ADD"),
        ("COPY . .\n", "RUN apt-get install -y git\n", "lists of apt"),
        ("COPY . .\n", "RUN pip install django\n", "packages without hashes"),
        ("COPY . .\n", "ENV SECRET_KEY=x\n", "a secret"),
        ("HEALTHCHECK", "# HEALTHCHECK", "nobody can ask"),
    ],
)
def test_another_image_is_refused(line, instead, fault):
    assert line in DOCKERFILE
    [found] = faults(DOCKERFILE.replace(line, instead))
    assert found.startswith(fault)


def known_variables() -> set[str]:
    return set(table(SETTINGS))


def test_what_the_image_runs_is_there_and_its_variables_are_documented():
    python, program = json.loads(IMAGE["ENTRYPOINT"])
    assert (python, program) == (".venv/bin/python", "manage.py")
    parse(json.loads(IMAGE["CMD"]))
    assert (ROOT / json.loads(IMAGE["HEALTHCHECK"].partition("CMD ")[2])[1]).is_file()
    named = {word.partition("=")[0] for word in IMAGE["ENV"].split()}
    assert named - OF_PYTHON <= known_variables()


def test_nothing_but_the_program_goes_into_the_image(tmp_path):
    for path in context():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    names = {path.name for path in tmp_path.rglob("*")}
    assert not [name for name in names if name == "tests" or name.startswith((".env", ".git"))]
    assert not {"var", "docs", "benchmarks"} & names
    done = subprocess.run(
        [sys.executable, "-c", LOAD_ALL],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "TUNIX_VAR": str(tmp_path / "var"),
            "PYTHONPATH": str(tmp_path / "client" / "src"),  # as manage.py has it
            "DJANGO_SETTINGS_MODULE": "tunix_site.settings",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for app in apps.get_app_configs():
        if Path(app.path).parent == ROOT:
            assert (tmp_path / app.label / "migrations").is_dir() or app.label in WITHOUT_TABLES


def context() -> Iterator[Path]:
    """Give the files that .dockerignore lets into the image, as git knows them."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = [rule[1:] for rule in rules if rule.startswith("!")]
    kept_out = [rule.removeprefix("**/") for rule in rules[1:] if not rule.startswith("!")]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for path in map(Path, listed.stdout.splitlines()):
        is_in = any(path == Path(rule) or path.is_relative_to(rule) for rule in let_in)
        is_out = any(fnmatch.fnmatch(part, rule) for part in path.parts for rule in kept_out)
        if is_in and not is_out and (ROOT / path).is_file():
            yield path


def is_healthy(port: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, DEPLOY / "is_healthy.py"],
        env={"PATH": os.environ["PATH"], "PORT": str(port), "http_proxy": "http://192.0.2.1:1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.live
def test_the_health_check_of_the_image_asks_the_server(site):
    assert is_healthy(site.port).returncode == 0
    nobody = is_healthy(free_port())
    assert (nobody.returncode, nobody.stderr[:15]) == (1, "Nobody answers:")


COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("migrate", "web", "worker")


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_what_there_is_with_variables_that_are_documented(name):
    parse(SERVICES[name]["command"])
    assert set(SERVICES[name]["environment"]) <= known_variables()


def test_every_secret_comes_from_outside_and_is_asked_for():
    environments = {name: service["environment"] for name, service in SERVICES.items()}
    secrets = {
        f"{service} {name}": str(value)
        for service, environment in environments.items()
        for name, value in environment.items()
        if SECRET.search(name)
    }
    assert len(secrets) == 1 + 2 * len(OURS)
    assert [name for name, value in secrets.items() if not GIVEN.search(value)] == []


def test_services_start_in_the_order_of_what_they_need():
    def needs(name: str) -> dict[str, str]:
        return {need: how["condition"] for need, how in SERVICES[name]["depends_on"].items()}

    assert needs("migrate") == {"database": "service_healthy"}
    assert needs("web") == needs("worker") == {"migrate": "service_completed_successfully"}
    assert SERVICES["migrate"]["restart"] == "no"
    assert "healthcheck" in SERVICES["database"]


def test_data_outlives_its_container_and_only_this_machine_can_connect():
    variables = dict(word.split("=") for word in IMAGE["ENV"].split())
    assert f"web:{variables['TUNIX_VAR']}" in SERVICES["web"]["volumes"]
    assert set(COMPOSE["volumes"]) == {
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    }
    assert "ports" not in SERVICES["database"]
    [port] = SERVICES["web"]["ports"]
    assert port.startswith("127.0.0.1:")
    assert port.endswith(f":{variables['PORT']}")


@pytest.mark.skipif(shutil.which("docker-compose") is None, reason="there is no docker-compose")
@pytest.mark.parametrize("missing", ["POSTGRES_PASSWORD", "SECRET_KEY", None])
def test_compose_reads_it_and_refuses_to_start_without_a_secret(tmp_path, missing):
    (tmp_path / "none").touch()
    given = {"POSTGRES_PASSWORD": "letters1", "SECRET_KEY": "x" * 50}
    given.pop(missing, None)
    done = subprocess.run(
        [
            "docker-compose",
            "--env-file",
            tmp_path / "none",
            "--file",
            ROOT / "compose.yaml",
            "config",
        ],
        env={"PATH": os.environ["PATH"], **given},
        capture_output=True,
        text=True,
        check=False,
    )
    if missing is None:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode != 0
        assert "in .env or the environment" in done.stderr
