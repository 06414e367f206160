"""Jobs of ``scrape_config_files``, which a real Prometheus does not show in its configuration."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.patience import awaited_as
from tests.prometheus_server import RealPrometheus, every_prometheus, free_port
from tools.prometheus_binary import PrometheusBinary
from watcher.app.compose import Glance, clock, world
from watcher.model.observations import STARTING, at_least
from watcher.settings import Settings

pytestmark = [pytest.mark.prometheus, every_prometheus]


def test_included_jobs_are_told_by_their_pools_their_discovery_and_the_log(
    prometheus_binary: PrometheusBinary, tmp_path: Path
) -> None:
    if not at_least(prometheus_binary.version, 2, 43):
        pytest.skip(f"Prometheus {prometheus_binary.version} includes no files")
    port = free_port()
    main, included = tmp_path / "prometheus.yml", tmp_path / "more.yml"
    main.write_text(
        yaml.safe_dump(
            {
                "global": {"scrape_interval": "1s", "scrape_timeout": "1s"},
                "scrape_configs": [a_job("main", port)],
                "scrape_config_files": [str(included)],
            }
        )
    )
    missing = {"ca_file": str(tmp_path / "nowhere.pem")}
    idle = {"job_name": "idle", "file_sd_configs": [{"files": [str(tmp_path / "none.json")]}]}
    jobs = [a_job("good", port), a_job("bad", port, tls_config=missing), idle]
    write(included, *jobs, a_job("taken-out", port))

    with RealPrometheus(
        main.read_text(), binary=prometheus_binary, at=("127.0.0.1", port)
    ) as server:
        glance = Glance(world(settings(server, main), None), None)
        at_first = told(glance, {"taken-out": ("healthy", None)})
        time.sleep(STARTING.total_seconds() + 1)  # else the reload is taken for a part of the start
        write(included, *jobs)
        assert server.reload()
        write(included, *jobs, a_job("not-loaded", port))
        wanted = {
            "main": ("healthy", None),
            "good": ("healthy", None),
            "bad": ("unstarted", "tls-file-missing"),
            "idle": ("empty", "cause-unknown"),
            "taken-out": ("missing", "not-in-configuration"),
            "not-loaded": ("missing", "not-in-configuration"),
        }
        found = told(glance, wanted)

    assert at_first == {"taken-out": ("healthy", None)}
    assert found == wanted


def a_job(name: str, port: int, **more: Any) -> dict[str, Any]:
    return {"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} | more


def write(path: Path, *jobs: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump({"scrape_configs": list(jobs)}))


def settings(server: RealPrometheus, main: Path) -> Settings:
    place = {"name": "edge-0", "url": server.url, "log_file": str(server.log_file)}
    return Settings.model_validate(
        {
            "prometheuses": [{"name": "edge", "servers": [place]}],
            "expect": {
                "config_files": [{"path": str(main)}],
                "pinned": [{"name": "taken-out", "pool": "taken-out"}],
            },
        }
    )


def told(
    glance: Glance, wanted: dict[str, tuple[str, str | None]]
) -> dict[str, tuple[str, str | None]]:
    """State and cause of each job, as soon as they are what is wanted, else as last seen."""

    def looked() -> dict[str, tuple[str, str | None]]:
        result = glance.result(clock())
        every = {
            status.pool: (status.state.value, found.code if found else None)
            for status in result.statuses
            for found in [result.diagnoses.get(status.job.key)]
        }
        return {name: every[name] for name in wanted if name in every}

    return awaited_as(wanted, looked, every=1)
