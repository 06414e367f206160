"""The last result as metrics, made afresh at each scrape, so that no series outlives its job."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import prometheus_client
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from watcher import __version__
from watcher.model.results import Result
from watcher.web import families, samples
from watcher.web.families import Family

OTHER: Final = "other"
"""Reason of a failed notification that no known word fits."""

# Counters would else come with a series of when they were made, which nobody asked for.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class ResultCollector(Collector):
    """Shows the result that *latest* returns, None before the first one.

    *sources* are the names of what is read beside the servers; those that the result does not call
    unreadable are up.
    """

    def __init__(self, latest: Callable[[], Result | None], sources: Sequence[str] = ()) -> None:
        self._latest = latest
        self._names = tuple(sources)

    def describe(self) -> Iterable[Metric]:
        """Name the families without making samples."""
        return [_metric(family, {}) for family in families.OF_THE_RESULT]

    def collect(self) -> Iterable[Metric]:
        """Make the samples."""
        yield _metric(families.BUILD_INFO, {(__version__,): 1})
        result = self._latest()
        if result is None:
            return
        statuses = samples.one_per_pool(result)
        yield _metric(families.JOB_INFO, samples.named(statuses))
        yield _metric(families.JOB_STATE, samples.states(statuses))
        yield _metric(families.JOB_TARGETS, samples.targets(statuses))
        yield _metric(families.INCIDENT_START, samples.incidents(result))
        yield _metric(families.SERVER_READABLE, samples.servers(result))
        yield _metric(families.SOURCE_UP, samples.sources(result, self._names))
        yield _metric(families.RULE_UNDECIDED, samples.undecided(result))
        yield _metric(families.NOTIFICATIONS_UNDELIVERED, samples.undelivered(result))


class Meters:
    """What the daemon counts of itself.

    Every series is there from the start, so that the first failure shows as an increase. *reasons*
    is the closed set of words for which a message can fail; others count as ``other``.
    """

    def __init__(
        self,
        *,
        cycles: Iterable[str] = ("snapshot", "watch", "inspect"),
        notifiers: Iterable[str] = (),
        reasons: Iterable[str] = (),
    ) -> None:
        self.registry = CollectorRegistry()
        self._reasons = frozenset((*reasons, OTHER))
        self._success = self._gauge(families.CYCLE_SUCCESS)
        self._duration = self._gauge(families.CYCLE_DURATION)
        self._sent = self._counter(families.NOTIFICATIONS)
        self._failed = self._counter(families.NOTIFICATIONS_FAILED)
        self._settings_successful = self._gauge(families.SETTINGS_SUCCESSFUL)
        self._settings_success = self._gauge(families.SETTINGS_SUCCESS)
        for cycle in cycles:
            self._success.labels(cycle)
            self._duration.labels(cycle)
        for notifier in notifiers:
            self._sent.labels(notifier)
            for reason in self._reasons:
                self._failed.labels(notifier, reason)

    def cycle_ended(self, cycle: str, *, at: float, seconds: float, well: bool) -> None:
        """A cycle ended *at* a Unix time after so many *seconds*."""
        self._duration.labels(cycle).set(seconds)
        if well:
            self._success.labels(cycle).set(at)

    def settings_read(self, *, succeeded_at: float, well: bool) -> None:
        """The settings were read; they could last be used at a Unix time, and now if *well*."""
        self._settings_successful.set(well)
        self._settings_success.set(succeeded_at)

    def delivered(self, notifier: str) -> None:
        """One more message was accepted."""
        self._sent.labels(notifier).inc()

    def refused(self, notifier: str, reason: str) -> None:
        """One more message was not accepted."""
        self._sent.labels(notifier).inc()
        self._failed.labels(notifier, reason if reason in self._reasons else OTHER).inc()

    def _gauge(self, family: Family) -> prometheus_client.Gauge:
        return prometheus_client.Gauge(
            family.name, family.help, family.labels, registry=self.registry
        )

    def _counter(self, family: Family) -> prometheus_client.Counter:
        return prometheus_client.Counter(
            family.name, family.help, family.labels, registry=self.registry
        )


def _metric(family: Family, found: samples.Samples) -> Metric:
    metric = GaugeMetricFamily(family.name, family.help, labels=family.labels)
    for labels, value in found.items():
        metric.add_metric(labels, value)
    return metric
