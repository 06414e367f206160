"""The Prometheus that comes nearest to selecting a monitor that none selects."""

from collections.abc import Sequence

from watcher.model.expectations import Unselected
from watcher.model.names import MonitorRef, PrometheusName
from watcher.operator.selection import Cause, NotSelected


def nearest(
    monitor: MonitorRef, refused: Sequence[tuple[PrometheusName, NotSelected]]
) -> Unselected:
    """What *monitor* lacks for the Prometheus for which it lacks least.

    The cause is that of all of them where they agree, ``no-prometheus-selects`` where they do not
    or where there is no Prometheus at all.
    """
    if not refused:
        words = "there is no Prometheus or PrometheusAgent resource"
        return _unselected(monitor, Cause.NO_PROMETHEUS, None, words)
    name, verdict = min(refused, key=lambda pair: (pair[1].gaps, pair[0]))
    agreed = len({found.cause for _, found in refused}) == 1
    cause = verdict.cause if agreed else Cause.NO_PROMETHEUS
    return _unselected(monitor, cause, name, verdict.lacks)


def _unselected(
    monitor: MonitorRef, cause: Cause, prometheus: PrometheusName | None, lacks: str
) -> Unselected:
    return Unselected(monitor=monitor, cause=cause.value, nearest=prometheus, lacks=lacks)
