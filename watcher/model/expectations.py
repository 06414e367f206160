"""What should be scraped: the jobs that somebody asks a Prometheus for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from watcher.model.kube import JSONObject
from watcher.model.names import JobKey, MonitorRef, PoolName, PrometheusName, ServerName
from watcher.secrecy import without_secrets


class Origin(StrEnum):
    """Who says that a job should be there; ``source`` in the JSON."""

    MONITOR = "monitor"
    PINNED = "pinned"
    MANIFESTS = "manifests"
    CONFIG_FILE = "config_file"
    LEARNED = "learned"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePath:
    """A file that a job's HTTP client needs in Prometheus's container.

    *field* is the name in the scrape configuration (``tls_config.cert_file``); *scrape_class*
    names the scrape class that asks for it, None when the endpoint itself does.
    """

    field: str
    path: str
    scrape_class: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """A job that must be there whatever anybody declares, and how it is found.

    By ``pool``, a glob over pool names, or by ``labels`` that its targets carry. ``prometheus`` is
    the one that must have it, None for every one; ``least`` is the least number of targets, None
    where that is the number of nodes.
    """

    name: str
    prometheus: PrometheusName | None = None
    pool: str | None = None
    labels: tuple[tuple[str, str], ...] = ()
    least: int | None = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Steering:
    """What the owner says by annotations: ``watcher/ignore``, ``watcher/severity`` and the like."""

    ignored: bool = False
    reason: str | None = None
    until: datetime | None = None
    severity: str | None = None
    owner: str | None = None
    min_targets: int | None = None

    def ignores(self, now: datetime) -> bool:
        """Whether the job is ignored at *now*; it comes back when ``watcher/until`` has passed."""
        return self.ignored and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedJob:
    """One scrape job that should be there.

    ``pool`` is the name that today's operator gives, ``aliases`` those that older ones gave.
    ``scheme``, ``port`` and ``path`` are what its object asks for, None where it does not say;
    ``asks`` is all that tells an endpoint from the others of its object, empty where it has none.
    ``targets`` is how many it should have, None where that cannot be known, ``labels`` what all of
    them carry as far as that can be known, empty without ``job``. ``changed_at`` is when
    the object was last seen to change, ``gone_since`` when its demand was first seen to be gone
    (object deleted, no longer selected, …), None while it stands.
    """

    key: JobKey
    prometheus: PrometheusName
    pool: PoolName
    aliases: tuple[PoolName, ...] = ()
    origin: Origin = Origin.MONITOR
    monitor: MonitorRef | None = None
    endpoint: int | None = None
    scheme: str | None = None
    port: str | None = None
    path: str | None = None
    asks: str = ""
    files: tuple[FilePath, ...] = ()
    pin: Pin | None = None
    steering: Steering = Steering()
    targets: int | None = None
    labels: tuple[tuple[str, str], ...] = ()
    changed_at: datetime | None = None
    gone_since: datetime | None = None

    @property
    def names(self) -> tuple[PoolName, ...]:
        """Every name that its pool can have, today's first."""
        return (self.pool, *self.aliases)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedServer:
    """One server of a Prometheus: a replica of a shard, read by itself at *url*.

    *retained* is a shard beyond ``spec.shards`` that is kept for its data: empty by design.
    """

    name: ServerName
    url: str
    shard: int = 0
    replica: int = 0
    retained: bool = False
    log_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedPrometheus:
    """A Prometheus that is watched, with its servers.

    *resource* is the raw custom resource, None for one that is known by its URL alone.
    """

    name: PrometheusName
    servers: tuple[ExpectedServer, ...] = ()
    resource: JSONObject | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unselected:
    """A monitor that no Prometheus takes and none ever did: not lost, but worth a look."""

    monitor: MonitorRef
    cause: str
    nearest: PrometheusName | None
    lacks: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A source that could not be read, and since when, where that is known.

    ``hides`` names what of the expectation is therefore not known: kinds (``ServiceMonitor``,
    ``Prometheus``, ``Pod``), one monitor (``ServiceMonitor ns/name``), an origin (``manifests``),
    or one Prometheus's jobs of an origin (``config_file NAME``). Empty: nothing of it.
    """

    source: str
    error: str
    permission: str | None = None
    since: datetime | None = None
    hides: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Take out what is secret: a server's own words may hold anything."""
        object.__setattr__(self, "error", without_secrets(self.error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """Everything expected, as of one moment.

    ``objects`` holds each monitor as last seen, ready to be applied again. What an unreadable
    source would have added is simply not known: ``unreadable`` names it. ``unserved`` are kinds
    that the API server does not know (any more), ``nodes`` is the number of nodes, None where that
    is not known or was not asked.
    """

    taken_at: datetime
    prometheuses: tuple[WatchedPrometheus, ...] = ()
    jobs: tuple[ExpectedJob, ...] = ()
    objects: Mapping[MonitorRef, JSONObject] = field(default_factory=dict)
    unselected: tuple[Unselected, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    unserved: tuple[str, ...] = ()
    nodes: int | None = None
