"""An evaluation set never changes after it is made, whoever tries."""

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from evalsets.models import EvalItem, EvalSet
from evalsets.tests.factories import EvalSetFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def evalset() -> EvalSet:
    return EvalSetFactory(name="sums")


def refused(change) -> None:
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        change()


@pytest.mark.parametrize(
    "change",
    [
        {"key": "other-1"},
        {"name": "other"},
        {"version": "2"},
        {"answer_type": "text"},
        {"license": "MIT"},
        {"parent": "x-1"},
        {"parent_split": "x"},
        {"generator": {"family": "x"}},
        {"item_count": 5},
        {"digest": ""},
        {"created_at": "2020-01-01T00:00:00Z"},
    ],
)
def test_what_a_set_is_cannot_be_updated(evalset, change):
    refused(lambda: EvalSet.objects.update(**change))


@pytest.mark.parametrize(
    "change", [{"position": 9}, {"item_id": "x"}, {"prompt": "x"}, {"expected_answer": "x"}]
)
def test_items_cannot_be_updated(evalset, change):
    refused(lambda: EvalItem.objects.filter(position=0).update(**change))


def test_items_are_neither_added_nor_taken_away(evalset):
    new = EvalItem(evalset=evalset, position=9, item_id="9", prompt="?", prompt_hash=f"{'0' * 32}")
    refused(lambda: new.save())
    refused(lambda: EvalItem.objects.all().delete())
    assert evalset.items.count() == 3


def test_a_deleted_set_neither_comes_back_nor_frees_its_key(curator, evalset):
    curator.delete("/api/evalsets/sums-1")
    refused(lambda: EvalSet.objects.update(deleted_at=None))
    refused(lambda: EvalSet.objects.all().delete())


def test_it_stays_when_its_maker_is_deleted(evalset):
    User.objects.filter(pk=evalset.created_by_id).delete()
    evalset.refresh_from_db()
    assert (evalset.created_by, evalset.items.count()) == (None, 3)
