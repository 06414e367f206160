"""What the rules about Services share: which one a monitor means, and whether anything is behind it."""

from collections.abc import Iterable

from watcher.model.kube import FieldError, KubeObject
from watcher.model.names import MonitorKind
from watcher.operator.discovery import Discovery, discovery
from watcher.operator.selectors import Selector, SelectorError, selector


def looked_for(monitor: KubeObject, prometheus: KubeObject) -> tuple[Selector, Discovery] | None:
    """By which labels a ServiceMonitor looks for Services, and where; None for what does not."""
    if monitor.kind != MonitorKind.SERVICE_MONITOR:
        return None
    try:
        wanted = selector(monitor.raw, "spec", "selector")
        return None if wanted is None else (wanted, discovery(monitor, prometheus))
    except (FieldError, SelectorError):
        return None


def matching(services: Iterable[KubeObject], wanted: Selector) -> list[KubeObject]:
    """The Services in any namespace that *wanted* selects, by name; those of a bad form are none."""
    found = []
    for service in services:
        try:
            if wanted.matches(service.labels):
                found.append(service)
        except FieldError:
            continue
    return sorted(found, key=lambda s: (s.namespace, s.name))
