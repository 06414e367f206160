"""What is known about a job that is not healthy beyond its state: the raw material of evidence.

A fact is either known or it is not, and then there is a reason. ``None`` is never used for "could
not be read"; where it is a fact's value it means that the thing is not there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Generic, TypeAlias, TypeVar

from watcher.model.kube import KubeObject
from watcher.model.names import PoolName, ServerName
from watcher.model.pems import Pem
from watcher.model.rules import LoadedRule

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True)  # no slots: in Python 3.11 a generic of them cannot be called subscripted
class Fact(Generic[T_co]):
    """Name of a fact, typed by its value. Compared by name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)  # likewise
class Known(Generic[T_co]):
    """A fact that was read."""

    value: T_co


@dataclass(frozen=True, slots=True)
class Unavailable:
    """A fact that could not be read, why, and which permission would have given it."""

    reason: str
    permission: str | None = None


Availability: TypeAlias = Known[T] | Unavailable

SecretKeys: TypeAlias = Mapping[str, Availability[Mapping[str, Pem] | None]]
"""Keys of Secrets (``secret/NS/NAME``) and ConfigMaps (``configmap/NS/NAME``) with what stands under
each to TLS; None for one that is not there. The right to one is not the right to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MountRecord:
    """A mount of a StatefulSet's prometheus container, as this watcher itself once saw it.

    ``secret`` is the Secret behind the volume, None for other volumes. ``permanent``: whether the
    custom resource alone asked for it then. ``who``, ``operation`` and ``changed_at`` come from the
    managedFields entry that owned the mount; None where none did.
    """

    stateful_set: str
    mount_path: str
    volume: str
    secret: str | None
    permanent: bool
    who: str | None
    operation: str | None
    changed_at: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime


class LogKind(StrEnum):
    """What a log line that concerns scraping tells of."""

    POOL_NOT_CREATED = "pool not created"
    POOL_NOT_RELOADED = "pool not reloaded"
    CONFIG_NOT_LOADED = "configuration not loaded"
    DISCOVERY_NOT_CREATED = "discovery not created"
    DISCOVERY_FAILED = "discovery failed"
    TARGET_NOT_CREATED = "target not created"
    SAMPLES_REJECTED = "samples rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One kind of trouble in a Prometheus's log; equal lines are folded into one.

    ``pool`` is None where the line names none. ``text`` is the line's own ``err`` (or message),
    ``at`` the time of the last such line, ``count`` how many there were.
    """

    server: ServerName
    kind: LogKind
    pool: PoolName | None
    text: str
    at: datetime | None
    count: int = 1


class OperatorWord(StrEnum):
    """What a line of the operator's log that concerns us tells of."""

    SKIPPED = "object skipped"
    SYNC_BEGUN = "sync begun"
    SYNC_FAILED = "sync failed"
    NOT_WATCHED = "kind not watched"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLine:
    """One thing that an operator's log says; what it says again is one line, with the last time.

    ``about`` is the ``namespace/name`` of the monitor (``kind`` in lower case) or of the Prometheus
    that is synced, or the plural of the kind that is not watched. ``prometheus`` is the name of the
    one for which a monitor is skipped, None where the line does not say. ``pod`` is the
    ``namespace/name`` of the operator's pod.
    """

    word: OperatorWord
    about: str
    text: str
    at: datetime | None
    kind: str = ""
    prometheus: str | None = None
    pod: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReloaderLine:
    """Why the config-reloader of a pod does not reload its Prometheus, in its own words.

    The last failure that no success came after; ``since`` is when the first of these failures was
    written, ``pod`` the ``namespace/name`` and ``container`` the reloader's.
    """

    text: str
    since: datetime | None
    at: datetime | None
    pod: str = ""
    container: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessReview:
    """An answer of the API server: whether a ServiceAccount may do something somewhere.

    *namespace* is empty for cluster wide.
    """

    user: str
    verb: str
    group: str
    resource: str
    namespace: str
    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DroppedTarget:
    """A target that relabelling dropped, by the labels with which it was discovered."""

    labels: Mapping[str, str]


