"""What the rules about discovery's sources share: log lines of discovery, and its HTTP answers."""

from collections.abc import Collection, Iterator

from watcher.diagnosis.rule import Case
from watcher.diagnosis.rules import _discovery
from watcher.model.facts import LOGS, LogKind, LogLine
from watcher.model.observations import ServerObservation


def lines(case: Case, kind: LogKind) -> Iterator[tuple[ServerObservation, LogLine]]:
    """Lines of *kind* that may concern the job, of this life of each server. Raises Lacking.

    Of Kubernetes discovery no line names a pool: those are of jobs that discover there.
    """
    kubernetes = bool(_discovery.blocks(case))
    logged = case.read(LOGS)
    for server in case.servers():
        for line in logged:
            if line.kind is not kind or line.server != server.server.name:
                continue
            if line.at and server.started_at and line.at < server.started_at:
                continue
            if line.pool == case.pool or (line.pool is None and kubernetes):
                yield server, line


def answers(server: ServerObservation) -> tuple[float, float]:
    """How many requests of Kubernetes discovery were answered, and how many failed altogether.

    An answer that refuses (403) is an answer; one that says that the server fails (5xx) is none.
    """
    codes = server.metrics.kubernetes_sd_errors if server.metrics else {}
    failed = sum(n for code, n in codes.items() if not code.isdigit() or code.startswith("5"))
    return sum(codes.values()) - failed, failed


def never_refreshed(server: ServerObservation, mechanisms: Collection[str]) -> int:
    """How often the sources of these mechanisms were asked, where all of it failed; 0 otherwise.

    The counts are those of every job with the mechanism: one answer to any of them, or a discovery
    that was never made and so never asks, and nothing is known of the job.
    """
    if server.metrics is None or server.metrics.failed_sd_configs != 0:
        return 0
    failures = [server.metrics.refresh_failures.get(name, 0) for name in mechanisms]
    asked = [server.metrics.refreshes.get(name, 0) for name in mechanisms]
    return sum(failures) if failures == asked and all(failures) else 0


def may_fail(server: ServerObservation, blocks: Collection[str]) -> bool:
    """Whether the server counts failures that may be of a job with *blocks* (``http_sd_configs``)."""
    if server.metrics is None or not blocks:
        return False
    failures = (server.metrics.refresh_failures.get(mechanism(name), 0) for name in blocks)
    return bool(server.metrics.failed_sd_configs) or any(failures)


def mechanism(block: str) -> str:
    """What Prometheus's metrics call the discovery of a block of a scrape config."""
    return block.removesuffix("_sd_configs")
