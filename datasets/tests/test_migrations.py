"""What datasets of earlier versions become."""

import pytest
from django.core.management import call_command

from datasets.models import Dataset
from datasets.tests.factories import DatasetFactory
from traces.tests.factories import TraceFactory


@pytest.mark.django_db(transaction=True)
def test_a_dataset_of_before_keeps_its_parent_and_is_what_it_was():
    TraceFactory.create_batch(3)
    DatasetFactory(name="parent", recipe__limit=2)
    DatasetFactory(name="child", parent_key="parent-1")
    columns = [field.attname for field in Dataset._meta.concrete_fields]
    before = list(Dataset.objects.values(*columns))
    try:
        call_command("migrate", "datasets", "0002", verbosity=0)
    finally:
        call_command("migrate", verbosity=0)
    after = list(Dataset.objects.values(*columns))
    limited = before[1]  # of which nobody counted then how many matched
    assert limited.pop("matched_count") == 3
    assert after[1].pop("matched_count") is None
    assert after == before
    assert Dataset.objects.get(key="child-1").parent_dataset_id == "parent-1"
