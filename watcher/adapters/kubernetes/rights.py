"""Which right gives which facts."""

from typing import Final

from watcher.adapters.kubernetes.resources import (
    ACCESS_REVIEWS,
    AGENTS,
    DAEMON_SETS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    ENDPOINTS,
    EVENTS,
    INGRESSES,
    MONITORS,
    NAMESPACES,
    NETWORK_POLICIES,
    NODES,
    POD_LOGS,
    PODS,
    PROMETHEUSES,
    REVISIONS,
    SECRETS,
    SERVICES,
    STATEFUL_SETS,
)
from watcher.model import facts

RIGHTS: Final = {
    ("list", PROMETHEUSES): (facts.PROMETHEUS, facts.PROMETHEUSES),
    ("list", AGENTS): (facts.PROMETHEUSES,),
    **{("list", kind): (facts.MONITOR, facts.MONITORS) for kind in MONITORS.values()},
    ("list", NAMESPACES): (facts.NAMESPACE, facts.NAMESPACES),
    ("list", EVENTS): (facts.MONITOR_EVENTS, facts.POD_EVENTS),
    ("list", DEPLOYMENTS): (facts.OPERATOR, facts.DEPLOYMENTS),
    ("list", STATEFUL_SETS): (facts.STATEFUL_SETS, facts.TARGET_STATEFUL_SETS),
    ("list", DAEMON_SETS): (facts.DAEMON_SETS,),
    ("list", REVISIONS): (facts.REVISIONS,),
    ("list", PODS): (facts.PODS, facts.TARGET_PODS, facts.OPERATOR_PODS),
    ("list", SERVICES): (facts.SERVICES,),
    ("list", ENDPOINTS): (facts.ENDPOINTS,),
    ("list", ENDPOINT_SLICES): (facts.ENDPOINT_SLICES,),
    ("list", NODES): (facts.NODES,),
    ("list", INGRESSES): (facts.INGRESSES,),
    ("list", NETWORK_POLICIES): (facts.NETWORK_POLICIES,),
    ("get", SECRETS): (facts.SECRET_KEYS, facts.CERTIFICATES),
    ("get", POD_LOGS): (facts.LOGS, facts.OPERATOR_LOG, facts.RELOADER_LOG),
    ("create", ACCESS_REVIEWS): (facts.ACCESS,),
}
"""The facts that each right gives, by verb and resource."""
