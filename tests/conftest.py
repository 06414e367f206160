"""Fixtures that all tests share."""

import os

import pytest
from hypothesis import settings

from tests.depth import DEEP
from tests.postgres_server import NoPostgresError, RealPostgres
from tools.prometheus_binary import NoPrometheusError, PrometheusBinary, at, default

# Before anything imports them, so that their assertions tell what they compared.
pytest.register_assert_rewrite("tests.contracts.store", "tests.contracts.notifier")

# Whether something is fast is for the benchmarks to say, never for a test on a busy machine.
settings.register_profile("quick", deadline=None, max_examples=30)
settings.register_profile("deep", deadline=None)
settings.load_profile("deep" if DEEP else "quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for real servers begins first, so that at the end nobody waits for it alone."""
    items.sort(key=lambda item: item.get_closest_marker("prometheus") is None)


@pytest.fixture(scope="session")
def prometheus_binary(request: pytest.FixtureRequest) -> PrometheusBinary:
    """A real Prometheus; with `every_prometheus` each version. On a laptop without one: skip."""
    place = getattr(request, "param", None)
    try:
        return at(place) if place else default()
    except NoPrometheusError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgres():
    """A real PostgreSQL, started once. On a laptop without one: skip."""
    try:
        server = RealPostgres()
    except NoPostgresError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    with server:
        yield server
