"""The units of systemd and the proxies: they name what there is."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from configparser import RawConfigParser
from pathlib import Path

import pytest
from django.conf import settings
from django.urls import resolve

from tests.commands import parse
from tests.pages import ROOT
from tests.routes import ROUTES, TRACE_ID
from tunix_site.serving.server import Server

DEPLOY = ROOT / "deploy"
HARDENED = {
    *["NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "ProtectKernelTunables"],
    *["RestrictSUIDSGID", "LockPersonality", "RestrictNamespaces"],
}


UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMMON = DEPLOY / "systemd" / "tunix-.service.d" / "common.conf"


def section(path: Path, name: str) -> dict[str, str]:
    parser = RawConfigParser(strict=False, delimiters="=")
    parser.optionxform = str
    parser.read_string(path.read_text())
    return dict(parser[name])


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_what_there_is(unit):
    python, program, *arguments = shlex.split(section(unit, "Service")["ExecStart"])
    assert (Path(python).parts[-3:], program) == ((".venv", "bin", "python"), "manage.py")
    parse(arguments)


def test_web_and_workers_start_after_the_migration():
    assert [unit.stem for unit in UNITS] == ["tunix-migrate", "tunix-web", "tunix-worker"]
    for unit in UNITS[1:]:
        needs = section(unit, "Unit")
        assert needs["Requires"] == needs["After"] == "tunix-migrate.service"


def test_the_migration_is_tried_until_the_database_is_there():
    unit = DEPLOY / "systemd" / "tunix-migrate.service"
    service = section(unit, "Service")
    assert (service["Restart"], service["RestartSec"]) == ("on-failure", "5")
    assert section(unit, "Unit")["StartLimitIntervalSec"] == "0"


def test_units_may_write_their_own_folder_alone_and_hold_no_secret():
    common = section(COMMON, "Service")
    assert {name for name in HARDENED if common.get(name) != "yes"} == set()
    assert (common["ProtectSystem"], common["CapabilityBoundingSet"]) == ("strict", "")
    assert common["User"] != "root"
    assert common["Environment"] == f"TUNIX_VAR=/var/lib/{common['StateDirectory']}"
    assert "EnvironmentFile" in common


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze")
def test_systemd_takes_the_units(tmp_path):
    folder = shutil.copytree(DEPLOY / "systemd", tmp_path / "units")
    for unit in folder.glob("*.service"):  # it looks whether the program is there
        unit.write_text(unit.read_text().replace("/srv/tunix/.venv/bin/python", sys.executable))
    command = ["systemd-analyze", "verify", *map(str, folder.glob("*.service"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


NGINX = (DEPLOY / "nginx.conf").read_text()


def locations(path: str) -> list[str]:
    """Give the blocks of the locations by pattern that a path falls under."""
    blocks = re.findall(r"location ~ (\S+) \{(.*?)\n    \}", NGINX, flags=re.DOTALL)
    return [block for pattern, block in blocks if re.search(pattern, path)]


def streaming() -> Iterator[tuple[str, str]]:
    """Give the routes that may hold a thread for long: method and path."""
    for method, path in ROUTES:
        named = re.sub(r"\{\w+\}", TRACE_ID, path)
        view = resolve(named).func
        if getattr(view, "actions", {}).get(method, method) in view.cls.streams:
            yield method, named


STREAMING = sorted(streaming())
SENT = [path for method, path in STREAMING if method == "post"]
GIVEN = [path for method, path in STREAMING if method == "get"]


def test_routes_of_long_requests_and_answers_are_found():
    assert set(SENT) >= {"/api/traces/import", "/api/evalsets"}
    assert set(GIVEN) >= {
        f"/api/datasets/{TRACE_ID}/export.jsonl",
        f"/api/datasets/{TRACE_ID}/bundle.zip",
        "/api/datasets/compare/ids.jsonl",
    }
    assert len(SENT) + len(GIVEN) == len(STREAMING)


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("path", [*SENT, "/admin/import"])
def test_nginx_hands_imports_on_as_they_come(path, end):
    assert resolve(path + end)
    [block] = locations(path + end)
    assert "client_max_body_size 0;" in block
    assert "proxy_request_buffering off;" in block


@pytest.mark.parametrize("end", ["", "/"])
@pytest.mark.parametrize("path", GIVEN)
def test_nginx_keeps_nothing_of_long_answers(path, end):
    assert resolve(path + end)
    [block] = locations(path + end)
    assert "proxy_buffering off;" in block


@pytest.mark.parametrize("path", ["/api/traces", "/api/traces/batch", "/api/datasets", "/admin/"])
def test_nginx_does_nothing_else_to_other_paths(path):
    assert locations(path) == []


def test_nginx_agrees_with_what_the_site_takes():
    [megabytes] = re.findall(r"^    client_max_body_size (\d+)m;", NGINX, flags=re.MULTILINE)
    assert int(megabytes) * 1024**2 == settings.MAX_BATCH_BYTES
    [seconds] = re.findall(r"keepalive_timeout (\d+)s;", NGINX)
    assert int(seconds) < Server(host="127.0.0.1", port=1).cfg.keepalive


@pytest.mark.skipif(
    not (shutil.which("nginx") and shutil.which("openssl")), reason="there is no nginx"
)
def test_nginx_takes_its_file(tmp_path):
    subprocess.run(
        [
            *["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a.example"],
            *["-keyout", tmp_path / "privkey.pem", "-out", tmp_path / "fullchain.pem"],
        ],
        check=True,
        capture_output=True,
    )
    (tmp_path / "site.conf").write_text(NGINX.replace("/etc/ssl/traces.example.org", str(tmp_path)))
    (tmp_path / "nginx.conf").write_text(
        f"pid {tmp_path}/pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; include {tmp_path}/site.conf; }}\n"
    )
    command = ["nginx", "-t", "-e", "stderr", "-c", tmp_path / "nginx.conf"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr


@pytest.mark.skipif(shutil.which("caddy") is None, reason="there is no caddy")
def test_caddy_takes_its_file(tmp_path):
    done = subprocess.run(
        ["caddy", "validate", "--adapter", "caddyfile", "--config", DEPLOY / "Caddyfile"],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
