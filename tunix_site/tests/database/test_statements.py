"""Queries that are compiled once."""

import pytest
from django.contrib.auth.models import Group
from django.db.models import IntegerField

from traces.models import Trace
from traces.tests.factories import TraceFactory
from tunix_site.database.statements import Parameter, Statement

pytestmark = pytest.mark.django_db


def test_a_statement_is_run_with_other_values_each_time(django_assert_num_queries):
    for name in ("a", "b"):
        Group.objects.create(name=name)
    named = Group.objects.filter(name=Parameter("name")).values("name")
    statement = Statement.of(named)
    with django_assert_num_queries(3):
        found = [statement.rows({"name": name}) for name in ("a", "b", "%s' OR ''='")]
    assert found == [[("a",)], [("b",)], []]


def test_what_is_no_parameter_stays_as_it_is():
    Group.objects.create(name="100 %")
    groups = Group.objects.filter(name__contains="0 %", pk__gt=Parameter("least"))
    statement = Statement.of(groups.values_list("name"))
    assert statement.rows({"least": 0}) == [("100 %",)]
    assert statement.rows({"least": 2**31 - 1}) == []


def test_a_parameter_may_stand_inside_json():
    trace = TraceFactory(tags=["a", "b"], meta={"kind": {"n": 1}})
    tagged = Trace.objects.filter(
        tags__contains=[Parameter("tag")], meta__contains={"kind": {"n": Parameter("n")}}
    )
    statement = Statement.of(tagged.values("pk"))
    assert statement.rows({"tag": "a", "n": 1}) == [(trace.pk,)]
    assert statement.rows({"tag": "c", "n": 1}) == []
    assert statement.rows({"tag": "a", "n": "1"}) == []


def test_a_parameter_may_be_shown_as_a_column():
    groups = Group.objects.annotate(number=Parameter("number", IntegerField()))
    Group.objects.create(name="a")
    statement = Statement.of(groups.filter(name="a").values_list("number"))
    assert statement.rows({"number": 7}) == [(7,)]


def test_each_parameter_needs_a_value():
    statement = Statement.of(Group.objects.filter(name=Parameter("name")))
    with pytest.raises(KeyError, match="name"):
        statement.rows({})


def test_rows_are_read_as_the_models_own():
    trace = TraceFactory(tags=["a"], meta={"large": 1e300}, messages=None)
    statement = Statement.of(Trace.objects.filter(pk=Parameter("id")).order_by())
    (found,) = statement.instances(Trace, {"id": trace.pk})
    stored = Trace.objects.get(pk=trace.pk)
    names = [field.attname for field in Trace._meta.concrete_fields]
    assert [getattr(found, name) for name in names] == [getattr(stored, name) for name in names]
    assert type(found.meta["large"]) is float
    assert found == stored
    assert not found._state.adding
    found.tags = ["b"]
    found.save()
    assert Trace.objects.get(pk=trace.pk).tags == ["b"]
