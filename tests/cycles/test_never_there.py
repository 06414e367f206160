"""A job that never had a target, on every version: before 2.55 it has no scrape pool either."""

import pytest

from tests.replays.staged import API_SERVER, Staged
from tests.rules.raws import NOW
from tests.rules.servers import JOB
from watcher.adapters.kubernetes.api import recorded
from watcher.app import compose
from watcher.app.compose import Glance
from watcher.settings import checked

GAUGE = f'prometheus_sd_discovered_targets{{name="scrape",config="{JOB["job_name"]}"}} 0'


@pytest.mark.parametrize("gauge", ["", GAUGE], ids=["unheard-of", "discovers-nothing"])
@pytest.mark.parametrize(
    ("version", "pools"),
    [("2.42.0", []), ("2.53.3", []), ("2.55.0", [JOB["job_name"]]), ("3.5.3", [JOB["job_name"]])],
)
def test_a_job_that_never_had_a_target_is_dormant(version, pools, gauge, tmp_path):
    entry = {
        "case": "nothing is behind the monitor",
        "without": ["Service shop/web", "Endpoints shop/web", "EndpointSlice shop/web-x1"],
        "server": {"version": version, "pools": pools, "metrics": gauge, "itself": True},
    }
    staged = Staged(entry, tmp_path)
    kube = recorded(API_SERVER, staged)
    world = compose.world(checked(staged.settings, None), kube, staged)

    [status] = Glance(world, None).result(NOW).statuses

    assert status.state.value == "dormant"
