"""What is scraped: what each server of a Prometheus has loaded, and what it made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from watcher.model.expectations import ExpectedServer, FilePath
from watcher.model.kube import JSONObject
from watcher.model.names import PoolName, PrometheusName
from watcher.secrecy import without_secrets


class Health(StrEnum):
    """Health of a target, in Prometheus's own words; *unknown* until the first scrape."""

    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One active target. *last_error* is clipped and stripped of what changes at each scrape."""

    url: str
    health: Health
    last_error: str = ""
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapePool:
    """One scrape pool of a server.

    ``active``, ``up``, ``down`` and ``not_scraped`` (health *unknown*) are counts of targets;
    ``barren`` counts those that are up and yield no sample, None where that was not asked;
    ``refused`` those of them whose samples come and are not stored, as of a time far off.
    ``overwritten`` counts those that are up and write series that another target of the server
    writes, too; ``alike`` are URLs of some such targets.
    ``dropped`` counts targets that relabelling dropped, None where not known. ``failing`` holds
    targets that are down, at most a few dozen. ``targets_read`` is false where only the pool's
    existence and its number of active targets are known (too many targets to read them all).
    """

    name: PoolName
    active: int = 0
    up: int = 0
    down: int = 0
    not_scraped: int = 0
    barren: int | None = None
    refused: int = 0
    overwritten: int = 0
    alike: tuple[str, ...] = ()
    dropped: int | None = None
    failing: tuple[Target, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    """Labels that all its active targets share, for pinned jobs that are found by labels."""
    targets_read: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """One scrape config of the running configuration.

    ``files`` are those of its own HTTP client (TLS and credentials), not those of its service
    discovery. ``raw`` is the whole scrape config; Prometheus itself shows secrets as ``<secret>``.
    """

    name: PoolName
    scheme: str = "http"
    path: str = "/metrics"
    files: tuple[FilePath, ...] = ()
    raw: JSONObject = field(default_factory=dict, compare=False)


STARTING: Final = timedelta(seconds=5)
"""How long after a server's start it may load its first configuration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerMetrics:
    """What the server's own ``/metrics`` tells; each None or absent where the server lacks it.

    ``discovered``: ``prometheus_sd_discovered_targets{name="scrape"}`` by ``config``; that of a job
    no longer configured stays on 2.53 to 3.11 and says nothing.
    """

    discovered: Mapping[PoolName, int] = field(default_factory=dict)
    sync_failed: Mapping[PoolName, float] = field(default_factory=dict)
    pool_reloads_failed: float | None = None
    reload_successful: bool | None = None
    failed_sd_configs: float | None = None
    kubernetes_sd_errors: Mapping[str, float] = field(default_factory=dict)
    """``prometheus_sd_kubernetes_http_request_total`` by ``status_code``."""
    wal_writes_failed: float | None = None
    """``prometheus_tsdb_wal_writes_failed_total``."""
    refreshes: Mapping[str, int] = field(default_factory=dict)
    """How often discovery asked its sources, by mechanism (``http``, ``dns``), failures among them:
    ``prometheus_sd_refresh_duration_seconds_count``, 2.42 to 3.5."""
    refresh_failures: Mapping[str, int] = field(default_factory=dict)
    """``prometheus_sd_refresh_failures_total`` by mechanism."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerObservation:
    """What one server has loaded and made of it, as of one moment.

    A job can be configured and yet have no pool: Prometheus makes the pool when discovery first
    answers (before 2.55: answered with something), and it can fail to. ``settling``: the server
    started or reloaded so recently that its pools may not be there yet (5 s, prometheus.md 1.11).
    ``includes``: it has ``scrape_config_files``, whose jobs ``/status/config`` does not list.
    ``stored_at``: when the newest sample that it stored was taken, None where not known; ``stores_nothing``:
    that is so long ago that nothing of what it scrapes is stored.
    """

    server: ExpectedServer
    taken_at: datetime
    version: str | None = None
    started_at: datetime | None = None
    loaded_at: datetime | None = None
    reload_ok: bool = True
    settling: bool = False
    agent: bool = False
    includes: bool = False
    stored_at: datetime | None = None
    stores_nothing: bool = False
    jobs: Mapping[PoolName, RunningJob] = field(default_factory=dict)
    pools: Mapping[PoolName, ScrapePool] = field(default_factory=dict)
    metrics: ServerMetrics | None = None

    @property
    def reloaded(self) -> bool:
        """Whether it loaded a configuration after the one that it started with.

        The first load is a part of the start, and its time is taken a little before that.
        """
        if self.started_at is None or self.loaded_at is None:
            return False
        return self.loaded_at - self.started_at > STARTING

    @property
    def lists_empty_pools(self) -> bool:
        """Whether a job without targets has a pool all the same: since 2.55 (2024-08)."""
        return at_least(self.version, 2, 55)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableServer:
    """A server that could not be read, and why."""

    server: ExpectedServer
    error: str

    def __post_init__(self) -> None:
        """Take out what is secret: a server's own words may hold anything."""
        object.__setattr__(self, "error", without_secrets(self.error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What all servers of one Prometheus show, as of one moment."""

    prometheus: PrometheusName
    taken_at: datetime
    servers: tuple[ServerObservation | UnreadableServer, ...]

    @property
    def readable(self) -> tuple[ServerObservation, ...]:
        """The servers that could be read."""
        return tuple(s for s in self.servers if isinstance(s, ServerObservation))

    @property
    def unreadable(self) -> tuple[UnreadableServer, ...]:
        """The servers that could not."""
        return tuple(s for s in self.servers if isinstance(s, UnreadableServer))


def at_least(version: str | None, *wanted: int) -> bool:
    """Whether *version* ("3.5.3+ds1") is *wanted* (3, 5) or later; an unknown one is today's."""
    if version is None:
        return True
    parts = []
    for part in version.removeprefix("v").split("."):
        digits = ""
        for char in part:
            if not char.isdigit():
                break
            digits += char
        if not digits:
            break
        parts.append(int(digits))
    return tuple(parts) >= wanted if parts else True
