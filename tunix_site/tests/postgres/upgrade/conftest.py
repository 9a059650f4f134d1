import pytest

from tunix_site.tests.postgres.upgrade import clusters


@pytest.fixture(scope="session")
def made_by_16(tmp_path_factory):
    """A cluster of 16 that holds something; to be copied."""
    var_dir = tmp_path_factory.mktemp("sixteen")
    clusters.make(var_dir)
    return var_dir


@pytest.fixture
def var_dir(made_by_16, tmp_path):
    return clusters.copy(made_by_16, tmp_path / "var")
