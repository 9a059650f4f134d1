"""What REST framework refuses, told with what would have been right."""

import pytest

pytestmark = pytest.mark.django_db

HOW = '(curl -H "Content-Type: application/json" --data-binary @FILE).'


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("put", "/api/traces/import", "not allowed here, only POST. `curl -T` sends PUT: add"),
        ("put", "/api/traces", "PUT is not allowed here, only GET, POST."),
        ("patch", "/api/traces", "only GET, POST. POST /api/traces/bulk changes all traces that"),
        ("delete", "/api/traces", "One at a time is deleted, by its id; POST /api/traces/bulk"),
        ("post", "/api/datasets", "POST is not allowed here, only GET."),
        ("patch", "/api/health", "PATCH is not allowed here, only GET."),
    ],
)
def test_a_method_that_is_not_there_names_those_that_are(curator, method, path, said):
    response = getattr(curator, method)(path, {}, format="json")
    assert response.status_code == 405
    assert said in response.json()["detail"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("text/plain", f"The body must be application/json, not text/plain {HOW}"),
        ("", f"The body must be application/json, and Content-Type names none {HOW}"),
        (
            "application/x-www-form-urlencoded",
            f"The body came as a form; here the file itself is the body, as application/json {HOW}",
        ),
        ("x" * 5_000, f"The body must be application/json, not {'x' * 100} {HOW}"),
    ],
)
def test_another_type_names_the_one_that_is_read(curator, kind, said):
    response = curator.generic("POST", "/api/traces", "{}", content_type=kind)
    assert (response.status_code, response.json()) == (415, {"detail": said})


@pytest.mark.parametrize(
    ("path", "offered"),
    [
        ("/api/traces", "application/json or text/html"),
        ("/metrics", "text/plain"),
        ("/api/health", "application/json"),
    ],
)
def test_an_accept_that_cannot_be_met_names_what_there_is(curator, path, offered):
    response = curator.get(path, headers={"Accept": "application/xml"})
    assert response.status_code == 406
    assert response.json() == {
        "detail": f"The answer is {offered}; `Accept` names nothing of it.",
    }


def test_what_is_not_there_is_told_in_our_words(curator):
    response = curator.get("/api/jobs/00000000-0000-7000-8000-000000000000")
    assert (response.status_code, response.json()) == (404, {"detail": "Not found."})
