"""Who may ask a route: nobody without a key, and each role what the table says."""

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from datasets.models import Dataset
from tests.routes import GETS, KEYED, OF_SUPERUSERS, PAGES, ROUTES, is_detail, routes, success
from traces.models import Trace
from tunix_site import __version__

pytestmark = pytest.mark.django_db

RANKS = ["reader", "writer", "curator", "trainer"]
ROLES = {
    **dict.fromkeys([("get", path) for path in GETS], "reader"),
    ("get", "/api/events"): "curator",
    ("post", "/api/traces"): "writer",
    ("post", "/api/traces/batch"): "writer",
    ("post", "/api/traces/import"): "writer",
    ("post", "/api/traces/bulk"): "curator",
    ("post", "/api/traces/bulk-delete"): "trainer",  # and a superuser
    ("patch", "/api/traces/{id}"): "curator",
    ("delete", "/api/traces/{id}"): "curator",
    ("post", "/api/traces/{id}/score"): "curator",
    ("post", "/api/traces/score-all"): "curator",
    ("post", "/api/scores/batch"): "curator",
    ("post", "/api/rewards/preview"): "reader",
    ("post", "/api/preferences"): "curator",
    ("post", "/api/queues"): "curator",
    ("patch", "/api/queues/{id}"): "curator",
    ("delete", "/api/queues/{id}"): "curator",
    ("post", "/api/queues/{id}/next"): "curator",
    ("post", "/api/claims/{id}/renew"): "curator",
    ("delete", "/api/claims/{id}"): "curator",
    ("post", "/api/reviews/{id}/undo"): "curator",
    ("post", "/api/filters"): "reader",
    ("delete", "/api/filters/{id}"): "reader",
    ("put", "/api/columns"): "reader",
    ("delete", "/api/preferences/{id}"): "curator",
    ("post", "/api/traces/{id}/reviews"): "curator",
    ("post", "/api/traces/{id}/correct"): "curator",
    ("post", "/api/datasets/build"): "curator",
    ("post", "/api/datasets/preview"): "reader",
    ("delete", "/api/datasets/{key}"): "curator",
    ("post", "/api/evalsets"): "curator",
    ("post", "/api/evalsets/from-dataset"): "curator",
    ("post", "/api/evalsets/generate"): "curator",
    ("delete", "/api/evalsets/{key}"): "curator",
    ("delete", "/api/jobs/{id}"): "reader",
    ("post", "/api/jobs/{id}/undo"): "curator",
}


@routes(KEYED)
def test_nothing_is_answered_without_a_key(world, route):
    for key in (
        None,
        "",
        "Token",
        "Token unknown",
        "Token a b",
        "Token \xff",
        "Bearer x",
        "Basic x",
    ):
        client = APIClient()
        if key is not None:
            client.credentials(HTTP_AUTHORIZATION=key)
        response = world.call(client, route)
        assert response.status_code == 401
        assert response["WWW-Authenticate"] == 'Bearer realm="Tunix RT"'
        assert is_detail(response)
    assert Trace.objects.count() == 2
    assert Dataset.objects.existing().count() == 1


@pytest.mark.parametrize("path", PAGES)
def test_no_page_is_shown_without_a_key(client, path):
    assert client.get(path).status_code == 401


def test_people_who_open_the_docs_are_asked_to_log_in(client):
    response = client.get("/api/docs", headers={"Accept": "text/html,*/*"})
    assert response.status_code == 302
    assert response["Location"] == "/api-auth/login/?next=/api/docs"


def test_health_needs_no_key(client):
    response = client.get("/api/health")
    assert response.status_code == 200
    assert response.json() == {"status": "healthy", "database": "ok", "version": __version__}


def test_the_table_of_roles_is_complete():
    assert set(ROLES) == set(ROUTES)


@routes(KEYED)
def test_each_role_may_what_the_table_says(client_as, world, route):
    needed = RANKS.index(ROLES[route])
    for role in RANKS[:needed]:
        response = world.call(client_as(role), route)
        assert response.status_code == 403
        assert response.json() == {"detail": f"This needs the role {ROLES[route]}."}
    assert Trace.objects.count() == 2
    assert Dataset.objects.existing().count() == 1
    assert world.call(client_as(RANKS[needed]), route).status_code == success(route)


@routes([route for route in KEYED if route not in OF_SUPERUSERS])
def test_a_user_without_a_role_may_nothing(client_as, world, route):
    client = client_as("trainer")
    User.groups.through.objects.all().delete()
    assert world.call(client, route).status_code == 403


@routes(KEYED)
def test_a_superuser_may_all(client_as, world, route):
    client = client_as("trainer")
    User.groups.through.objects.all().delete()
    User.objects.update(is_superuser=True)
    assert world.call(client, route).status_code == success(route)
