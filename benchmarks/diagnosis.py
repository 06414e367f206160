"""What it costs to explain 500 lost jobs in one look, against 5: ``python -m benchmarks.diagnosis``.

The API server and Prometheus are the tests' own, over HTTP, in this process: the seconds are theirs
too. A third of the lost jobs cannot be made (a TLS file is not there), a third is refused, a third
is not in the running configuration; 500 alerts are loaded. Exit code 1 where a goal is missed.
"""

import json
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.cluster import fill
from tests.adapters.prometheus_answers import STATUS, Answers, a_server, a_target, data
from tests.kube_api import KubeApi
from watcher.app import compose
from watcher.cycles.look import Remembered
from watcher.model.comparison import JobState
from watcher.model.expectations import Expectations, ExpectedJob
from watcher.model.history import JobMemory
from watcher.settings import Settings

MONITORS: Final = 500
"""Of two endpoints each, so that there are twice as many jobs."""

FEW, MANY = 5, 500
MOST_SECONDS: Final = 10.0
MOST_MORE_CALLS: Final = 150
ALERTS: Final = 500

_out: Final = Console(highlight=False)


def main() -> int:
    """Measure both and print the table."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        api = stack.enter_context(KubeApi())
        fill(api, monitors=MONITORS, services=MONITORS)
        server = stack.enter_context(Answers(a_server()))
        settings = _settings(api.kubeconfig(folder / "kubeconfig"), server.url)
        expected = compose.Glance(compose.connected(settings), None).snapshot(compose.clock())
        expectations = expected.expectations
        found = {n: _measured(settings, expectations, server, n) for n in (FEW, MANY)}
    return _told(found)


def _settings(kubeconfig: Path, url: str) -> Settings:
    server = {"name": "prometheus-k8s-0", "url": url}
    return Settings.model_validate(
        {
            "kubernetes": {"kubeconfig": kubeconfig},
            "prometheuses": [{"name": "monitoring/k8s", "servers": [server]}],
        }
    )


def _measured(
    settings: Settings, expectations: Expectations, server: Answers, lost: int
) -> dict[str, Any]:
    jobs = sorted(expectations.jobs, key=lambda job: job.pool)
    server.replies = _replies(jobs, lost)
    server.asked.clear()
    world = compose.connected(settings)
    kube = world.kube
    if kube is None:
        raise RuntimeError("no cluster")
    memory = {job.key: _memory(job) for job in jobs}
    began = time.perf_counter()
    result = world.look.at(expectations, Remembered(memory=memory), compose.clock())
    return {
        "seconds": time.perf_counter() - began,
        "kubernetes": kube.calls,
        "prometheus": len(server.asked),
        "megabytes": kube.bytes_read / 1e6,
        "lost": result.summary["lost"],
        "explained": sum(d.cause is not None for d in result.diagnoses.values()),
        "silenced": len({a.name for d in result.diagnoses.values() for a in d.silenced}),
    }


def _memory(job: ExpectedJob) -> JobMemory:
    return JobMemory(
        prometheus=job.prometheus,
        pool=job.pool,
        state=JobState.HEALTHY,
        since=compose.clock(),
        most_targets=3,
        labels=(("job", job.pool),),
    )


def _replies(jobs: list[ExpectedJob], lost: int) -> dict[str, Any]:
    """A server on which the first *lost* of *jobs* are lost, each third in its own way."""
    configs, targets, names = [], [], []
    for number, job in enumerate(jobs):
        way = number % 3 if number < lost else None
        config: dict[str, Any] = {
            "job_name": job.pool,
            "scheme": job.scheme or "http",
            "metrics_path": job.path or "/metrics",
        }
        if way == 0:
            config["tls_config"] = {"cert_file": "/etc/tls/tls.crt", "key_file": "/etc/tls/tls.key"}
        if way != 2:  # noqa: PLR2004 -- the third way
            configs.append(config)
        if way in {1, None}:
            names.append(job.pool)
            error = f'Get "http://10.0.0.{number % 250}:8080": connection refused'
            health = ("down", error) if way == 1 else ("up", "")
            targets += [a_target(job.pool, n, *health) for n in range(3)]
    replies: dict[str, Any] = a_server(*targets)
    replies[STATUS + "config"] = data({"yaml": json.dumps({"scrape_configs": configs})})
    replies["/api/v1/rules"] = data({"groups": [{"name": "g", "rules": _rules(jobs)}]})
    return replies


def _rules(jobs: list[ExpectedJob]) -> list[dict[str, Any]]:
    return [
        {
            "type": "alerting",
            "name": f"Slow{number}",
            "query": f'rate(latency{{job="{jobs[number].pool}"}}[5m]) > {number}',
            "labels": {"severity": "warning"},
        }
        for number in range(min(ALERTS, len(jobs)))
    ]


def _told(found: dict[int, dict[str, Any]]) -> int:
    table = Table(title=f"One look at {MONITORS * 2:,} jobs, {ALERTS} alerts loaded")
    for title in ("lost", "explained", "alerts silenced", "s", "Kubernetes calls", "MB"):
        table.add_column(title, justify="right")
    table.add_column("Prometheus calls", justify="right")
    for each in found.values():
        table.add_row(
            f"{each['lost']}",
            f"{each['explained']}",
            f"{each['silenced']}",
            f"{each['seconds']:.2f}",
            f"{each['kubernetes']}",
            f"{each['megabytes']:.1f}",
            f"{each['prometheus']}",
        )
    _out.print(table)
    more = found[MANY]["kubernetes"] - found[FEW]["kubernetes"]
    seconds = found[MANY]["seconds"]
    well = more <= MOST_MORE_CALLS and seconds <= MOST_SECONDS
    _out.print(
        f"{more} more Kubernetes calls for {MANY - FEW} more lost jobs (goal {MOST_MORE_CALLS}),"
        f" {seconds:.1f} s (goal {MOST_SECONDS:g}): {'reached' if well else 'MISSED'}"
    )
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
