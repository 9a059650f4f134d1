"""A client that openapi-python-client made from the OpenAPI document, at a real server."""

import json
import subprocess

import pytest

from tests.pages import ROOT
from tests.routes import DOCUMENT

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]

MAKER = ROOT / ".venv-openapi"
SECONDS = 300


@pytest.fixture
def package(tmp_path):
    """Make the client; a warning fails it, and nothing in it is changed."""
    if not (MAKER / ".ready").exists():
        pytest.skip("the environment is missing: `make check-openapi` makes it")
    document, made = tmp_path / "schema.json", tmp_path / "made"
    document.write_text(json.dumps(DOCUMENT, default=str))
    run("openapi-python-client", "generate", "--path", document, "--output-path", made,
        "--fail-on-warning")  # fmt: skip
    return made


def run(program: str, *arguments, cwd=ROOT) -> str:
    path = f"{MAKER / 'bin'}:/usr/bin:/bin"  # where the maker finds its formatter
    done = subprocess.run(
        [MAKER / "bin" / program, *map(str, arguments)],
        cwd=cwd,
        env={"PATH": path, "NO_PROXY": "127.0.0.1", "PYTHONPATH": str(cwd)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_creates_batches_imports_lists_builds_and_downloads(package, site, key_of):
    program = ROOT / "tests" / "generated_client.py"
    said = json.loads(run("python", program, site.url, key_of("curator"), cwd=package))
    assert said["imported"] == [1, 1]
    assert said["errors"] == ["answer"]
    assert said["approved"] == [said["created"]]
    newest_first = [*reversed(said["batch"]), said["created"]]
    assert said["listed"] == [3, newest_first[:2]]
    assert said["manifest"] == said["exported"] == newest_first
    assert said["job"] == "bulk"
    assert said["refused"] == {"limit": ["Ensure this value is greater than or equal to 1."]}


def test_it_has_a_function_for_every_operation(package):
    made = {path.stem for path in package.glob("tunix_rt_client/api/*/*.py")}
    documented = {
        operation["operationId"]
        for operations in DOCUMENT["paths"].values()
        for operation in operations.values()
    }
    assert made - {"__init__"} == documented
