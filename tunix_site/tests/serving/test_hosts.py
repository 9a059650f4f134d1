"""Host names: a wrong one is told which setting to set, and the health check answers to any."""

import pytest

pytestmark = pytest.mark.django_db

PATHS = ["/api/traces", "/admin/", "/", "/nowhere", "/api/healthy", "/api/health/x"]
HOSTS = ["evil.example", "<script>alert(1)</script>", "a b", "\u00e9", "x" * 5000, "[::2]:9", "%00"]


@pytest.mark.parametrize("host", HOSTS)
def test_the_health_check_answers_to_any_host(client, host):
    for path in ("/api/health", "/api/health/"):
        response = client.get(path, headers={"Host": host})
        assert (response.status_code, response.json()["status"]) == (200, "healthy")


@pytest.mark.parametrize("path", PATHS)
def test_another_host_is_400_and_names_the_setting_in_json(client, path):
    response = client.get(path, headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "ALLOWED_HOSTS" in response.json()["detail"]


@pytest.mark.parametrize("host", HOSTS)
def test_a_person_reads_a_page_that_quotes_nothing(client, host):
    response = client.get("/admin/", headers={"Host": host, "Accept": "text/html"})
    assert response.status_code == 400
    assert response["Content-Type"].startswith("text/html")
    page = response.content.decode()
    assert "ALLOWED_HOSTS" in page
    assert host not in page


def test_the_log_names_the_setting_and_not_the_host(client, logged):
    for number in range(50):
        client.get("/api/traces", headers={"Host": f"evil{number}.example"})
    lines = [line for line in logged() if line["levelname"] == "WARNING"]
    assert {line["message"] for line in lines} == {
        "a host name was asked for that ALLOWED_HOSTS lacks"
    }
    assert lines[0]["address"] == "127.0.0.1"
    assert 1 <= len(lines) <= 25
    assert not [line for line in lines if "evil" in str(line)]


def test_other_bad_requests_are_as_they_were(client):
    response = client.get("/api/traces", {f"p{number}": 1 for number in range(1500)})
    assert response.status_code in (400, 401)
    assert "ALLOWED_HOSTS" not in response.content.decode()