# What the API server says. "Of the job" means: of its monitor, its Prometheus, its namespaces.
PROMETHEUS: Final = Fact[KubeObject | None]("prometheus")
"""The job's Prometheus or PrometheusAgent resource."""
PROMETHEUSES: Final = Fact[tuple[KubeObject, ...]]("prometheuses")
"""All Prometheus and PrometheusAgent resources."""
MONITOR: Final = Fact[KubeObject | None]("monitor")
"""The job's monitor, None when it is gone."""
MONITORS: Final = Fact[tuple[KubeObject, ...]]("monitors")
"""All monitors of all four kinds, for the rules of what is at risk."""
LAST_MONITOR: Final = Fact[KubeObject | None]("last_monitor")
"""The job's monitor as our own store last saw it."""
DECLARED: Final = Fact[tuple[KubeObject, ...]]("declared")
"""All monitors of all four kinds as our own store last saw them."""
NAMESPACE: Final = Fact[KubeObject | None]("namespace")
"""The namespace of the monitor, None when it is gone."""
NAMESPACES: Final = Fact[tuple[KubeObject, ...]]("namespaces")
"""All namespaces."""
MONITOR_EVENTS: Final = Fact[tuple[KubeObject, ...]]("monitor_events")
"""Events about the monitor (either API, normalised to ``reason``, ``message``, times)."""
CRDS: Final = Fact[Mapping[str, bool]]("crds")
"""Whether the API server knows each monitor kind (``ServiceMonitor``: true)."""
OPERATOR: Final = Fact[tuple[KubeObject, ...]]("operator")
"""Deployments of prometheus-operator; empty when there is none."""
OPERATOR_PODS: Final = Fact[tuple[KubeObject, ...]]("operator_pods")
"""Pods of those Deployments."""
OPERATOR_LOG: Final = Fact[tuple[OperatorLine, ...]]("operator_log")
"""What the last lines of the logs of those pods say of objects and syncs, the oldest first."""
STATEFUL_SETS: Final = Fact[tuple[KubeObject, ...]]("stateful_sets")
"""StatefulSets (agent in DaemonSet mode: DaemonSets) of the Prometheus, all shards."""
REVISIONS: Final = Fact[tuple[KubeObject, ...]]("revisions")
"""ControllerRevisions of those, unsorted."""
MOUNT_HISTORY: Final = Fact[tuple[MountRecord, ...]]("mount_history")
"""Mounts of those as our own store remembers them."""
PODS: Final = Fact[tuple[KubeObject, ...]]("pods")
"""Pods of the Prometheus."""
RELOADER_LOG: Final = Fact[tuple[ReloaderLine, ...]]("reloader_log")
"""Of those pods whose config-reloader says that its last reload failed: what it says."""
POD_EVENTS: Final = Fact[tuple[KubeObject, ...]]("pod_events")
"""Events about those pods."""
SERVICES: Final = Fact[tuple[KubeObject, ...]]("services")
"""Services in every namespace where the job discovers."""
ENDPOINTS: Final = Fact[tuple[KubeObject, ...]]("endpoints")
"""Endpoints (the old kind) there."""
ENDPOINT_SLICES: Final = Fact[tuple[KubeObject, ...]]("endpoint_slices")
"""EndpointSlices there."""
TARGET_PODS: Final = Fact[tuple[KubeObject, ...]]("target_pods")
"""Pods there."""
NODES: Final = Fact[tuple[KubeObject, ...]]("nodes")
"""All nodes."""
INGRESSES: Final = Fact[tuple[KubeObject, ...]]("ingresses")
"""Ingresses there."""
DEPLOYMENTS: Final = Fact[tuple[KubeObject, ...]]("deployments")
"""Deployments there."""
TARGET_STATEFUL_SETS: Final = Fact[tuple[KubeObject, ...]]("target_stateful_sets")
"""StatefulSets there."""
DAEMON_SETS: Final = Fact[tuple[KubeObject, ...]]("daemon_sets")
"""DaemonSets there."""
NETWORK_POLICIES: Final = Fact[tuple[KubeObject, ...]]("network_policies")
"""NetworkPolicies there."""
SECRET_KEYS: Final = Fact[SecretKeys]("secret_keys")
"""Of the Secrets and ConfigMaps that the job or its Prometheus names. Never contents."""
ACCESS: Final = Fact[tuple[AccessReview, ...]]("access")
"""May Prometheus's ServiceAccount list and watch what the job's discovery needs?"""
LOGS: Final = Fact[tuple[LogLine, ...]]("logs")
"""Lines of the logs of all servers of the Prometheus that concern scraping, folded."""
CERTIFICATES: Final = Fact[SecretKeys]("certificates")
"""Of the Secrets and ConfigMaps with the certificates that a Prometheus and its jobs use, for the
rules of what is at risk. Never contents."""
DROPPED: Final = Fact[tuple[DroppedTarget, ...]]("dropped")
"""Dropped targets of the job's pool (some of them, when there are many)."""
ACTIVE: Final = Fact[frozenset[str]]("active")
"""``__address__`` of every active target of the job's pool, as discovered, over all servers."""
LAST_SAMPLE: Final = Fact[datetime | None]("last_sample")
"""When the TSDB last got a sample of the job; None when it never did, as far back as it goes."""
RULES: Final = Fact[tuple[LoadedRule, ...]]("rules")
"""The alerting and recording rules that the Prometheus has loaded."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was gathered about one job (or one Prometheus), by the fact's name."""

    known: Mapping[str, Known[object] | Unavailable] = field(default_factory=dict)

    def get(self, fact: Fact[T]) -> Availability[T]:
        """The fact, or why it is not known."""
        # Whoever gathers stores under a fact's name a value of that fact's type.
        return self.known.get(  # type: ignore[return-value]
            fact.name, Unavailable("not gathered")
        )
