"""Where a client finds its site and key, and what refusals look like."""

from concurrent.futures import ThreadPoolExecutor

import pytest

import tunix_rt
from faulty_proxy import answer_with
from traces.tests.factories import BodyFactory, TraceFactory
from tunix_rt import (
    ApiError,
    Client,
    Disconnected,
    Forbidden,
    Foreign,
    Invalid,
    Misconfigured,
    NotFound,
    TooLarge,
    Unauthorized,
)
from tunix_rt.results import Built

pytestmark = [pytest.mark.live, pytest.mark.django_db(transaction=True)]


def test_the_site_is_healthy(client):
    assert client.health()["status"] == "healthy"


def test_address_and_key_come_from_the_environment(site, transactional_db, key_of, monkeypatch):
    monkeypatch.setenv("TUNIX_URL", site.url)
    monkeypatch.setenv("TUNIX_API_KEY", f"{key_of('reader')}\n")  # as $(cat key) may leave it
    with Client(trust_env=False) as client:
        assert list(client.traces.list()) == []


def test_an_address_under_a_path_is_kept(site):
    with Client(f"{site.url}/below/", "key", trust_env=False) as client, pytest.raises(NotFound):
        client.health()


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://a.example.org", "http://", "::"])
def test_what_is_no_address_is_refused(url, monkeypatch):
    monkeypatch.delenv("TUNIX_URL", raising=False)
    with pytest.raises(Misconfigured, match=r"Say where the site is|is no address"):
        Client(url, "key")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/api", "https://a.example.org/api/"])
def test_an_address_that_goes_on_to_the_routes_is_refused(url):
    with pytest.raises(Misconfigured, match="ends in /api: give the address before that"):
        Client(url, "key")


@pytest.mark.parametrize("key", ["käse", "a\nb"])
def test_what_is_no_key_is_refused_and_not_shown(key):
    with pytest.raises(Misconfigured, match=r"^The key holds characters that no key has\.$"):
        Client("http://127.0.0.1", key)


def test_a_proxy_that_the_environment_names_counts_unless_told(site, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    with Client(site.url, "key", trust_env=False) as client:
        assert client.health()["status"] == "healthy"
    none = tunix_rt.Retries(times=0)
    with Client(site.url, "key", retries=none) as client, pytest.raises(Disconnected):
        client.health()


def test_a_wrong_key_and_none_say_what_to_give(site, transactional_db):
    for key in ("wrong", ""):
        with (
            Client(site.url, key, trust_env=False) as client,
            pytest.raises(Unauthorized, match=r"401 .*TUNIX_API_KEY") as raised,
        ):
            list(client.traces.list())
        assert "wrong" not in str(raised.value)


def test_a_role_that_may_not_is_told_which_may(client_of):
    with pytest.raises(Forbidden, match=r"POST /api/datasets/build: 403 .*needs the role curator"):
        client_of("reader").datasets.build("set", "1")


def test_errors_name_the_field(client):
    with pytest.raises(Invalid) as raised:
        client.traces.create({**BodyFactory(), "prompt": 17, "steps": [{"i": 0}], "odd": 1})
    fields = {problem.field for problem in raised.value.errors}
    assert fields == {"odd", "prompt", "steps.0.type", "steps.0.content"}
    assert "prompt: Not a string." in str(raised.value)
    assert "and 1 more" in str(raised.value)
    assert raised.value.body["prompt"] == ["Not a string."]
    assert raised.value.request_id


def test_too_much_at_once_is_said_to_be(client):
    with pytest.raises(TooLarge, match=r"413 .*Send less at once"):
        client.traces.create(BodyFactory(meta={"x": "x" * 1024**2}))


def test_what_is_not_there_is_not_found(client):
    with pytest.raises(NotFound, match=r"GET /api/datasets/nobody-1/manifest: 404 .*nobody-1"):
        client.datasets.manifest("nobody-1")
    with pytest.raises(ApiError, match=r"POST /api/traces/x/score: 404"):
        client.traces.score("x")


def test_keys_that_a_later_version_adds_are_there(harmed, proxy):
    proxy.faults.append(answer_with(b'{"dataset_key": "set-1", "added_later": [1]}', 201))
    built: Built = harmed.datasets.build("set", "1")
    assert built == {"dataset_key": "set-1", "added_later": [1]}


def test_another_server_than_a_site_is_told_apart(harmed, proxy):
    page = answer_with(b"<html>welcome</html>", Content_Type="text/html")
    proxy.faults += [page] * 4
    asked = (
        lambda: harmed.traces.get("x"),
        lambda: harmed.traces.create({}),
        lambda: harmed.traces.update("x"),
        lambda: next(harmed.jobs.errors("x")),
    )
    for ask in asked:
        with pytest.raises(Foreign, match=r"no Tunix RT; check the address\.$"):
            ask()


@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_is_not_compressed_as_it_says_is_of_another_server(harmed, proxy, status):
    proxy.faults.append(answer_with(b"plain", status, Content_Encoding="gzip"))
    with pytest.raises(Foreign):
        harmed.traces.get("x")


def test_threads_share_a_client(client):
    ids = [str(trace.pk) for trace in TraceFactory.create_batch(8)]
    with ThreadPoolExecutor(8) as pool:
        assert [trace["id"] for trace in pool.map(client.traces.get, ids)] == ids
