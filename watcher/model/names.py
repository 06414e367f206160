"""What things are called. NewTypes for names that must not be mixed."""

from dataclasses import dataclass
from enum import StrEnum
from shlex import quote
from typing import NewType

PoolName = NewType("PoolName", str)
"""Name of a scrape pool, which is the ``job_name`` of its scrape config.

Never the ``job`` label of a series: four kubelet pools share one.
"""

PrometheusName = NewType("PrometheusName", str)
"""``namespace/name`` of a Prometheus or PrometheusAgent resource, or the name given to a URL."""

ServerName = NewType("ServerName", str)
"""Name of one server of a Prometheus: its pod's name, or the one in the settings."""

JobKey = NewType("JobKey", str)
"""Identity of an expected job: its Prometheus, its monitor and what its endpoint first asked for.

It stays when fields of the endpoint change. The pool's name is no part of it, because removing the
first endpoint renames the others.
"""


class MonitorKind(StrEnum):
    """Kinds of custom resource from which the operator makes scrape jobs."""

    SERVICE_MONITOR = "ServiceMonitor"
    POD_MONITOR = "PodMonitor"
    PROBE = "Probe"
    SCRAPE_CONFIG = "ScrapeConfig"

    @property
    def plural(self) -> str:
        """Name of the resource in the API, as ``kubectl get`` takes it."""
        return f"{self.lower()}s"


@dataclass(frozen=True, slots=True, order=True)
class MonitorRef:
    """Names one custom resource that asks for scrape jobs."""

    kind: MonitorKind
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}"

    @property
    def kubectl(self) -> str:
        """The command that shows it."""
        return (
            f"kubectl -n {quote(self.namespace)} get {self.kind.lower()} {quote(self.name)} -o yaml"
        )
