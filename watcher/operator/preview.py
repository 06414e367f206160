"""What would become of a monitor that is not in the cluster yet: asked before a merge.

The same selection and validation as of those that are there. Reads nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from watcher.model.expectations import ExpectedJob, Unreadable
from watcher.model.facts import Availability, SecretKeys
from watcher.model.kube import KubeObject
from watcher.model.names import MonitorKind, MonitorRef, PoolName, PrometheusName
from watcher.operator.jobs import expected_jobs, monitor_ref
from watcher.operator.prometheuses import Chooser, choosers
from watcher.operator.scope import OperatorScope
from watcher.operator.selection import CannotTell, NamespaceLabels, NotSelected, Selected
from watcher.operator.validation import validate


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What one Prometheus would make of one monitor.

    ``selected`` and ``accepted`` are None where that cannot be told; ``why`` says what lacks, the
    operator's words of a rejection, or what could not be looked at. ``jobs`` are those that it would
    get.
    """

    monitor: MonitorRef
    prometheus: PrometheusName
    selected: bool | None
    accepted: bool | None = None
    why: tuple[str, ...] = ()
    jobs: tuple[ExpectedJob, ...] = ()

    @property
    def pools(self) -> tuple[PoolName, ...]:
        """Names of the pools that it would get."""
        return tuple(job.pool for job in self.jobs)

    @property
    def taken(self) -> bool | None:
        """Whether its jobs would be in the configuration, None where that cannot be told."""
        if self.selected is False or self.accepted is False:
            return False
        return True if self.selected and self.accepted else None


def previews(
    monitor: KubeObject,
    prometheuses: Sequence[KubeObject],
    namespaces: Availability[NamespaceLabels],
    operators: Sequence[OperatorScope],
    keys: SecretKeys | None,
) -> tuple[Preview, ...]:
    """What each of *prometheuses* would make of *monitor*, by name.

    *keys* are those of the Secrets and ConfigMaps that it refers to, None where none could be read.
    A Prometheus that has a field of a wrong type is left out. Raises FieldError for a field of a
    wrong type in the monitor.
    """
    ref, unusable = monitor_ref(monitor), list[Unreadable]()
    found = choosers(prometheuses, namespaces, operators, unusable)
    return tuple(_preview(ref, monitor, chooser, keys) for chooser in found)


def _preview(
    ref: MonitorRef, monitor: KubeObject, chooser: Chooser, keys: SecretKeys | None
) -> Preview:
    verdict = chooser.judge(MonitorKind(ref.kind), ref.namespace, monitor.labels)
    match verdict:
        case NotSelected(lacks=lacks):
            return Preview(monitor=ref, prometheus=chooser.name, selected=False, why=(f"{lacks}",))
        case CannotTell(reason=reason):
            return Preview(monitor=ref, prometheus=chooser.name, selected=None, why=(reason,))
        case Selected():
            jobs = expected_jobs(
                monitor, chooser.prometheus, name=chooser.name, operator=chooser.operator
            )
            validation = validate(monitor, chooser.prometheus, keys, chooser.operator)
            said = validation.rejections or validation.untold
            return Preview(
                monitor=ref,
                prometheus=chooser.name,
                selected=True,
                accepted=validation.accepted,
                why=tuple(dict.fromkeys(problem.text for problem in said)),
                jobs=jobs,
            )
