"""A Service says that it has metrics, and no monitor selects it.

## Meaning

A port that is called metrics, or the annotation `prometheus.io/scrape`, tells that somebody meant it
to be scraped. prometheus-operator reads no annotations, so nothing came of it.

## Evidence

The Service, its port or annotation, addresses behind it, and the selectors of all ServiceMonitors and
PodMonitors that there are.

## Fix

A ServiceMonitor for it.

## Not to be confused with

`unselected-monitor`: there a monitor selects it, and no Prometheus takes the monitor.
"""

import re
from collections.abc import Iterator
from typing import Final

from watcher.diagnosis.risks._finding import risk
from watcher.diagnosis.risks._services import looked_for
from watcher.diagnosis.rule import Ground, RiskRule, needing
from watcher.diagnosis.rules._discovery import address_count
from watcher.diagnosis.rules._pods import service_selector
from watcher.model.facts import ENDPOINTS, MONITORS, PROMETHEUS, SERVICES
from watcher.model.findings import Confidence, Evidence, FixStep, Risk
from watcher.model.kube import FieldError, KubeObject, objects, text
from watcher.model.names import MonitorKind
from watcher.operator.discovery import discovery
from watcher.operator.selectors import SelectorError, selector

_PORT: Final = re.compile(r"(?:.*[-_])?metrics(?:[-_].*)?", re.IGNORECASE)
_ANNOTATION: Final = "prometheus.io/scrape"


def check(ground: Ground) -> tuple[Risk, ...]:
    """Find the Services that say so and that no monitor selects."""
    prometheus = ground.read(PROMETHEUS)
    if prometheus is None:
        return ()
    services = ground.read(SERVICES)
    telling = [(s, why) for s in services if (why := _says(s)) is not None]
    if not telling:
        return ()
    monitors = ground.read(MONITORS)
    taken = [s for s in services if _selected(s, monitors, prometheus)]
    same = {(s.namespace, frozenset(service_selector(s).items())) for s in taken}
    bare = [
        (s, why)
        for s, why in telling
        if s not in taken
        and (s.namespace, frozenset(service_selector(s).items())) not in same
        and not _by_pods(s, monitors, prometheus)
    ]
    if not bare:
        return ()
    filled = {(e.namespace, e.name) for e in ground.read(ENDPOINTS) if address_count(e)}
    return tuple(_risk(ground, s, why) for s, why in bare if (s.namespace, s.name) in filled)


def _says(service: KubeObject) -> str | None:
    """What tells that it has metrics."""
    try:
        if service.annotations.get(_ANNOTATION) == "true":
            return f"the annotation {_ANNOTATION}"
        names = [text(port, "name") or "" for port in objects(service.raw, "spec", "ports")]
    except FieldError:
        return None
    return next((f"a port called {name}" for name in names if _PORT.fullmatch(name)), None)


def _selected(
    service: KubeObject, monitors: tuple[KubeObject, ...], prometheus: KubeObject
) -> bool:
    for monitor in monitors:
        looked = looked_for(monitor, prometheus)
        try:
            if (
                looked
                and looked[1].reaches(service.namespace)
                and looked[0].matches(service.labels)
            ):
                return True
        except FieldError:
            continue
    return False


def _by_pods(service: KubeObject, monitors: tuple[KubeObject, ...], prometheus: KubeObject) -> bool:
    """Whether a PodMonitor selects the pods behind it, by the labels that the Service asks of them."""
    labels = service_selector(service)
    for monitor in monitors:
        if monitor.kind != MonitorKind.POD_MONITOR:
            continue
        try:
            wanted = selector(monitor.raw, "spec", "selector")
            here = discovery(monitor, prometheus).reaches(service.namespace)
        except (FieldError, SelectorError):
            continue
        if here and wanted is not None and wanted.matches(labels):
            return True
    return False


def _risk(ground: Ground, service: KubeObject, why: str) -> Risk:
    return risk(
        ground,
        RULE.code,
        summary=f"Service {service.full_name} has {why} and no monitor selects it",
        evidence=tuple(_evidence(service, why)),
        fix=(
            FixStep(
                do="Write a ServiceMonitor for it, if its metrics are wanted",
                command=service.kubectl("--show-labels"),
            ),
        ),
        confidence=Confidence.POSSIBLE,
        proof=f"Service {service.full_name}",
    )


def _evidence(service: KubeObject, why: str) -> Iterator[Evidence]:
    yield Evidence(seen=f"Service {service.full_name} has {why}", where=service.kubectl())
    yield Evidence(
        seen="no ServiceMonitor selects it and no PodMonitor its pods",
        where="kubectl get servicemonitors,podmonitors -A",
    )


RULE = RiskRule(
    code="unscraped-service",
    needs=needing(ENDPOINTS, MONITORS, PROMETHEUS, SERVICES),
    check=check,
)
