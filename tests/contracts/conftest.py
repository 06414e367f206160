"""What the contract tests share."""

import os

import pytest

from tests.postgres_server import NoPostgresError, RealPostgres


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
