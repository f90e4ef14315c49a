"""A PostgreSQL for the tests of bulk runs, where the machine has one."""

from collections.abc import Iterator

import pytest

from fakes.postgres import MISSING, Cluster, binaries, cluster


@pytest.fixture(scope="session")
def server() -> Iterator[Cluster]:
    """A PostgreSQL of these tests' own, started once in each process of the suite."""
    if binaries() is None:
        pytest.skip(MISSING)
    with cluster() as running:
        yield running


@pytest.fixture
def database(server: Cluster) -> str:
    """The address of an empty database."""
    return server.make()
