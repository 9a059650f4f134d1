"""The database after a test that commits."""

import pytest
from django.contrib.auth.models import Group, Permission, User

from tunix_site.models import Role
from tunix_site.tests.emptied import empty
from tunix_site.tests.people import give_role

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_is_what_the_migrations_left():
    give_role(User.objects.create_user("ann"), Role.CURATOR)
    Group.objects.create(name="night shift").permissions.set(Permission.objects.all()[:1])
    Group.objects.filter(name=Role.READER).update(name="renamed")
    Group.objects.get(name=Role.WRITER).delete()
    empty()
    assert not User.objects.exists()
    assert set(Group.objects.values_list("name", flat=True)) == set(Role.values)
    assert not Group.permissions.through.objects.exists()
