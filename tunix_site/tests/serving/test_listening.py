"""Where the server listens: HOST, IPv6, every address, and who is refused all the same."""

import subprocess
import sys

import httpx
import pytest

from tunix_site.serving.listening import notes, url_of
from tunix_site.serving.processes import child_process
from tunix_site.serving.server_process import free_port
from tunix_site.tests.live import MANAGE, environment_for, url_of_database, wait_until

LOCAL = ["localhost", "127.0.0.1", "[::1]"]


def status(url: str) -> int | None:
    try:
        return httpx.get(f"{url}/api/traces", trust_env=False).status_code
    except httpx.TransportError:
        return None


@pytest.mark.live
@pytest.mark.parametrize(
    ("host", "by_ipv4", "by_ipv6"),
    [("127.0.0.1", 401, None), ("0.0.0.0", 401, None), ("[::1]", None, 401), ("::", 401, 401)],
)
def test_it_listens_where_host_says(transactional_db, tmp_path, host, by_ipv4, by_ipv6):
    port, printed = free_port(), tmp_path / "printed"
    environment = environment_for(
        url_of_database(), TUNIX_VAR=str(tmp_path), HOST=host, PORT=str(port)
    )
    environment.pop("ALLOWED_HOSTS", None)
    command = [sys.executable, str(MANAGE), "serve", "--no-setup", "--no-workers"]
    with (
        printed.open("wb") as output,
        child_process(command, env=environment, stdout=output, stderr=subprocess.STDOUT) as process,
    ):
        ipv4, ipv6 = f"http://127.0.0.1:{port}", f"http://[::1]:{port}"
        wait_until(lambda: bool(status(ipv4) or status(ipv6)) or process.poll() is not None)
        assert (status(ipv4), status(ipv6)) == (by_ipv4, by_ipv6), printed.read_text()
    said = printed.read_text()
    assert f"Serving on {ipv4 if by_ipv4 and host != '::' else ipv6}/api/\n" in said
    assert ("every address" in said) == (host in ("0.0.0.0", "::"))
    assert ("answered 400" in said) == (host in ("0.0.0.0", "::"))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("traces.example.org", "http://traces.example.org:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("0:0:0:0:0:0:0:0", "http://[::1]:80"),
        ("2001:db8::1", "http://[2001:db8::1]:80"),
    ],
)
def test_the_url_is_one_that_this_machine_can_use(host, url):
    assert url_of(host, 80) == url


@pytest.mark.parametrize(
    ("host", "allowed", "said"),
    [
        ("127.0.0.1", LOCAL, []),
        ("::1", LOCAL, []),
        ("localhost", LOCAL, []),
        ("192.0.2.1", LOCAL, ["Other machines"]),
        ("traces.example.org", LOCAL, ["Other machines"]),
        ("192.0.2.1", [*LOCAL, "192.0.2.1"], []),
        ("0.0.0.0", LOCAL, ["It listens", "Other machines"]),
        ("::", ["traces.example.org"], ["It listens"]),
        ("::", ["*"], ["It listens"]),
    ],
)
def test_what_may_surprise_is_said(host, allowed, said):
    assert [" ".join(note.split()[:2]) for note in notes(host, allowed)] == said
