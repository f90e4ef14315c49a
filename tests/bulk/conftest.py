"""What the tests of bulk runs share: an emulator, and a PostgreSQL where the machine has one."""

from collections.abc import Iterator

import pytest

from fakes.postgres import MISSING, Cluster, binaries, cluster
from fakes.surroundings import JOURNEY_KEY
from weryai.emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """An emulator whose tasks end almost at once."""
    with Emulator(
        video="fixed", waiting=0.02, processing=0.02, concurrency=None, balance=100_000, key=JOURNEY_KEY
    ) as running:
        yield running


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
