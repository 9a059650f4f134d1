"""Who may do what on the routes of traces."""

import pytest

from traces.models import Trace
from traces.tests.factories import BodyFactory, TraceFactory
from tunix_site.models import ApiKey, Role

pytestmark = pytest.mark.django_db

# Method, path, body and the least role.
ROUTES = [
    ("get", "/api/traces", None, Role.READER),
    ("head", "/api/traces", None, Role.READER),
    ("options", "/api/traces", None, Role.READER),
    ("get", "/api/traces/{id}", None, Role.READER),
    ("head", "/api/traces/{id}", None, Role.READER),
    ("options", "/api/traces/{id}", None, Role.READER),
    ("get", "/api/traces/{id}/scores", None, Role.READER),
    ("get", "/api/traces/compare?base={id}&other={id}", None, Role.READER),
    ("post", "/api/traces", BodyFactory(), Role.WRITER),
    ("post", "/api/traces/batch", [BodyFactory()], Role.WRITER),
    ("patch", "/api/traces/{id}", {"status": "approved"}, Role.CURATOR),
    ("post", "/api/traces/{id}/score", {"criteria": "baseline"}, Role.CURATOR),
    ("delete", "/api/traces/{id}", None, Role.CURATOR),
]
ROLES = list(Role)


def call(client, method, path, body, identity):
    options = {} if body is None else {"data": body, "format": "json"}
    return getattr(client, method)(path.format(id=identity), **options)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path", "body", "least"), ROUTES)
def test_a_role_may_what_it_includes(client_as, method, path, body, least, role):
    trace = TraceFactory()
    response = call(client_as(role), method, path, body, trace.id)
    if ROLES.index(role) >= ROLES.index(least):
        assert response.status_code in (200, 201, 204)
    else:
        assert response.status_code == 403
        assert response.json() == {"detail": f"This needs the role {least}."}
        assert list(Trace.objects.values_list("status", flat=True)) == ["unreviewed"]


@pytest.mark.parametrize("path", ["/api/traces/nothing", "/api/traces/nothing/score"])
def test_a_role_is_asked_for_before_anything_is_looked_up(reader, path):
    method = reader.delete if path.endswith("nothing") else reader.post
    assert method(path, {"nonsense": 1}, format="json").status_code == 403


@pytest.mark.parametrize(("method", "path", "body", "least"), ROUTES)
def test_nothing_answers_without_a_key(client, method, path, body, least):
    trace = TraceFactory()
    options = {} if body is None else {"data": body, "content_type": "application/json"}
    response = getattr(client, method)(path.format(id=trace.id), **options)
    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="Tunix RT"'
    assert Trace.objects.count() == 1


@pytest.mark.parametrize(
    "header",
    [
        "Token",
        "Token nonsense",
        "Token a b",
        "Bearer",
        "Bearer {key} b",
        "{key}",
        "Token é",
        "Basic x",
    ],
)
def test_a_key_must_be_a_good_one(client, django_user_model, header):
    user = django_user_model.objects.create(username="somebody", is_superuser=True)
    _, key = ApiKey.objects.issue(user=user, name="test", role=Role.TRAINER)
    assert client.get("/api/traces", headers={"Authorization": f"Token {key}"}).status_code == 200
    response = client.get("/api/traces", headers={"Authorization": header.format(key=key)})
    assert response.status_code == 401


def test_a_key_holds_its_user_under_its_role(client, django_user_model):
    user = django_user_model.objects.create(username="somebody", is_superuser=True)
    _, key = ApiKey.objects.issue(user=user, name="test", role=Role.READER)
    headers = {"Authorization": f"Token {key}"}
    url = f"/api/traces/{TraceFactory().id}"
    assert client.get(url, headers=headers).status_code == 200
    assert client.delete(url, headers=headers).status_code == 403
