"""Settings: a bad value stops the start with a sentence; production's are safe."""

import os
import runpy
import stat
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tunix_site.serving.only_server import only_server
from tunix_site.serving.secret_key import _create, secret_key

MANAGE = str(settings.BASE_DIR / "manage.py")
SERVER = "postgresql://somebody:s3cret@db.example/tunix"
PRODUCTION = {
    "DATABASE_URL": SERVER,
    "SECRET_KEY": "a-key-of-more-than-fifty-characters-0123456789-abcdefghij",
    "ALLOWED_HOSTS": "tunix.example",
    "TUNIX_HTTPS": "1",
}


def environment(**variables: str) -> dict[str, str]:
    ours = ("DATABASE_URL", "SECRET_KEY", "ALLOWED_HOSTS", "DEBUG", "PORT", "LOG_LEVEL", "CSRF_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith((*ours, "TUNIX"))}
    return {**kept, **variables}


def start(*arguments: str, **variables: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment(**variables),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def read(monkeypatch, tmp_path):
    """Read the settings anew with other variables."""

    def read(**variables: str) -> dict:
        for name in set(os.environ) - set(environment()):
            monkeypatch.delenv(name)
        monkeypatch.setenv("TUNIX_VAR", str(tmp_path))
        # a process that serves sets it for the library: take it back afterwards
        monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "")
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "tunix_site" / "settings.py"))

    return read


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"DATABASE_URL": SERVER}, "SECRET_KEY is not set. With DATABASE_URL set it is required"),
        ({"DATABASE_URL": SERVER, "SECRET_KEY": ""}, "SECRET_KEY is not set."),
        ({"DATABASE_URL": "mysql://a:s3cret@b/c"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "sqlite:///x"}, "DATABASE_URL must name a PostgreSQL database"),
        ({"DATABASE_URL": "s3cret"}, "DATABASE_URL cannot be read"),
        ({"DATABASE_URL": "postgresql://a:s3cret@b:port/c"}, "DATABASE_URL cannot be read"),
        ({"PORT": "http"}, "PORT must be a whole number, not 'http'."),
        ({"TUNIX_MAX_BATCH_TRACES": "0"}, "TUNIX_MAX_BATCH_TRACES must be at least 1, not 0."),
        ({"DEBUG": "maybe"}, "DEBUG must be 1 or 0, not 'maybe'."),
        ({"TUNIX_HTTPS": "https"}, "TUNIX_HTTPS must be 1 or 0, not 'https'."),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL must be one of"),
        (
            {"TUNIX_TOKENIZERS": "/nowhere"},
            "TUNIX_TOKENIZERS must name a folder that can be read, not '/nowhere'.",
        ),
    ],
)
def test_a_bad_value_stops_the_start_with_a_sentence(tmp_path, variables, sentence):
    if "DATABASE_URL" in variables and "SECRET_KEY" not in sentence:
        variables = {**variables, "SECRET_KEY": "k" * 50}
    done = start(MANAGE, "version", TUNIX_VAR=str(tmp_path), **variables)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
    assert "s3cret" not in done.stderr
    assert list(tmp_path.iterdir()) in ([], [tmp_path / "secret_key"])


def test_production_has_nothing_to_warn_of():
    done = start(MANAGE, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (done.returncode, done.stdout) == (
        0,
        "System check identified no issues (1 silenced).\n",
    )
    assert done.stderr == ""


def test_debug_is_off_and_https_optional(read):
    values = read()
    assert values["DEBUG"] is False
    assert values["SECURE_SSL_REDIRECT"] is values["SESSION_COOKIE_SECURE"] is False
    assert "SECURE_PROXY_SSL_HEADER" not in values
    assert values["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]


def test_https_closes_every_other_way(read):
    values = read(**PRODUCTION, TUNIX_BEHIND_PROXY="1")
    assert values["SECURE_SSL_REDIRECT"]
    assert values["SESSION_COOKIE_SECURE"]
    assert values["CSRF_COOKIE_SECURE"]
    assert values["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert values["SECURE_PROXY_SSL_HEADER"] == ("HTTP_X_FORWARDED_PROTO", "https")


def test_a_server_named_by_url_is_used(read):
    database = read(**PRODUCTION)["DATABASES"]["default"]
    named = {key: database[key] for key in ("ENGINE", "HOST", "USER", "PASSWORD", "NAME")}
    assert named == {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "db.example",
        "USER": "somebody",
        "PASSWORD": "s3cret",
        "NAME": "tunix",
    }


def test_several_web_processes_count_into_files(read, tmp_path):
    assert read()["METRICS_DIR"] is None
    assert read(TUNIX_WEB_PROCESSES="2")["METRICS_DIR"] == tmp_path / "metrics"


@pytest.mark.parametrize(
    ("variables", "problem"),
    [
        ({"DATABASE_URL": "mysql://a@b/c"}, "PostgreSQL database"),
        ({"DATABASE_URL": "postgresql://a:s3cret@b:port/c"}, "cannot be read"),
        ({"DATABASE_URL": SERVER, "SECRET_KEY": ""}, "SECRET_KEY"),
    ],
)
def test_bad_settings_are_errors_for_any_program(read, variables, problem):
    with pytest.raises(ImproperlyConfigured, match=problem):
        read(**{"SECRET_KEY": "k" * 50, **variables})


def test_reading_settings_starts_and_makes_nothing_but_the_key(read, tmp_path):
    database = read()["DATABASES"]["default"]
    assert database["HOST"].startswith((str(tmp_path), "/tmp/tunix-"))
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_key_is_made_once_and_kept_to_its_owner(read, tmp_path):
    key = read()["SECRET_KEY"]
    path = tmp_path / "secret_key"
    assert (path.read_text(), len(key) >= 50) == (key, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read()["SECRET_KEY"] == key


def test_two_processes_at_once_have_the_same_key(tmp_path):
    show = "from tunix_site import settings; print(settings.SECRET_KEY)"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", show],
            env=environment(TUNIX_VAR=str(tmp_path)),
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    keys = {process.communicate()[0] for process in processes}
    assert len(keys) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_the_key_of_whoever_was_first_counts(tmp_path):
    (tmp_path / "secret_key").write_text("theirs")
    assert _create(tmp_path / "secret_key") == "theirs"
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


def test_a_key_that_can_be_guessed_is_refused(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="shorter than 50"):
        secret_key(given="x" * 49, embedded=False, var_dir=tmp_path)


@pytest.mark.parametrize(
    "keep",
    [
        lambda var_dir: secret_key(given="", embedded=True, var_dir=var_dir),
        lambda var_dir: only_server(var_dir, "http://127.0.0.1:1").__enter__(),
    ],
    ids=["the key", "the lock"],
)
def test_a_folder_that_cannot_be_made_is_named_with_its_setting(tmp_path, keep):
    (tmp_path / "file").touch()
    with pytest.raises(ImproperlyConfigured, match=r"/file/var \(.*\)\. Name .* with TUNIX_VAR\.$"):
        keep(tmp_path / "file" / "var")


def test_no_command_shows_a_traceback_for_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    told = subprocess.run(
        [sys.executable, "manage.py", "list_api_keys"],
        env=environment(TUNIX_VAR=str(tmp_path / "file" / "var"), SECRET_KEY="x" * 50),
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr.startswith("Nothing can be kept under ")
    assert told.stderr.endswith("with TUNIX_VAR.\n")


def test_a_key_that_is_given_is_used_and_none_made(tmp_path):
    ours = "x" * 50
    assert secret_key(given=ours, embedded=True, var_dir=tmp_path / "var") == ours
    assert not (tmp_path / "var").exists()
