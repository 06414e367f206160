"""A server of a hundred thousand targets is read, whole and pool by pool, and the answer is right."""

from datetime import UTC, datetime

import pytest

from tests.adapters.prometheus_answers import Answers, a_server, a_target
from tests.depth import DEEP
from watcher.adapters.prometheus.observer import Prometheus
from watcher.model.expectations import ExpectedServer
from watcher.model.names import ServerName
from watcher.model.observations import ServerObservation
from watcher.settings import HttpSettings

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
POOLS = 100
EACH = 1000 if DEEP else 30
ILL = {"pool-7": 3, "pool-42": EACH}
"""How many targets of these pools are down."""


def targets():
    for pool in range(POOLS):
        name = f"pool-{pool}"
        for number in range(EACH):
            ill = number < ILL.get(name, 0)
            yield a_target(name, number, "down" if ill else "up", "refused" if ill else "")


@pytest.mark.parametrize("full_up_to", [10**6, 10], ids=["at once", "pool by pool"])
def test_every_target_of_a_great_server_is_counted(full_up_to):
    with Answers(a_server(*targets())) as answers:
        server = ExpectedServer(name=ServerName("prometheus-0"), url=answers.url)
        observer = Prometheus(HttpSettings(timeout="60s"), full_targets_up_to=full_up_to)
        found = observer.observe(server, NOW)

    assert isinstance(found, ServerObservation)
    assert {name: (pool.active, pool.down) for name, pool in found.pools.items()} == {
        f"pool-{number}": (EACH, ILL.get(f"pool-{number}", 0)) for number in range(POOLS)
    }
