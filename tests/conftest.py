"""Fixtures that all tests share."""

import os

import pytest

from tools.prometheus_binary import NoPrometheusError, PrometheusBinary, at, default


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
