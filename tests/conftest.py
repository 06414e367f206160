"""Fixtures that all tests share."""

import os

import pytest

from tools.prometheus_binary import NoPrometheusError, PrometheusBinary, at, default

# Before anything imports them, so that their assertions tell what they compared.
pytest.register_assert_rewrite("tests.contracts.store", "tests.contracts.notifier")


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
