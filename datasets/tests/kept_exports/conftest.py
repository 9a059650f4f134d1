"""What the tests of kept exports share."""

import pytest

from datasets.tests.factories import SplitDatasetFactory
from traces.tests.factories import TraceFactory


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.EXPORTS_DIR = tmp_path / "exports"
    return settings.EXPORTS_DIR


@pytest.fixture
def dataset():
    TraceFactory.create_batch(40)
    return SplitDatasetFactory()
