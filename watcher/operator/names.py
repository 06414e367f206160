"""Names of scrape pools as prometheus-operator gives them, today and in older versions.

Nothing here knows which pools exist; that is Prometheus's to say.
"""

import re
from dataclasses import dataclass
from typing import Final

from watcher.model.names import MonitorKind, MonitorRef, PoolName
from watcher.model.observations import at_least

PREFIXES: Final = {
    MonitorKind.SERVICE_MONITOR: "serviceMonitor",
    MonitorKind.POD_MONITOR: "podMonitor",
    MonitorKind.PROBE: "probe",
    MonitorKind.SCRAPE_CONFIG: "scrapeConfig",
}
"""First part of a pool's name by kind, since v0.47.0 (ScrapeConfig: v0.70.0)."""

_KINDS: Final = {prefix.lower(): kind for kind, prefix in PREFIXES.items()}
_INDEXED: Final = frozenset({MonitorKind.SERVICE_MONITOR, MonitorKind.POD_MONITOR})
_NUMBER: Final = re.compile(r"0|[1-9][0-9]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedPool:
    """What a pool's name says of its monitor.

    ``kinds`` are those that it can be of: one where the name has a prefix, several for the bare
    names of v0.46 and before. ``endpoint`` is None for Probe and ScrapeConfig.
    """

    kinds: tuple[MonitorKind, ...]
    namespace: str
    name: str
    endpoint: int | None

    @property
    def refs(self) -> tuple[MonitorRef, ...]:
        """The monitors that it can be of."""
        return tuple(MonitorRef(kind, self.namespace, self.name) for kind in self.kinds)


def pool_name(monitor: MonitorRef, endpoint: int | None = None) -> PoolName:
    """The name that today's operator gives; *endpoint* is the index of a Service- or PodMonitor's.

    Raises ValueError when a kind with endpoints gets no index, or another kind gets one.
    """
    _check(monitor, endpoint)
    return PoolName(f"{PREFIXES[monitor.kind]}/{_bare(monitor, endpoint)}")


def old_names(monitor: MonitorRef, endpoint: int | None = None) -> tuple[PoolName, ...]:
    """The names that older operators gave, the youngest first.

    ServiceMonitor, PodMonitor: ``ns/name/i`` until v0.46. Probe: ``ns/name`` from v0.43 to v0.46,
    ``name`` until v0.42. ScrapeConfig: ``scrapeconfig/ns/name`` from v0.65 to v0.69.
    """
    _check(monitor, endpoint)
    bare = _bare(monitor, endpoint)
    match monitor.kind:
        case MonitorKind.SERVICE_MONITOR | MonitorKind.POD_MONITOR:
            return (PoolName(bare),)
        case MonitorKind.PROBE:
            return PoolName(bare), PoolName(monitor.name)
        case MonitorKind.SCRAPE_CONFIG:
            return (PoolName(f"scrapeconfig/{bare}"),)


def names_by(
    monitor: MonitorRef, endpoint: int | None, operator: str | None
) -> tuple[PoolName, tuple[PoolName, ...]]:
    """The name that an operator of that version gives, and those that others give.

    Where the version is not known it is taken for today's.
    """
    today, older = pool_name(monitor, endpoint), old_names(monitor, endpoint)
    since = (0, 70) if monitor.kind is MonitorKind.SCRAPE_CONFIG else (0, 47)
    if at_least(operator, *since):
        return today, older
    return older[0], (today, *older[1:])


def parse_pool(pool: str) -> ParsedPool | None:
    """What *pool* says of its monitor; None for a name that no operator would give.

    Prefixes count in any case of letters. ``ns/name/0`` is the old form of a ServiceMonitor or a
    PodMonitor. The old forms of Probes are not told from names that people give.
    """
    parts = pool.split("/")
    if not all(parts):
        return None
    kind = _KINDS.get(parts[0].lower())
    match parts:
        case [_, namespace, name, index] if kind in _INDEXED and _NUMBER.fullmatch(index):
            return _parsed((kind,), namespace, name, int(index))
        case [_, namespace, name] if kind is not None and kind not in _INDEXED:
            return _parsed((kind,), namespace, name, None)
        case [namespace, name, index] if _NUMBER.fullmatch(index):
            kinds = (MonitorKind.SERVICE_MONITOR, MonitorKind.POD_MONITOR)
            return _parsed(kinds, namespace, name, int(index))
        case _:
            return None


def _check(monitor: MonitorRef, endpoint: int | None) -> None:
    if (monitor.kind in _INDEXED) != (endpoint is not None):
        needs = "needs the index of an endpoint" if endpoint is None else "has no endpoints"
        raise ValueError(f"a pool name of {monitor}: a {monitor.kind} {needs}")


def _bare(monitor: MonitorRef, endpoint: int | None) -> str:
    bare = f"{monitor.namespace}/{monitor.name}"
    return bare if endpoint is None else f"{bare}/{endpoint}"


def _parsed(
    kinds: tuple[MonitorKind, ...], namespace: str, name: str, endpoint: int | None
) -> ParsedPool:
    return ParsedPool(kinds=kinds, namespace=namespace, name=name, endpoint=endpoint)
